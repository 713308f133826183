// Package loadapp is the application that a load generator drives: echo with
// and without an acknowledgement, rooms, and a broadcast to all. It is what a
// user of the library would write, once with decoded arguments and once on the
// raw floor of the API.
package loadapp

import "github.com/sio-fast/sio-fast/sio"

// Register adds the events with arguments decoded into Go values.
func Register(io *sio.Server) {
	in := io.Inline()
	in.On("echo", func(e *sio.Event) error {
		text, err := sio.Arg[sio.Text](e, 0)
		if err != nil {
			return err
		}
		if e.WantsAck() {
			return sio.Ack(e, text)
		}
		return sio.Emit(e.Socket(), "echo", text)
	})
	sio.OnCall(in, "join", func(s *sio.Socket, room string) (bool, error) {
		s.Join(room)
		return true, nil
	})
	sio.On2(in, "room", func(s *sio.Socket, room string, text sio.Text) error {
		return sio.Emit(s.To(room), "room", text)
	})
	sio.On(in, "all", func(_ *sio.Socket, text sio.Text) error {
		return sio.Emit(io, "all", text)
	})
}

// RegisterRaw adds the same events on the raw floor: arguments are passed on as
// the JSON they came as, and nothing is allocated.
func RegisterRaw(io *sio.Server) {
	in := io.Inline()
	in.On("echo", func(e *sio.Event) error {
		if e.WantsAck() {
			return e.AckRaw(e.Raw())
		}
		return e.Socket().EmitRaw("echo", e.Raw())
	})
	in.On("all", func(e *sio.Event) error {
		return io.EmitRaw("all", e.Raw())
	})
	sio.OnCall(in, "join", func(s *sio.Socket, room string) (bool, error) {
		s.Join(room)
		return true, nil
	})
	sio.On2(in, "room", func(s *sio.Socket, room string, text sio.Text) error {
		return sio.Emit(s.To(room), "room", text)
	})
}
