package sio

import (
	"context"
	"encoding/json"
	"errors"
)

// The errors of this package. Compare with [errors.Is].
var (
	// ErrClosed: the server is closed.
	ErrClosed = errors.New("sio: server closed")
	// ErrDisconnected: the socket has left its namespace; what was asked of
	// it cannot happen any more. An ack that waited for it ends with this.
	ErrDisconnected = errors.New("sio: socket disconnected")
	// ErrReserved: the event name belongs to the protocol.
	ErrReserved = errors.New("sio: reserved event name")
	// ErrOnLoop: a wait was asked for on a loop, which must not block.
	ErrOnLoop = errors.New("sio: would block the loop")
	// ErrAckTimeout: the acknowledgement did not come in time. It matches
	// [context.DeadlineExceeded].
	ErrAckTimeout error = ackTimeoutError{}
	// ErrTooManyAcks: the socket has Options.MaxAcks acknowledgements pending.
	ErrTooManyAcks = errors.New("sio: too many pending acks")
	// ErrTooManyRooms: the socket is in Options.MaxRooms rooms already, or
	// their names are longer than 256 bytes for each of so many together.
	ErrTooManyRooms = errors.New("sio: too many rooms")
	// ErrNoAck: the event did not ask for an acknowledgement, or has had it.
	ErrNoAck = errors.New("sio: no ack asked for, or given already")
	// ErrDropped: a volatile event found its client not writable; the ack that
	// it asked for cannot come.
	ErrDropped = errors.New("sio: volatile event dropped")
	// ErrSlow: the client's backlog is above Options.MaxBacklog and the event was
	// refused (see [Refuse]): none of it was sent, and the socket stays. It may
	// be emitted again once OnDrain has run.
	ErrSlow = errors.New("sio: slow client, event refused")
	// ErrTooManyEvents: a socket's handlers are too far behind its events
	// (Options.MaxQueue); the connection is closed.
	ErrTooManyEvents = errors.New("sio: too many events wait for their handlers")
	// ErrNeedTimeout: a broadcast that asks for acks needs a deadline.
	ErrNeedTimeout = errors.New("sio: broadcast acks need a timeout")
	// ErrParent: a dynamic namespace has no sockets of its own to list.
	ErrParent = errors.New("sio: not possible on a dynamic namespace; use its children")
	// ErrAlone: there are no other servers to speak to: Options.Adapter is not set.
	ErrAlone = errors.New("sio: no other servers")
	// ErrServerLeft: another server has left the cluster before all that was
	// asked of it had been answered.
	ErrServerLeft = errors.New("sio: another server has left")
	// ErrNoHandler: another server does nothing with that event.
	ErrNoHandler = errors.New("sio: no handler for that server event")
)

// errPanicked stands for a middleware that panicked; the client learns no more.
var errPanicked = errors.New("internal error")

// ackTimeoutError is the type of [ErrAckTimeout].
type ackTimeoutError struct{}

func (ackTimeoutError) Error() string { return "sio: operation has timed out" }

// Is says that a timed out ack is an exceeded deadline.
func (ackTimeoutError) Is(target error) bool { return target == context.DeadlineExceeded }

// Timeout says yes, as net.Error has it.
func (ackTimeoutError) Timeout() bool { return true }

// A ConnectError refuses a connection to a namespace with a message and data
// for the client: in JavaScript err.message and err.data.
type ConnectError struct {
	Message string
	Data    any // encoded with encoding/json; nil: none
}

// Error is the message.
func (e *ConnectError) Error() string { return e.Message }

// refusal is what CONNECT_ERROR says about err: the message, and the data as
// JSON (nil: none). Both are the user's code, which may panic; so may a nil
// *ConnectError that was returned as an error.
func (s *Socket) refusal(err error) (message string, data []byte) {
	message = errPanicked.Error()
	defer s.recovered("connection")
	var ce *ConnectError
	if !errors.As(err, &ce) {
		return err.Error(), nil
	}
	if ce.Data == nil {
		return ce.Message, nil
	}
	data, merr := json.Marshal(ce.Data)
	if merr != nil {
		return ce.Message, nil
	}
	return ce.Message, data
}
