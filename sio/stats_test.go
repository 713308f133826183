package sio

import (
	"testing"
	"time"
)

// A broadcast's latency runs from its post to the last send on a loop, merged
// ones have their own each, and every event counts as one message.
func TestFanoutLatency(t *testing.T) {
	r := newRig(t, 1, nil)
	r.join(0)
	r.join(0)
	l := r.loops[0].l
	sent := func() uint64 { l.Tick(time.Unix(0, r.now.Load())); return l.Stats().Sent }
	before := sent()
	old := l.Stats().Fanout
	_ = r.io.Emit("x")
	r.now.Add(int64(30 * time.Millisecond))
	_ = r.io.Emit("x")
	_ = r.io.Emit("x")
	r.now.Add(int64(3 * time.Millisecond))
	r.settle()
	if got := sent() - before; got != 6 {
		t.Errorf("%d messages sent, want 6", got)
	}
	h := l.Stats().Fanout.Since(old)
	if h.Count() != 3 || h.Sum != 39*time.Millisecond {
		t.Errorf("%d fan-outs in %v, want 3 in 39ms", h.Count(), h.Sum)
	}
	// Joins and the like are no broadcasts.
	r.io.Join("room")
	r.settle()
	sent()
	if n := l.Stats().Fanout.Since(old).Count(); n != 3 {
		t.Errorf("%d fan-outs after a join", n)
	}
	// More in one round than the loop has room to note.
	for range 100 {
		_ = r.io.To("room").Emit("y")
		_ = r.io.To("nowhere").Emit("y")
	}
	r.settle()
	sent()
	if n := l.Stats().Fanout.Since(old).Count(); n != 203 {
		t.Errorf("%d fan-outs, want 203", n)
	}
}
