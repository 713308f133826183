package sio

import "context"

// Call sends event with args to s and waits for the acknowledgement, whose first
// argument it decodes into R. Blocks until the acknowledgement, the end of ctx
// or the end of the socket: [ErrAckTimeout] if ctx has a deadline that passed,
// else ctx's error, and [ErrDisconnected]. On a loop, where it would block every
// client, it returns [ErrOnLoop] at once. Any goroutine but a loop's.
func Call[R any](ctx context.Context, s *Socket, event string, args ...any) (R, error) {
	var v R
	e, err := s.ask(ctx, event, args)
	if err != nil {
		return v, err
	}
	err = e.Bind(&v)
	return v, err
}
