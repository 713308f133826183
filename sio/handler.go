package sio

import (
	"errors"
	"sync"
)

// Handler handles one event. It borrows e, which is lent until it returns; an
// error goes to OnError, and the socket stays.
type Handler func(e *Event) error

// Registrar is where handlers are registered: a [Namespace], its
// [Namespace.Inline], a [Server], which is its "/" namespace, or a [Socket].
type Registrar interface {
	// On registers h for an event. A second handler for the same event
	// panics.
	On(event string, h Handler)
}

// On registers fn for event. The first argument of the event is decoded into T,
// as by [Event.Bind]; an event without arguments gives the zero value. What does
// not decode goes to OnError, and fn is not called. A second handler for the same
// event panics, as does a reserved name. Any goroutine.
//
// A T of []byte, [Binary] or [Text] is lent: valid until fn returns. With these,
// numbers and bools decoding does not allocate; a string costs itself, unless a
// handler on the loop gets the name of a room that has members there.
func On[T any](r Registrar, event Name[T], fn func(*Socket, T) error) {
	mayHandle(string(event), fn == nil)
	b := new(boxes[T])
	r.On(string(event), func(e *Event) error {
		v, _, err := take(b, e, e.args, 0)
		if err != nil {
			return err
		}
		return fn(e.s, v)
	})
}

// boxes is where one handler's arguments are decoded: encoding/json and a
// [JSONParser] are given a pointer through an interface, which would cost an
// allocation for each event.
type boxes[T any] struct{ pool sync.Pool }

// take decodes the first value of list, the i-th argument of e, and gives what
// stands behind it; the zero value if there is none. b may be nil.
func take[T any](b *boxes[T], e *Event, list []byte, i int) (v T, rest []byte, err error) {
	arg, rest, ok := nextArg(list)
	if !ok {
		return v, nil, nil
	}
	known, err := e.decodeKnown(arg, &v)
	if !known {
		v, err = b.decode(arg, e.bins)
	}
	if err != nil {
		err = e.argumentError(i, err)
	}
	return v, rest, err
}

// decode decodes arg into a box and gives what is in it then.
func (b *boxes[T]) decode(arg []byte, bins [][]byte) (v T, err error) {
	if b == nil {
		box := new(T)
		err = decodeOther(arg, box, bins)
		return *box, err
	}
	box, _ := b.pool.Get().(*T)
	if box == nil {
		box = new(T)
	}
	err = decodeOther(arg, box, bins)
	v, *box = *box, v
	b.pool.Put(box)
	return v, err
}

// On2 is [On] for two arguments. Any goroutine.
func On2[A, B any](r Registrar, event Name2[A, B], fn func(*Socket, A, B) error) {
	mayHandle(string(event), fn == nil)
	ba, bb := new(boxes[A]), new(boxes[B])
	r.On(string(event), func(e *Event) error {
		a, rest, err := take(ba, e, e.args, 0)
		if err != nil {
			return err
		}
		b, _, err := take(bb, e, rest, 1)
		if err != nil {
			return err
		}
		return fn(e.s, a, b)
	})
}

// On3 is [On] for three arguments. Any goroutine.
func On3[A, B, C any](r Registrar, event Name3[A, B, C], fn func(*Socket, A, B, C) error) {
	mayHandle(string(event), fn == nil)
	ba, bb, bc := new(boxes[A]), new(boxes[B]), new(boxes[C])
	r.On(string(event), func(e *Event) error {
		a, rest, err := take(ba, e, e.args, 0)
		if err != nil {
			return err
		}
		b, rest, err := take(bb, e, rest, 1)
		if err != nil {
			return err
		}
		c, _, err := take(bc, e, rest, 2)
		if err != nil {
			return err
		}
		return fn(e.s, a, b, c)
	})
}

// CallError is what a function registered with [OnCall] returns to tell the
// client: the acknowledgement is then {"error":Message}, with "data" if Data is
// set. Any other error goes to OnError and leaves the client without an
// acknowledgement, so that nothing of the inside leaks.
type CallError struct {
	Message string
	Data    any
}

// Error is the message.
func (e *CallError) Error() string { return e.Message }

type callErrorJSON struct {
	Error string `json:"error"`
	Data  any    `json:"data,omitempty"`
}

// OnCall registers fn for event and acknowledges it with what fn returns. See
// [On] for the argument and [CallError] for refusing. Any goroutine.
func OnCall[T, R any](r Registrar, event Question[T, R], fn func(*Socket, T) (R, error)) {
	mayHandle(string(event), fn == nil)
	b := new(boxes[T])
	r.On(string(event), func(e *Event) error {
		v, _, err := take(b, e, e.args, 0)
		if err != nil {
			return err
		}
		result, err := fn(e.s, v)
		if err != nil {
			return refuse(e, err)
		}
		if !e.WantsAck() {
			return nil
		}
		sc := scratches.Get().(*scratch)
		if args, ok := appendKnown(sc.args[:0], &result); ok {
			sc.args = args
			err = e.ack(args, nil)
			sc.free()
			return err
		}
		sc.free()
		return e.Ack(result)
	})
}

// refuse tells the client of a [CallError] and the server of any other.
func refuse(e *Event, err error) error {
	var refused *CallError
	if !errors.As(err, &refused) {
		return err
	}
	if !e.WantsAck() {
		return nil
	}
	return e.Ack(callErrorJSON{refused.Message, refused.Data})
}
