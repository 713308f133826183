//go:build linux

package eventloop

import "time"

// ticks has each loop tick when it wants to, and does the chores, until the
// loops have ended. It never waits for a loop, so its lateness measures the
// machine, not the loops.
//
//	asleep until the first tickAt ─► wakes that loop ─► it says when next
//	        ▲                            soon: "earlier than I said" ─┐
//	        └─────────────────────────────────────────────────────────┘
func (k *core) ticks() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
		case <-k.soon:
		case <-k.buried:
			return
		}
		timer.Reset(k.tick(time.Since(k.beginNS)))
	}
}

// tick wakes the loops whose time has come, and says how long to sleep.
func (k *core) tick(now time.Duration) time.Duration {
	k.chores(now.Milliseconds())
	sleep := janitorEvery * time.Millisecond
	for _, l := range k.all() {
		every := l.eio.TickEvery()
		wait := time.Duration(l.tickAt.Load()) - now
		if wait <= 0 {
			// One that has not served its last tick gets no second one.
			if l.tickDue.CompareAndSwap(0, max(int64(now), 1)) {
				l.Wake()
			}
			wait = every
		}
		sleep = min(sleep, wait)
	}
	return sleep
}

// TickSoon implements [eio.TickWaker]. Loop only.
func (l *loop) TickSoon() {
	l.tickAt.Store(int64(time.Since(l.core.beginNS) + l.eio.TickEvery()))
	l.core.look()
}

// look has ticks look at the loops before it would: one is new, or wants its
// tick earlier. Any goroutine. Never blocks.
func (k *core) look() {
	select {
	case k.soon <- struct{}{}:
	default: // somebody has said so, and was not heard yet
	}
}
