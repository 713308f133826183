package sio

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"
)

func TestEmitAck(t *testing.T) {
	r := newRig(t, 1, &Options{MaxAcks: 2, PingInterval: time.Hour})
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	c := r.join(0)
	var got []string
	note := func(e *Event, err error) {
		if err != nil {
			got = append(got, err.Error())
			return
		}
		got = append(got, fmt.Sprintf("%s %d", e.Raw(), e.Attachments()))
	}
	check := func(want ...string) {
		t.Helper()
		r.settle()
		if !slices.Equal(got, want) {
			t.Errorf("replies %q, want %q", got, want)
		}
		got = nil
	}
	_ = s.EmitAck("q", note, 1)
	c.expect(`420["q",1]`)
	c.send(`430["a",2]`, `430["b"]`, `437[]`)
	check(`"a",2 0`)

	_ = s.Timeout(time.Second).EmitAck("q", note, []byte("x"))
	c.expect(`451-1["q",{"_placeholder":true,"num":0}]`, "bin:x")
	c.send(`461-1[{"_placeholder":true,"num":0}]`, "bin:y")
	check(`{"_placeholder":true,"num":0} 1`)

	_ = s.Timeout(time.Second).EmitAck("q", note)
	c.expect(`422["q"]`)
	r.pass(900 * time.Millisecond)
	check()
	r.pass(300 * time.Millisecond)
	check(ErrAckTimeout.Error())
	c.send(`432[]`)
	check()

	c.full = true
	_ = s.Emit("fills")
	r.settle()
	_ = s.Volatile().EmitAck("q", note)
	check(ErrDropped.Error())
	c.full = false
	c.peer.Writable()
	c.expect(`42["fills"]`)

	for range 3 {
		_ = s.EmitAck("q", note)
	}
	c.expect(`424["q"]`, `425["q"]`)
	check(ErrTooManyAcks.Error())
	c.hangUp()
	check(ErrDisconnected.Error(), ErrDisconnected.Error())
	if err := s.EmitAck("q", note); !errors.Is(err, ErrDisconnected) {
		t.Errorf("EmitAck after the end: %v", err)
	}
	check()
	if n := r.loops[0].l.Wheel().Len(); n != 0 {
		t.Errorf("%d timers left", n)
	}
}

