package sio

import (
	"slices"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
)

// TestWhenSent holds a socket's send callbacks: behind the emits of the same
// goroutine, in order, once, and not after the end.
func TestWhenSent(t *testing.T) {
	created := 0
	r := newRig(t, 1, &Options{InitialPacket: "hi", EngineHooks: &eio.Hooks{
		PacketCreate: func(*eio.Session, eio.PacketType, []byte, bool) { created++ },
	}})
	var s *Socket
	r.io.OnConnect(func(c *Socket) error { s = c; return nil })
	c := r.dialInitial(0, "4hi")
	c.send("40")
	c.expect(`40{"sid":"SID"}`)
	if created != 3 {
		t.Errorf("%d packets were created", created)
	}
	var done []int
	c.full = true
	_ = s.Emit("x", 1)
	s.WhenSent(func() { done = append(done, 1); panic("boom") })
	s.WhenSent(func() { done = append(done, 2) })
	r.settle()
	if done != nil {
		t.Errorf("called %v before anything was sent", done)
	}
	c.full = false
	c.peer.Writable()
	r.settle()
	if !slices.Equal(done, []int{1, 2}) || r.io.Stats().Panics != 1 {
		t.Errorf("called %v, %d panics", done, r.io.Stats().Panics)
	}
	c.full = true
	_ = s.Emit("x", 1)
	s.WhenSent(func() { done = append(done, 3) })
	r.settle()
	c.hangUp()
	s.WhenSent(func() { done = append(done, 4) })
	r.settle()
	if len(done) != 2 {
		t.Errorf("called %v after the end", done)
	}
}
