//go:build linux

package eventloop

import (
	"runtime"
	"time"
)

// turn has a busy loop step aside before Go's scheduler makes it.
//
// To the scheduler a loop that finds work at every poll is one goroutine that
// runs on and on. After ten milliseconds it sends its thread a signal, and if it
// meets it in a system call, as it often does, it takes the processor from it in
// the midst of that; and then, suspecting more of the kind, its monitor wakes
// fifty times at intervals of 20 µs to look: a twelfth of an echo with one in
// flight. A loop that has stepped aside by itself is left alone, and if nobody
// else wants to run is back in a fraction of a microsecond.
// Loop only.
type turn struct {
	reads int           // since the clock was looked at
	began time.Duration // when it last stepped aside, or was found to have begun
}

const (
	// turnTime is as long as may be: others run for as much as 10 ms when they
	// are let, so a loop that stepped aside more often would get less of a core
	// that it shares.
	turnTime  = 7 * time.Millisecond
	turnReads = 32 // between two looks at the clock
)

// read notes a read, and tells whether to look at the clock.
func (t *turn) read() bool {
	t.reads++
	return t.reads >= turnReads
}

// over tells whether the turn that began then is over at now; the next begins.
func (t *turn) over(now time.Duration) bool {
	t.reads = 0
	if now-t.began < turnTime {
		return false
	}
	t.began = now
	return true
}

// breathe steps aside if it is time to. No read may be half done. Answers that
// wait for the round's end go out before: others may run for 10 ms each.
func (l *loop) breathe() {
	if !l.turn.over(time.Since(l.core.beginNS)) {
		return
	}
	if l.held {
		l.held = false
		l.flush()
	}
	runtime.Gosched()
}