func TestCall(t *testing.T) {
	r := newRig(t, 1, nil)
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	c := r.join(0)
	type result struct {
		v   int
		err error
	}
	call := func(ctx context.Context) chan result {
		ch := make(chan result, 1)
		go func() {
			v, err := Call[int](ctx, s, "q")
			ch <- result{v, err}
		}()
		r.until(func() bool { return len(c.out) > 0 })
		c.read()
		return ch
	}
	get := func(ch chan result) (got result) {
		r.off(func() { got = <-ch })
		return got
	}
	ch := call(t.Context())
	c.send(`430[42]`)
	if got := get(ch); got.v != 42 || got.err != nil {
		t.Errorf("got %+v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if got := get(call(ctx)); !errors.Is(got.err, ErrAckTimeout) || !errors.Is(got.err, context.DeadlineExceeded) {
		t.Errorf("got %+v", got)
	}
	ctx, cancel = context.WithCancel(t.Context())
	ch = call(ctx)
	cancel()
	if got := get(ch); !errors.Is(got.err, context.Canceled) {
		t.Errorf("got %+v", got)
	}
	if n := s.more.Load().ackCount; n != 0 {
		t.Errorf("%d acks left over", n)
	}
	ch = call(t.Context())
	c.hangUp()
	if got := get(ch); !errors.Is(got.err, ErrDisconnected) {
		t.Errorf("got %+v", got)
	}
}

func TestCallOnLoop(t *testing.T) {
	r := newRig(t, 1, nil)
	var got error
	r.io.Inline().On("x", func(e *Event) error {
		_, got = Call[int](e.Context(), e.Socket(), "q")
		return nil
	})
	c := r.join(0)
	c.send(`42["x"]`)
	if got != ErrOnLoop {
		t.Errorf("got %v", got)
	}
}

func TestBroadcastAcks(t *testing.T) {
	r := newRig(t, 2, &Options{PingInterval: time.Hour})
	a, b, gone := r.join(0), r.join(1), r.join(1)
	type pair struct {
		id, raw string
		err     error
	}
	var got []pair
	var done chan struct{}
	start := func(b Broadcast) {
		got, done = nil, make(chan struct{})
		seq := b.Acks(t.Context(), "vote", "x")
		go func() {
			defer close(done)
			for r, err := range seq {
				got = append(got, pair{r.ID, string(r.Raw()), err})
			}
		}()
		r.settle()
	}
	finish := func() {
		t.Helper()
		r.off(func() { <-done })
	}
	start(r.io.Timeout(time.Second))
	for _, c := range []*rigClient{a, b, gone} {
		c.expect(`420["vote","x"]`)
	}
	b.send(`430["b"]`)
	b.send(`430["again"]`)
	gone.hangUp()
	a.send(`430["a",1]`)
	finish()
	if len(got) != 3 || got[0] != (pair{b.sid, `"b"`, nil}) || got[1] != (pair{gone.sid, "", ErrDisconnected}) ||
		got[2] != (pair{a.sid, `"a",1`, nil}) {
		t.Errorf("got %+v", got)
	}

	start(r.io.Timeout(time.Second))
	a.send(`431[]`)
	r.pass(1100 * time.Millisecond)
	finish()
	if len(got) != 2 || got[0] != (pair{a.sid, "", nil}) || got[1].err != ErrAckTimeout {
		t.Errorf("got %+v", got)
	}

	start(r.io.To("nobody").Timeout(time.Second))
	finish()
	if len(got) != 0 {
		t.Errorf("nobody answered %+v", got)
	}

	start(r.io.all())
	finish()
	if len(got) != 1 || got[0].err != ErrNeedTimeout {
		t.Errorf("without a timeout: %+v", got)
	}

	if _, err := r.io.AllAcks(t.Context(), "all"); !errors.Is(err, ErrNeedTimeout) {
		t.Errorf("AllAcks without a deadline: %v", err)
	}
	a.read()
	b.read()
	var replies []Reply
	var err error
	ch := make(chan struct{})
	go func() {
		replies, err = r.io.Timeout(time.Second).AllAcks(t.Context(), "all")
		close(ch)
	}()
	r.until(func() bool { return len(a.out) > 0 && len(b.out) > 0 })
	a.send(`433[1]`)
	r.pass(1100 * time.Millisecond)
	r.off(func() { <-ch })
	if len(replies) != 1 || !errors.Is(err, ErrAckTimeout) {
		t.Errorf("%d replies, %v", len(replies), err)
	}
	for _, l := range r.loops {
		if n := l.l.Wheel().Len(); n != 0 {
			t.Errorf("%d timers left", n)
		}
	}
}

// TestEventAck holds what an ack may be and when it goes out.
func TestEventAck(t *testing.T) {
	r := newRig(t, 1, nil)
	var kept *Event
	r.io.Inline().On("inline", func(e *Event) error {
		_ = e.Socket().Emit("first")
		return e.Ack("then")
	})
	r.io.On("twice", func(e *Event) error {
		if !e.WantsAck() {
			return nil
		}
		if err := e.Ack(1); err != nil {
			t.Error(err)
		}
		if err := e.Ack(2); !errors.Is(err, ErrNoAck) {
			t.Errorf("second ack: %v", err)
		}
		return nil
	})
	r.io.On("late", func(e *Event) error { kept = e.Clone(); return nil })
	r.io.On("bin", func(e *Event) error { return e.Ack([]byte{1}, "x") })
	c := r.join(0)
	c.send(`425["inline"]`, `426["inline"]`)
	c.expect(`42["first"]`, `435["then"]`, `42["first"]`, `436["then"]`)
	c.send(`420["twice"]`, `421["bin"]`, `42["twice"]`)
	r.settle()
	c.expect(`430[1]`, `461-1[{"_placeholder":true,"num":0},"x"]`, "bin:\x01")
	c.send(`429["late",{"a":1}]`)
	r.settle()
	_ = kept.Ack(string(kept.Raw()))
	c.expect(`439["{\"a\":1}"]`)
	c.send(`421["late"]`)
	r.settle()
	c.hangUp()
	if err := kept.Ack(); !errors.Is(err, ErrDisconnected) {
		t.Errorf("ack after the end: %v", err)
	}
}
