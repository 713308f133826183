package sio

import (
	"errors"
	"fmt"
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
// A T of []byte or [Binary] is lent: valid until fn returns.
func On[T any](r Registrar, event string, fn func(*Socket, T) error) {
	mayHandle(event, fn == nil)
	r.On(event, handlerOf(fn))
}

// handlerOf makes a Handler of fn. The common kinds do not go through an
// interface, and so cost nothing but the value itself.
func handlerOf[T any](fn func(*Socket, T) error) Handler {
	switch fn := any(fn).(type) {
	case func(*Socket, string) error:
		return func(e *Event) error {
			v, err := first(e, "", decodeString)
			if err != nil {
				return err
			}
			return fn(e.s, v)
		}
	case func(*Socket, []byte) error:
		return func(e *Event) error {
			v, err := first(e, nil, e.decodeBytes)
			if err != nil {
				return err
			}
			return fn(e.s, v)
		}
	case func(*Socket, Binary) error:
		return func(e *Event) error {
			v, err := first(e, nil, e.decodeBytes)
			if err != nil {
				return err
			}
			return fn(e.s, v)
		}
	}
	b := new(boxes[T])
	return func(e *Event) error {
		v, err := b.bind(func(v *T) error { return e.Bind(v) })
		if err != nil {
			return err
		}
		return fn(e.s, v)
	}
}

// boxes is where one handler's arguments are decoded: a decoder is given a
// pointer through an interface, which would cost an allocation for each event.
type boxes[T any] struct{ pool sync.Pool }

// bind has decode fill a zero T and gives what it has become.
func (b *boxes[T]) bind(decode func(*T) error) (v T, err error) {
	box, _ := b.pool.Get().(*T)
	if box == nil {
		box = new(T)
	}
	err = decode(box)
	v, *box = *box, v
	b.pool.Put(box)
	return v, err
}

func (e *Event) decodeBytes(arg, old []byte) ([]byte, error) { return decodeBytes(arg, old, e.bins) }

func first[T any](e *Event, zero T, decode func(arg []byte, old T) (T, error)) (T, error) {
	arg, _, ok := nextArg(e.args)
	if !ok {
		return zero, nil
	}
	v, err := decode(arg, zero)
	if err != nil {
		return zero, fmt.Errorf("sio: argument 0 of %q: %w", e.name, err)
	}
	return v, nil
}

// On2 is [On] for two arguments. Any goroutine.
func On2[A, B any](r Registrar, event string, fn func(*Socket, A, B) error) {
	mayHandle(event, fn == nil)
	type args struct {
		a A
		b B
	}
	box := new(boxes[args])
	r.On(event, func(e *Event) error {
		v, err := box.bind(func(v *args) error { return e.Bind(&v.a, &v.b) })
		if err != nil {
			return err
		}
		return fn(e.s, v.a, v.b)
	})
}

// On3 is [On] for three arguments. Any goroutine.
func On3[A, B, C any](r Registrar, event string, fn func(*Socket, A, B, C) error) {
	mayHandle(event, fn == nil)
	type args struct {
		a A
		b B
		c C
	}
	box := new(boxes[args])
	r.On(event, func(e *Event) error {
		v, err := box.bind(func(v *args) error { return e.Bind(&v.a, &v.b, &v.c) })
		if err != nil {
			return err
		}
		return fn(e.s, v.a, v.b, v.c)
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
func OnCall[T, R any](r Registrar, event string, fn func(*Socket, T) (R, error)) {
	mayHandle(event, fn == nil)
	b := new(boxes[T])
	r.On(event, func(e *Event) error {
		v, err := b.bind(func(v *T) error { return e.Bind(v) })
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
