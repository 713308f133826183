package main

import (
	"bytes"

	"github.com/sio-fast/sio-fast/sio"
)

// serveLoad registers the load contract: what a load generator drives. None of
// these handlers blocks, so they run on the loop.
func serveLoad(io *sio.Server, raw bool) {
	r := io.Inline()
	if raw {
		serveLoadRaw(r)
		return
	}
	r.On("echo", func(e *sio.Event) error {
		var payload string
		if err := e.Bind(&payload); err != nil {
			return err
		}
		if e.WantsAck() {
			return e.Ack(payload)
		}
		return e.Socket().Emit("echo", payload)
	})
	r.On("join", func(e *sio.Event) error {
		var room string
		if err := e.Bind(&room); err != nil {
			return err
		}
		e.Socket().Join(room)
		if e.WantsAck() {
			return e.Ack()
		}
		return nil
	})
	sio.On2(r, "room", func(s *sio.Socket, room, payload string) error {
		return s.To(room).Emit("room", payload)
	})
	sio.On(r, "all", func(_ *sio.Socket, payload string) error {
		return io.Emit("all", payload)
	})
}

// serveLoadRaw is the same on the floor of the API: the arguments go on as they
// came, undecoded.
func serveLoadRaw(r sio.Registrar) {
	r.On("echo", func(e *sio.Event) error {
		if e.WantsAck() {
			return e.AckRaw(e.Raw())
		}
		return e.Socket().EmitRaw("echo", e.Raw())
	})
	r.On("join", func(e *sio.Event) error {
		var room string
		if err := e.Bind(&room); err != nil {
			return err
		}
		e.Socket().Join(room)
		if e.WantsAck() {
			return e.AckRaw(nil)
		}
		return nil
	})
	r.On("room", func(e *sio.Event) error {
		room, payload, ok := cutString(e.Raw())
		if !ok {
			return errMissing
		}
		return e.Socket().To(room).EmitRaw("room", payload)
	})
	r.On("all", func(e *sio.Event) error {
		return e.Socket().Namespace().EmitRaw("all", e.Raw())
	})
}

// cutString takes the first of several JSON arguments, a string without
// escapes, as the load contract's rooms are, and gives the arguments behind it.
func cutString(args []byte) (first string, rest []byte, ok bool) {
	if len(args) == 0 || args[0] != '"' {
		return "", nil, false
	}
	quoted, rest, ok := bytes.Cut(args[1:], []byte{'"'})
	if !ok || bytes.IndexByte(quoted, '\\') >= 0 {
		return "", nil, false
	}
	_, rest, ok = bytes.Cut(rest, []byte{','})
	return string(quoted), rest, ok
}
