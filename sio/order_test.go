package sio

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
)

// onLoop is a task of the test's.
type onLoop func()

func (f onLoop) Run(*eio.Loop) bool { f(); return false }

// TestJoinBehindBroadcast holds that a Join or Leave is done although the list
// of names, which a broadcast has just overtaken, says that there is nothing to
// do.
func TestJoinBehindBroadcast(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.join(0)
	s := r.socket(c)
	s.Join("old")
	r.settle()

	r.io.To(c.sid).Leave("old")
	r.loops[0].l.Post(onLoop(func() { s.Join("old") })) // after the broadcast, before what follows
	s.Join("other")
	r.settle()
	if !s.In("old") {
		t.Errorf("Join was lost: rooms %q", s.Rooms())
	}

	r.io.To(c.sid).Join("new")
	r.loops[0].l.Post(onLoop(func() { s.Leave("new") }))
	s.Join("another")
	r.settle()
	if s.In("new") {
		t.Errorf("Leave was lost: rooms %q", s.Rooms())
	}
	_ = r.io.To("new").Emit("no")
	_ = r.io.To("old").Emit("yes")
	c.expect(`42["yes"]`)
}

// TestChunkedModel is TestBroadcastModel where every broadcast is cut into
// chunks of one to three sockets.
func TestChunkedModel(t *testing.T) {
	for size := 1; size <= 3; size++ {
		t.Run(strconv.Itoa(size), func(t *testing.T) {
			defer func(old int) { chunk = old }(chunk)
			chunk = size
			for seed := range 5 {
				playModel(t, rand.New(rand.NewPCG(uint64(seed), 2)))
			}
		})
	}
}

// TestInlineAckWaits holds that the ack of an inline handler does not overtake
// what was posted before, be it half done.
func TestInlineAckWaits(t *testing.T) {
	defer func(old int) { chunk = old }(chunk)
	chunk = 1
	r := newRig(t, 1, nil)
	r.io.Inline().On("x", func(e *Event) error { return e.AckRaw(e.Raw()) })
	_, _, c := r.join(0), r.join(0), r.join(0)
	_ = r.io.Emit("a")
	_ = r.io.Volatile().Emit("b") // not merged
	r.round()                     // one chunk of the first
	c.send(`421["x",1]`)
	_ = r.io.Emit("c")
	c.expect(`42["a"]`, `42["b"]`, `431[1]`, `42["c"]`)
}

// TestLatecomer holds that who comes while a broadcast is half done does not get
// it: it was made before.
func TestLatecomer(t *testing.T) {
	defer func(old int) { chunk = old }(chunk)
	chunk = 1
	r := newRig(t, 1, nil)
	a, b, c := r.join(0), r.join(0), r.join(0)
	_ = r.io.Emit("a")
	_ = r.io.Volatile().Emit("b") // not merged
	r.round()                     // one chunk of the first
	d := r.dial(0)
	d.send("40")
	_ = r.io.Emit("c")
	for _, old := range []*rigClient{a, b, c} {
		old.expect(`42["a"]`, `42["b"]`, `42["c"]`)
	}
	d.expect(`40{"sid":"SID"}`, `42["c"]`)
	// One that does not wait for the CONNECT gets it with what it asks for.
	r.io.Inline().On("q", func(e *Event) error { return e.Ack(1) })
	_ = r.io.Emit("a")
	r.round()
	f := r.dial(0)
	f.send("40", `420["q"]`)
	f.expect(`40{"sid":"SID"}`, `42["a"]`, `430[1]`)
	f.hangUp()
	// One that leaves again at once is never there.
	_ = r.io.Emit("a")
	r.round()
	e := r.dial(0)
	e.send("40")
	e.hangUp()
	if n := r.io.Len(); n != 4 {
		t.Errorf("%d sockets", n)
	}
}

// TestLentEventName holds that an event's name, which is lent, can be emitted.
func TestLentEventName(t *testing.T) {
	r := newRig(t, 1, nil)
	var heard []string
	r.io.OnAnyOutgoing(func(_ *Socket, event string, _ []byte) { heard = append(heard, event) })
	r.io.OnAny(func(e *Event) error { return r.io.EmitRaw(e.Name(), e.Raw()) })
	c := r.join(0)
	for range 3 {
		c.send(`42["first-name",1]`, `42["other-name",2]`)
		c.expect(`42["first-name",1]`, `42["other-name",2]`)
	}
	for i, name := range heard {
		if want := []string{"first-name", "other-name"}[i%2]; name != want {
			t.Errorf("heard %q, want %q", name, want)
		}
	}
}

// TestLateAck holds that an event that was kept too long has no ack to give.
func TestLateAck(t *testing.T) {
	r := newRig(t, 1, nil)
	var kept *Event
	r.io.Inline().On("x", func(e *Event) error { kept = e; return nil })
	c := r.join(0)
	c.send(`421["x"]`)
	if err := kept.Ack(); err != ErrNoAck {
		t.Errorf("late ack: %v", err)
	}
	c.expect()
}

// TestStopInTheMiddle holds that a loop that ends in the middle of a broadcast
// leaves nothing behind (see TestMain), and that all who wait hear of it.
func TestStopInTheMiddle(t *testing.T) {
	defer func(old int) { chunk = old }(chunk)
	chunk = 1
	r := newRig(t, 1, nil)
	r.io.OnConnect(func(s *Socket) error { s.Join("room"); return nil })
	c := r.join(0)
	r.join(0)
	r.join(0)
	s := r.socket(c)
	_ = r.io.To("room").Emit("x")
	r.round()
	replies := make(chan error, 1)
	_ = s.EmitAck("q", func(_ *Event, err error) { replies <- err })
	seq := r.io.Timeout(1<<40).Acks(t.Context(), "q")
	s.Join("late")
	r.loops[0].l.Stop()
	if err := <-replies; err != ErrDisconnected {
		t.Errorf("the reply got %v", err)
	}
	done := make(chan bool)
	go func() {
		for _, err := range seq {
			t.Errorf("an answer: %v", err)
		}
		close(done)
	}()
	<-done
	if err := s.Emit("gone"); err != ErrDisconnected {
		t.Errorf("Emit: %v", err)
	}
	s.Join("gone")
	_ = r.io.To("room").Emit("nobody")
}
