package sio

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"runtime"
	"slices"
	"testing"
	"time"
)

// badValue panics wherever the user's code is asked for its JSON or its text.
type badValue struct{}

func (badValue) AppendJSON([]byte) []byte     { panic("AppendJSON") }
func (*badValue) ParseJSON([]byte) error      { panic("ParseJSON") }
func (badValue) Error() string                { panic("Error") }
func (badValue) MarshalJSON() ([]byte, error) { panic("MarshalJSON") }

// marshals panics in encoding/json, which does not recover from that.
type badMarshaler struct{}

func (badMarshaler) MarshalJSON() ([]byte, error) { panic("MarshalJSON") }

// TestPanics holds that a panic in the user's code, wherever it is asked, costs
// its own event and nothing else.
func TestPanics(t *testing.T) {
	var typedNil *ConnectError
	boom := func(*Event) error { panic("boom") }
	for _, c := range []struct {
		name  string
		setup func(io *Server)
		send  []string
		want  []string // what the client gets behind its CONNECT
		count uint64
	}{
		{"handler", func(io *Server) { io.On("x", boom) }, []string{`420["x"]`}, nil, 1},
		{"inline", func(io *Server) { io.Inline().On("x", boom) }, []string{`420["x"]`}, nil, 1},
		{"any", func(io *Server) { io.OnAny(boom) }, []string{`420["x"]`}, nil, 1},
		{"packet", func(io *Server) { io.UsePacket(boom) }, []string{`420["x"]`}, nil, 1},
		{"wrap", func(io *Server) { io.UseEvent(func(Handler) Handler { return boom }) }, []string{`420["x"]`}, nil, 1},
		{"nil from wrap", func(io *Server) { io.UseEvent(func(Handler) Handler { return nil }) }, []string{`420["x"]`}, nil, 1},
		{"ParseJSON", func(io *Server) { On(io, "x", func(*Socket, badValue) error { return nil }) }, []string{`420["x",1]`}, nil, 1},
		{"ParseJSON inline", func(io *Server) { On(io.Inline(), "x", func(*Socket, badValue) error { return nil }) },
			[]string{`420["x",1]`}, nil, 1},
		{"AppendJSON", func(io *Server) { io.On("x", func(e *Event) error { return e.Socket().Emit("y", badValue{}) }) },
			[]string{`42["x"]`}, nil, 1},
		{"generic AppendJSON", func(io *Server) { io.On("x", func(*Event) error { return Emit(io.To("r"), "y", badValue{}) }) },
			[]string{`42["x"]`}, nil, 1},
		{"AppendJSON of an ack", func(io *Server) {
			OnCall(io, "x", func(*Socket, any) (badValue, error) { return badValue{}, nil })
		}, []string{`420["x"]`}, nil, 1},
		{"text of an error", func(io *Server) { io.On("x", func(*Event) error { return badValue{} }) }, []string{`420["x"]`}, nil, 0},
		{"connect", func(io *Server) { io.OnConnect(func(*Socket) error { panic("boom") }) }, nil, nil, 1},
		{"disconnect", func(io *Server) {
			io.OnDisconnecting(func(*Socket, Reason) { panic("boom") })
			io.OnDisconnect(func(*Socket, Reason) { panic("boom") })
		}, []string{"41", "40"}, []string{`40{"sid":"SID"}`}, 2},
		{"OnError", func(io *Server) {
			io.On("x", boom)
			io.OnError(func(*Socket, string, error) { panic("OnError") })
		}, []string{`420["x"]`}, nil, 1},
		{"outgoing", func(io *Server) {
			io.OnAnyOutgoing(func(*Socket, string, []byte) { panic("boom") })
			io.On("x", func(e *Event) error { _ = e.Socket().Emit("a"); return io.Emit("b") })
		}, []string{`42["x"]`}, []string{`42["a"]`, `42["b"]`}, 2},
		{"ack reply", func(io *Server) {
			io.On("x", func(e *Event) error { return e.Socket().EmitAck("q", func(*Event, error) { panic("boom") }) })
		}, []string{`42["x"]`, `430[]`}, []string{`420["q"]`}, 1},
		{"ack reply at the end", func(io *Server) {
			io.On("x", func(e *Event) error { return e.Socket().EmitAck("q", func(*Event, error) { panic("boom") }) })
		}, []string{`42["x"]`, "41", "40"}, []string{`420["q"]`, `40{"sid":"SID"}`}, 1},
		{"Goexit", func(io *Server) {
			io.On("x", func(*Event) error { runtime.Goexit(); return nil })
		}, []string{`42["x"]`, `42["x"]`, `42["x"]`}, nil, 0},
		{"own handler", func(io *Server) {
			io.OnConnect(func(s *Socket) error { s.On("x", boom); return nil })
		}, []string{`420["x"]`}, nil, 1},
		{"middleware", func(io *Server) { io.Of("/n").Use(func(*Socket) error { panic("boom") }) }, []string{"40/n,"},
			[]string{`44/n,{"message":"internal error"}`}, 1},
		{"typed nil", func(io *Server) { io.Of("/n").Use(func(*Socket) error { return typedNil }) }, []string{"40/n,"},
			[]string{`44/n,{"message":"internal error"}`}, 1},
		{"text of a refusal", func(io *Server) { io.Of("/n").Use(func(*Socket) error { return badValue{} }) }, []string{"40/n,"},
			[]string{`44/n,{"message":"internal error"}`}, 1},
		{"data of a refusal", func(io *Server) {
			io.Of("/n").Use(func(*Socket) error { return &ConnectError{"no", badMarshaler{}} })
		}, []string{"40/n,"}, []string{`44/n,{"message":"internal error"}`}, 1},
		{"OnNamespace", func(io *Server) {
			io.OfPattern(regexp.MustCompile("^/dyn"))
			io.OnNamespace(func(*Namespace) { panic("boom") })
		}, []string{"40/dyn,"}, []string{`40/dyn,{"sid":"SID"}`}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newRig(t, 1, nil)
			r.io.On("alive", func(e *Event) error { return e.Ack("yes") })
			c.setup(r.io)
			cl := r.join(0)
			for _, m := range c.send {
				cl.send(m)
				r.settle()
			}
			cl.expect(c.want...)
			if n := r.io.Stats().Panics; n != c.count {
				t.Errorf("%d panics counted, want %d", n, c.count)
			}
			if c.name == "any" || c.name == "packet" || len(c.name) > 3 && c.name[len(c.name)-4:] == "wrap" || c.name == "outgoing" {
				return // it stands before every handler
			}
			cl.send(`429["alive"]`)
			cl.expect(`439["yes"]`)
		})
	}
}

