//go:build !race && !pooldebug && !purego

package sio

import (
	"testing"
	"unsafe"

	"github.com/gobwas/ws"
)

// TestAllocs holds the paths that carry traffic at zero allocations: one table,
// zero tolerance. Each op runs its loops until all is done.
func TestAllocs(t *testing.T) {
	r := newRig(t, 2, nil)
	args := []byte(`{"a":1},"b"`)
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	r.io.Inline().On("raw", func(*Event) error { return nil })
	r.io.Inline().On("echo", func(e *Event) error { return e.Socket().EmitRaw("echo", e.Raw()) })
	r.io.Inline().On("ack", func(e *Event) error { return e.AckRaw(e.Raw()) })
	r.io.Inline().On("map", func(e *Event) error {
		return e.Socket().To("big").To("x").Except("y").Volatile().EmitRaw("map", e.Raw())
	})
	quiet := r.io.Of("quiet") // nobody to ask: joined on the loop
	for range 500 {
		for i := range 2 {
			c := r.join(i)
			s.Join("big")
			c.mute = true
		}
	}
	c := r.join(0)
	c.mute = true
	s.Join("big", "y")
	x := s.extra()
	x.in = append(make([]membership, 0, 16), x.in...) // a socket's own lists have grown
	r.settle()
	run := func() {
		for again := true; again; {
			again = false
			for _, l := range r.loops {
				if l.woken.Swap(false) {
					l.l.Run()
					again = true
				}
			}
		}
	}
	in := func(payload string) func() {
		f, scratch := frame(ws.OpText, []byte(payload)), []byte(nil)
		return func() {
			scratch = append(scratch[:0], f...) // it is unmasked in place
			c.feed(scratch)
			run()
		}
	}
	reply := func(*Event, error) {}
	prepared, err := Prepare("prepared", 1)
	if err != nil {
		t.Fatal(err)
	}
	b := r.io.To("big")
	_ = quiet
	for _, op := range []struct {
		name string
		do   func()
	}{
		{"event raw inline", in(`42["raw",{"a":1}]`)},
		{"event without a handler", in(`42["none",{"a":1}]`)},
		{"echo", in(`42["echo",{"a":1}]`)},
		{"ack out", in(`427["ack",{"a":1}]`)},
		{"unknown ack in", in(`43999[1]`)},
		{"operators", in(`42["map",1]`)},
		{"emit raw", func() { _ = s.EmitRaw("e", args); run() }},
		{"emit string", func() { _ = s.Emit("e", "x"); run() }},
		{"volatile emit raw", func() { _ = s.Volatile().EmitRaw("e", args); run() }},
		{"broadcast to 1000", func() { _ = b.EmitRaw("e", args); run() }},
		{"broadcast to all", func() { _ = r.io.EmitRaw("e", args); run() }},
		{"to a socket", func() { _ = r.io.To(s.ID()).EmitRaw("e", args); run() }},
		{"join and leave", func() { s.Leave("big"); s.Join("big"); run() }},
		{"move a room", func() { r.io.To(s.ID()).Leave("big"); r.io.To(s.ID()).Join("big"); run() }},
		{"emit ack", func() { _ = s.EmitAck("e", reply); run(); s.endAcks(s.extra()) }},
		{"refusable emit raw", func() { _ = s.WhenSlow(Refuse).EmitRaw("e", args); run() }},
		{"refusable broadcast to 1000", func() { _ = b.WhenSlow(Refuse).EmitRaw("e", args); run() }},
		{"volatile prepared", func() { _ = s.Volatile().Send(prepared); run() }},
	} {
		for range 10 {
			op.do() // warm the pools
		}
		if n := testing.AllocsPerRun(200, op.do); n != 0 {
			t.Errorf("%s: %v allocs, want 0", op.name, n)
		}
	}
}

// TestBlockingAllocs holds the path through a worker: none either, once the
// pools are warm.
func TestBlockingAllocs(t *testing.T) {
	r := newRig(t, 1, nil)
	done := make(chan struct{}, 1)
	r.io.On("raw", func(e *Event) error { done <- struct{}{}; return nil })
	c := r.join(0)
	f, scratch := frame(ws.OpText, []byte(`42["raw",{"a":1}]`)), []byte(nil)
	op := func() {
		scratch = append(scratch[:0], f...)
		c.feed(scratch)
		<-done
		for r.io.workers.busy() > 0 {
			r.round()
		}
	}
	for range 10 {
		op()
	}
	if n := testing.AllocsPerRun(200, op); n > 0.1 {
		t.Errorf("%v allocs, want 0", n)
	}
}

// TestSize bounds what an idle client costs here.
func TestSize(t *testing.T) {
	size := unsafe.Sizeof(client{}) + unsafe.Sizeof(Socket{})
	t.Logf("client %d + Socket %d bytes", unsafe.Sizeof(client{}), unsafe.Sizeof(Socket{}))
	if size > 200 {
		t.Errorf("client and Socket take %d bytes, want at most 200", size)
	}
}

// TestConnectAllocs bounds the connect path: the client and its socket.
func TestConnectAllocs(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.dial(0)
	c.mute = true
	f, g, scratch := frame(ws.OpText, []byte("40")), frame(ws.OpText, []byte("41")), []byte(nil)
	op := func() {
		scratch = append(append(scratch[:0], f...), g...)
		c.feed(scratch)
	}
	op()
	if n := testing.AllocsPerRun(200, op); n > 1 {
		t.Errorf("%v allocs for a CONNECT and a DISCONNECT, want 1", n)
	}
}
