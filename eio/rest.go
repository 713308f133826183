package eio

import (
	"math"
	"sync/atomic"
	"time"
)

// A loop that nobody calls needs no tick before something is due: a heartbeat, a
// deadline of a connection, a timer. So a driver that can be told may leave
// ticks out:
//
//	Tick ─► NextTick: "in 7 s"          the loop rests
//	Feed, Run, …  ─► Waker.TickSoon     it was called before that: a tick is
//	                                    wanted within TickEvery after all
//
// Whatever is armed is armed in a callback, and so found by the tick that follows
// it. Nothing that arms has to think of the driver.

// TickWaker is a [Waker] whose driver asks NextTick when to call Tick. TickSoon
// is called on the loop: Tick must be called within TickEvery from now, whatever
// NextTick has said.
type TickWaker interface{ TickSoon() }

// maxRest is the longest time between two ticks of a loop that rests.
const maxRest = time.Hour

// resting is what a loop knows of its next tick. Loop only, but for due.
type resting struct {
	waker TickWaker // nil: the driver ticks every TickEvery
	calm  bool      // nothing has called the loop since the last tick
	quiet bool      // nor between the last two
	rests bool      // NextTick has said so
	due   atomic.Int64
}

// ticked notes that a tick has been served. quiet: nothing called the loop since
// the one before.
func (l *Loop) ticked(quiet bool) {
	l.rest.calm, l.rest.quiet, l.rest.rests = true, quiet, false
	l.rest.due.Store(int64(l.started + l.TickEvery()))
}

// stir notes the first call since a tick.
func (l *Loop) stir() {
	l.rest.calm = false
	if l.rest.rests {
		l.rest.rests = false
		l.rest.due.Store(int64(l.started + l.TickEvery()))
		l.rest.waker.TickSoon()
	}
}

// nothing is asked by Run, which a driver also calls after a tick: that must not
// end the rest. It disarms the inbox like a Run that finds nothing.
func (l *Loop) nothing() bool {
	if !l.rest.calm || l.pos < len(l.ops) ||
		len(l.dirty)+len(l.polls)+len(l.ready)+len(l.ends)+len(l.drains) > 0 {
		return false
	}
	l.ops, l.pos = l.inbox.Take(), 0
	return len(l.ops) == 0
}

// NextTick is how long the driver, a [TickWaker], may wait before it calls Tick
// again: TickEvery, or longer if nothing has called the loop for a while and
// nothing is due. It is asked right after Tick. Loop only. Does not allocate.
func (l *Loop) NextTick() time.Duration {
	every := l.TickEvery()
	if l.rest.waker == nil || !l.rest.quiet || !l.rest.calm {
		return every
	}
	wait := min(time.Duration(l.untilDue())*time.Millisecond, maxRest)
	if wait <= every {
		return every
	}
	l.publish() // what this tick did
	l.rest.rests = true
	l.rest.due.Store(int64(l.started + wait))
	return wait
}

// untilDue is the time in ms until the first deadline, or less: that of a block
// of heartbeats may have been put off since.
func (l *Loop) untilDue() int64 {
	now := stamp(l.now)
	least := l.wheel.untilDue(l.now)
	for _, list := range [][]uint32{l.table.soonest, l.watch.at} {
		for _, at := range list {
			if at != 0 {
				least = min(least, int64(int32(at-now)))
			}
		}
	}
	return least
}

// fewTimers is how many entries of a wheel are looked through for the first.
const fewTimers = 1 << 10

// untilDue is the time in ms until the first timer, or 0 for too many timers to
// look through.
func (w *Wheel) untilDue(now int64) int64 {
	least := int64(math.MaxInt64) / int64(time.Millisecond)
	switch {
	case w.live == 0:
		return least
	case len(w.timers) > fewTimers:
		return 0
	}
	for i := range w.timers {
		if e := &w.timers[i]; e.pending {
			least = min(least, e.at-now)
		}
	}
	return least
}
