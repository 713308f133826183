package eio

import (
	"testing"
	"time"
)

// TestTicks: the processor's counter goes on, and the time that was asked is old
// before a timer would notice.
func TestTicks(t *testing.T) {
	l := NewMux().NewLoop(nil)
	l.ask()
	asked := time.Now()
	for !l.stale() {
		if time.Since(asked) > time.Second {
			t.Fatal("a second, and the time still counts as fresh")
		}
	}
	before := l.now
	l.begin(nil)
	if l.stale() && time.Since(asked) < 50*time.Microsecond {
		t.Error("just asked, and old")
	}
	l.leave(nil)
	if l.now < before || l.now != l.started.Milliseconds() {
		t.Error("the time was not taken", before, l.now, l.started)
	}
	l.asked = ticks() + 1<<40 // as on another processor, whose counter is behind
	if !l.stale() {
		t.Error("a counter that went back counts as fresh")
	}
}

// TestTimeAfterStall: who asks the clock in between brings the time, so that what
// begins next does not begin in the past.
func TestTimeAfterStall(t *testing.T) {
	m := NewMux()
	m.OnStall = func(time.Duration, string) {}
	l := m.NewLoop(nil)
	l.begin(nil)
	l.Doing("long")
	before, from := l.now, time.Now()
	for time.Since(from) < 20*time.Millisecond { // a handler at work
	}
	l.leave(nil)
	if l.now < before+20 || l.wheel.now != l.now {
		t.Error("behind by", before+20-l.now, "ms")
	}
}

// TestTicksClock: a clock that is not the machine's is asked each time.
func TestTicksClock(t *testing.T) {
	m := NewMux()
	now := time.Now()
	m.Clock = func() time.Time { return now }
	l := m.NewLoop(nil)
	for range 3 {
		now = now.Add(time.Second)
		l.begin(nil)
		l.leave(nil)
		if l.now != now.Sub(epoch).Milliseconds() {
			t.Fatal("behind the clock by", now.Sub(epoch)-time.Duration(l.now)*time.Millisecond)
		}
	}
}
