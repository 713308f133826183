package eio

// Reason says why a session ended. Its text is what the reference server
// reports, so applications may compare the strings.
type Reason string

const (
	// ReasonPingTimeout: the client did not answer a ping in time.
	ReasonPingTimeout Reason = "ping timeout"
	// ReasonTransportClose: the client closed the session or its connection.
	ReasonTransportClose Reason = "transport close"
	// ReasonTransportError: the transport was broken or used against its rules.
	ReasonTransportError Reason = "transport error"
	// ReasonParseError: a packet or payload could not be parsed.
	ReasonParseError Reason = "parse error"
	// ReasonForced: the server closed the session, on both transports.
	ReasonForced Reason = "forced close"
	// ReasonShutdown: the server is going away.
	ReasonShutdown Reason = "server shutting down"
	// ReasonSlow: the client read too slowly and its backlog was full.
	ReasonSlow Reason = "slow client"
)