// TestMatchPanics holds that a panic in the function of a dynamic namespace
// goes to that namespace's OnError and means no.
func TestMatchPanics(t *testing.T) {
	r := newRig(t, 1, nil)
	var got []string
	r.io.OfFunc(func(string, *Handshake) bool { panic("boom") }).OnError(func(_ *Socket, event string, err error) {
		got = append(got, event+": "+err.Error())
	})
	c := r.dial(0)
	c.send("40/x,")
	c.expect(`44/x,{"message":"Invalid namespace"}`)
	if want := []string{"namespace: sio: panic in handler: boom"}; !slices.Equal(got, want) {
		t.Errorf("OnError got %q, want %q", got, want)
	}
}

// TestRangeBodyPanics holds that a panic in the body of a range over Acks or
// Sockets reaches its caller and leaves nothing behind.
func TestRangeBodyPanics(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.join(0)
	caught := make(chan any, 2)
	try := func(f func()) {
		defer func() { caught <- recover() }()
		f()
	}
	r.off(func() {
		try(func() {
			for range r.io.Sockets(t.Context()) {
				panic("boom")
			}
		})
	})
	acks := r.io.Timeout(time.Hour).Acks(t.Context(), "q")
	c.expect(`420["q"]`)
	c.send(`430[]`)
	r.off(func() {
		try(func() {
			for range acks {
				panic("boom")
			}
		})
	})
	for range 2 {
		if got := <-caught; got != "boom" {
			t.Errorf("caught %v", got)
		}
	}
	if n := r.loops[0].l.Wheel().Len(); n != 0 {
		t.Errorf("%d timers left", n)
	}
}

// TestRegistrationMistakes holds that what can only be a mistake panics where it
// is made, and leaves the namespace as it was.
func TestRegistrationMistakes(t *testing.T) {
	r := newRig(t, 1, nil)
	h := func(*Event) error { return nil }
	r.io.On("e", h)
	for name, f := range map[string]func(){
		"twice":            func() { r.io.On("e", h) },
		"twice, inline":    func() { r.io.Inline().On("e", h) },
		"reserved":         func() { r.io.On("disconnect", h) },
		"reserved, inline": func() { r.io.Inline().On("connect", h) },
		"On":               func() { r.io.On("n", nil) },
		"Inline":           func() { r.io.Inline().On("n", nil) },
		"typed On":         func() { On[string](r.io, "n", nil) },
		"On2":              func() { On2[int, int](r.io, "n", nil) },
		"On3":              func() { On3[int, int, int](r.io, "n", nil) },
		"OnCall":           func() { OnCall[int, int](r.io, "n", nil) },
		"Use":              func() { r.io.Use(nil) },
		"OnConnect":        func() { r.io.OnConnect(nil) },
		"OnDisconnecting":  func() { r.io.OnDisconnecting(nil) },
		"OnDisconnect":     func() { r.io.OnDisconnect(nil) },
		"OnAny":            func() { r.io.OnAny(nil) },
		"OnAnyOutgoing":    func() { r.io.OnAnyOutgoing(nil) },
		"UsePacket":        func() { r.io.UsePacket(nil) },
		"UseEvent":         func() { r.io.UseEvent(nil) },
		"OnDrain":          func() { r.io.OnDrain(nil) },
		"OnError":          func() { r.io.OnError(nil) },
		"OnNamespace":      func() { r.io.OnNamespace(nil) },
		"OfFunc":           func() { r.io.OfFunc(nil) },
		"OfPattern":        func() { r.io.OfPattern(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
	if n := len(r.io.dynamic()); n != 0 {
		t.Errorf("%d parents were made", n)
	}
	c := r.join(0)
	c.send(`42["e"]`, `421["n"]`)
	c.expect()
}

// TestRegisterWhileServing holds that what is registered late is safe, and heard
// from the next event on.
func TestRegisterWhileServing(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.join(0)
	c.send(`421["late"]`)
	c.expect()
	r.io.On("late", func(e *Event) error { return e.Ack() })
	c.send(`422["late"]`)
	c.expect(`432[]`)
}

// TestCloseOnLoop holds that Close says no where it would wait for itself.
func TestCloseOnLoop(t *testing.T) {
	r := newRig(t, 1, nil)
	var got error
	r.io.Inline().On("x", func(*Event) error { got = r.io.Close(context.Background()); return nil })
	c := r.join(0)
	c.send(`42["x"]`)
	if !errors.Is(got, ErrOnLoop) {
		t.Errorf("Close on a loop: %v", got)
	}
	if err := r.io.Emit("alive"); err != nil {
		t.Fatal(err)
	}
	c.expect(`42["alive"]`)
}

var _ json.Marshaler = badMarshaler{}
