package sio

import "github.com/sio-fast/sio-fast/eio"

// Reason says why a socket was disconnected. The texts are those of the
// reference, so applications may compare the strings.
type Reason = eio.Reason

// The reasons a socket can have. Whatever the transport, a client that breaks
// the protocol is closed with [ReasonForced].
const (
	// ReasonClientDisconnect: the client left the namespace.
	ReasonClientDisconnect Reason = "client namespace disconnect"
	// ReasonServerDisconnect: Disconnect was called.
	ReasonServerDisconnect Reason = "server namespace disconnect"
	// ReasonShutdown: the server was closed.
	ReasonShutdown = eio.ReasonShutdown
	// ReasonPingTimeout: the client did not answer a ping in time.
	ReasonPingTimeout = eio.ReasonPingTimeout
	// ReasonTransportClose: the client closed its connection.
	ReasonTransportClose = eio.ReasonTransportClose
	// ReasonTransportError: the transport was broken, or used against its rules.
	ReasonTransportError = eio.ReasonTransportError
	// ReasonParseError: the client sent a bad Engine.IO packet.
	ReasonParseError = eio.ReasonParseError
	// ReasonForced: the server closed the connection; also after a bad
	// Socket.IO packet and after any other violation of the protocol.
	ReasonForced = eio.ReasonForced
	// ReasonSlow: the client read too slowly (Options.MaxBacklog).
	ReasonSlow = eio.ReasonSlow
)
