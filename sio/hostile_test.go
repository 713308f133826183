package sio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// What a client could make expensive by the numbers it chooses.

// TestManyAcks: an ack is found without a walk through all that are pending, in
// whatever order a client answers.
func TestManyAcks(t *testing.T) {
	r := newRig(t, 1, &Options{PingInterval: time.Hour})
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	c := r.join(0)
	c.mute = true
	const n = 3000
	got := make([]int, n)
	for i := range n {
		_ = s.Timeout(time.Minute).EmitAck("q", func(e *Event, err error) {
			if err == nil {
				got[i]++
			}
		})
	}
	r.settle()
	x := s.more.Load()
	if len(x.ackIndex) != n || x.ackCount != n {
		t.Fatalf("%d acks pending, %d in the index", x.ackCount, len(x.ackIndex))
	}
	for i := range n {
		id := strconv.Itoa((i*7 + 5) % n) // 7 and 3000 share no divisor
		c.send("43"+id+"[]", "43"+id+"[]", "439007199254740991[]")
	}
	r.settle()
	for i, k := range got {
		if k != 1 {
			t.Fatalf("ack %d was given %d times", i, k)
		}
	}
	if x.acks != nil || x.lastAck != nil || x.ackIndex != nil || x.ackCount != 0 {
		t.Error("something is left")
	}
}

// TestRepeatedPlaceholder: one attachment that is named ten thousand times is
// refused before a handler can send it on ten thousand times.
func TestRepeatedPlaceholder(t *testing.T) {
	r := newRig(t, 1, nil)
	heard := 0
	r.io.Inline().On("x", func(*Event) error { heard++; return nil })
	send := func(n int) *rigClient {
		c := r.join(0)
		ref := `,{"_placeholder":true,"num":0}`
		c.send(`451-["x"`+strings.Repeat(ref, n)+"]", "bin:abc")
		r.settle()
		return c
	}
	send(1)
	send(maxRepeats)
	if heard != 2 {
		t.Fatalf("%d events heard", heard)
	}
	send(maxRepeats + 1)
	send(10_000)
	if heard != 2 || r.io.Stats().Clients != 2 {
		t.Errorf("%d events heard, %d clients left", heard, r.io.Stats().Clients)
	}
}

// TestRoomSet: a list of rooms grows name by name without being copied each
// time, and lists that grow out of one another stay apart.
func TestRoomSet(t *testing.T) {
	var base roomSet
	for i := range 10 {
		base = base.with(strconv.Itoa(i))
	}
	a, b := base.with("a").with("aa"), base.with("b")
	c := a.with("c")
	d := a.with("d")
	names := func(r roomSet) (list []string) {
		for i := range r.n {
			list = append(list, r.at(i))
		}
		return list
	}
	ten := names(base)
	for _, tc := range []struct {
		r    roomSet
		tail []string
	}{{base, nil}, {a, []string{"a", "aa"}}, {b, []string{"b"}}, {c, []string{"a", "aa", "c"}}, {d, []string{"a", "aa", "d"}}} {
		if got := names(tc.r); !slices.Equal(got, append(slices.Clip(ten), tc.tail...)) {
			t.Errorf("%q, want ten and %q", got, tc.tail)
		}
	}
	allocs := testing.AllocsPerRun(1, func() {
		var r roomSet
		for range 100_000 {
			r = r.with("x")
		}
	})
	if allocs > 100 {
		t.Errorf("%v allocations for a list of 100,000", allocs)
	}
}

// TestRoomNamedOften: a room that a list names ten thousand times is walked
// once.
func TestRoomNamedOften(t *testing.T) {
	r := newRig(t, 2, nil)
	var all []*Socket
	r.io.OnConnect(func(x *Socket) error { all = append(all, x); return nil })
	var cs []*rigClient
	for i := range 60 {
		cs = append(cs, r.join(i%2))
		all[i].Join(fmt.Sprint("r", i%3))
	}
	b := r.io.To("r0")
	for range 10_000 {
		b = b.To("r0").To("none").To("r1").Except("r1").Except("r2")
	}
	begin := time.Now()
	_ = b.EmitRaw("once", nil)
	r.settle()
	if d := time.Since(begin); d > 5*time.Second {
		t.Errorf("took %v", d)
	}
	for i, c := range cs {
		if i%3 == 0 {
			c.expect(`42["once"]`)
		} else {
			c.expect()
		}
	}
	_ = r.io.To("r1").EmitRaw("again", nil)
	r.settle()
	for i, c := range cs {
		if i%3 == 1 {
			c.expect(`42["again"]`)
		}
	}
}
