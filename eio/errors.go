package eio

import (
	"errors"
	"strconv"
)

// Codes of a refused request, as they stand in the answer.
const (
	CodeUnknownTransport   = 0
	CodeUnknownSession     = 1
	CodeBadHandshakeMethod = 2
	CodeBadRequest         = 3
	CodeForbidden          = 4
	CodeUnsupportedVersion = 5
)

// ErrForbidden is an AllowRequest error without a text of its own: the answer
// says "Forbidden".
var ErrForbidden = errors.New("Forbidden") // the text is the wire's

// ConnectionError describes a refused request. It is lent to
// [Options.OnConnectionError] and also an error.
type ConnectionError struct {
	Code    int    // CodeUnknownTransport to CodeUnsupportedVersion
	Message string // as answered
	// Context says more, by name: "transport", "sid", "method", "name",
	// "protocol", "previousTransport", "previousProtocol". It may be nil.
	Context map[string]string
	Request *Request
}

// Error is the message.
func (e *ConnectionError) Error() string { return "eio: " + e.Message }

// Answer is an error by which a function of [Options].Use answers the request
// itself: with this status, the headers it has set, and Body. Nobody is told of
// an error. A status that ends no request counts as 500.
type Answer struct {
	Status int
	Body   string
}

// Error names the status.
func (a *Answer) Error() string { return "eio: answered " + strconv.Itoa(a.Status) }

// codeMessages are the texts of the reference, by code.
var codeMessages = [...]string{
	CodeUnknownTransport:   "Transport unknown",
	CodeUnknownSession:     "Session ID unknown",
	CodeBadHandshakeMethod: "Bad handshake method",
	CodeBadRequest:         "Bad request",
	CodeForbidden:          "Forbidden",
	CodeUnsupportedVersion: "Unsupported protocol version",
}
