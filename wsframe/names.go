package wsframe

import "github.com/gobwas/ws"

// OpCode and StatusCode are gobwas's, named here so that the floors above need
// no import of it.
type (
	OpCode     = ws.OpCode
	StatusCode = ws.StatusCode
)

// Opcodes of RFC 6455, 5.2.
const (
	OpContinuation = ws.OpContinuation
	OpText         = ws.OpText
	OpBinary       = ws.OpBinary
	OpClose        = ws.OpClose
	OpPing         = ws.OpPing
	OpPong         = ws.OpPong
)

// Close codes of RFC 6455, 7.4.1, as far as a server sends or meets them.
const (
	StatusNormal        = ws.StatusNormalClosure           // 1000
	StatusGoingAway     = ws.StatusGoingAway               // 1001
	StatusProtocolError = ws.StatusProtocolError           // 1002
	StatusNoStatus      = ws.StatusNoStatusRcvd            // 1005: never on the wire
	StatusInvalidUTF8   = ws.StatusInvalidFramePayloadData // 1007
	StatusPolicy        = ws.StatusPolicyViolation         // 1008
	StatusTooBig        = ws.StatusMessageTooBig           // 1009
	StatusInternal      = ws.StatusInternalServerError     // 1011
)
