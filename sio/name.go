package sio

import "context"

// Name is the name of an event that has one argument, of type T. Declared once
// as a constant, it is what both sides of a program use, and a value of another
// type is refused by the compiler:
//
//	const Chat sio.Name[Message] = "chat"
//
//	sio.On(io, Chat, func(s *sio.Socket, m Message) error { … })
//	Chat.Emit(s.To(room), m)
//
// Where nothing is declared, a literal will do: On(io, "chat", fn).
type Name[T any] string

// Emit sends the event with v and returns what Emit of to does. Any goroutine.
// [Emit] is the way without an allocation for a v that writes its own JSON.
func (n Name[T]) Emit(to Target, v T) error { return to.Emit(string(n), v) }

// Name2 is [Name] for an event with two arguments.
type Name2[A, B any] string

// Emit is [Name.Emit] for two arguments. Any goroutine.
func (n Name2[A, B]) Emit(to Target, a A, b B) error { return to.Emit(string(n), a, b) }

// Name3 is [Name] for an event with three arguments.
type Name3[A, B, C any] string

// Emit is [Name.Emit] for three arguments. Any goroutine.
func (n Name3[A, B, C]) Emit(to Target, a A, b B, c C) error { return to.Emit(string(n), a, b, c) }

// Question is the name of an event with an argument of type T that is
// acknowledged with an R: what [OnCall] answers, and what a client may be asked.
type Question[T, R any] string

// Ask sends the event with v to s and waits for the acknowledgement: see [Call].
func (q Question[T, R]) Ask(ctx context.Context, s *Socket, v T) (R, error) {
	return Call[R](ctx, s, string(q), v)
}
