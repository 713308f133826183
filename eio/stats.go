package eio

import (
	"iter"
	"sync"
	"time"
)

// Stats counts what happened on a loop, or on all loops of a mux, since they
// were made. The figures are published at every tick, so they are up to
// [Loop.TickEvery] old; a loop that rests, see [Loop.NextTick], has nothing new.
type Stats struct {
	Connections uint64 // accepted
	Sessions    uint64 // opened
	Refused     uint64 // requests answered with an error code
	Messages    uint64 // received by handlers
	Sent        uint64 // messages that sessions took to send
	BytesIn     uint64 // read from connections
	BytesOut    uint64 // given to the kernel, or to net/http
	Panics      uint64 // recovered

	VolatileDropped uint64 // messages that a session could not take at once
	ClosedDropped   uint64 // messages for sessions that had ended
	SlowRefused     uint64 // messages that the backlog had no room for; the session lives
	SlowClosed      uint64 // sessions closed for their backlog, each by the message that was too much
	Closed          Closes // sessions ended
	Discarded       Closes // bytes taken to be sent that were unsent when their session or connection ended

	Fanout  Histogram     // from the post of a broadcast to its last send on a loop
	Lag     Histogram     // how late ticks were served: what other work waited too
	LagPeak time.Duration // the longest of the last second

	Open    int // sessions now
	Backlog int // bytes now that the kernel, or a poll, has not taken yet
}

// Closes counts sessions, or what was lost with them, by the reason of their end.
// It is a value.
type Closes [8]uint64

// reasons names the places of a [Closes].
var reasons = [len(Closes{})]Reason{
	ReasonPingTimeout, placeClosed: ReasonTransportClose, ReasonTransportError, ReasonParseError,
	ReasonForced, ReasonShutdown, ReasonSlow, ReasonOther,
}

// ReasonOther stands in [Closes] for the reasons that are an application's own.
const ReasonOther Reason = "other"

func (c *Closes) count(r Reason) { c[placeOf(r)]++ }

// placeOf is the place of r in a [Closes].
func placeOf(r Reason) int {
	for i := range reasons[:len(reasons)-1] {
		if reasons[i] == r {
			return i
		}
	}
	return len(reasons) - 1
}

// A peer keeps the reason of its end in the upper bits of lingers, for a field of its
// own would make each connection larger: the place in a [Closes], with the bits of
// placeClosed turned over, so that zero stands for the client's own leaving.
const (
	whyShift    = 5
	placeClosed = 1
)

// Both fit into their bits.
var (
	_ [1<<(8-whyShift) - len(Closes{})]struct{}
	_ [1<<whyShift - 1 - lingerTurns]struct{}
)

// endsBy notes why the peer ends, for what it may have to throw away later: a
// websocket that was closed in an orderly way still sends what it has.
func (p *Peer) endsBy(r Reason) {
	p.lingers = p.lingers&(1<<whyShift-1) | uint8(placeOf(r)^placeClosed)<<whyShift
}

// discarded counts n bytes that the peer has taken and throws away.
func (p *Peer) discarded(n int) {
	p.loop.stats.Discarded[p.lingers>>whyShift^placeClosed] += uint64(n)
}

// All gives each reason, always in the same order, with its count.
func (c Closes) All() iter.Seq2[Reason, uint64] {
	return func(yield func(Reason, uint64) bool) {
		for i, n := range c {
			if !yield(reasons[i], n) {
				return
			}
		}
	}
}

// add sums s and o; the peaks do not add up.
func (s *Stats) add(o *Stats) {
	s.Connections += o.Connections
	s.Sessions += o.Sessions
	s.Refused += o.Refused
	s.Messages += o.Messages
	s.Sent += o.Sent
	s.BytesIn += o.BytesIn
	s.BytesOut += o.BytesOut
	s.Panics += o.Panics
	s.VolatileDropped += o.VolatileDropped
	s.ClosedDropped += o.ClosedDropped
	s.SlowRefused += o.SlowRefused
	s.SlowClosed += o.SlowClosed
	for i, n := range o.Closed {
		s.Closed[i] += n
	}
	for i, n := range o.Discarded {
		s.Discarded[i] += n
	}
	s.Fanout.add(&o.Fanout)
	s.Lag.add(&o.Lag)
	s.LagPeak = max(s.LagPeak, o.LagPeak)
	s.Open += o.Open
	s.Backlog += o.Backlog
}

// published is a loop's Stats for readers on other goroutines. The loop itself
// counts in plain words: on its path a locked instruction would be the dearest
// of all.
type published struct {
	mu    sync.Mutex
	stats Stats
	at    time.Duration // when; 0: never yet
}

// publish makes the loop's figures readable. A reader that holds the lock does
// not hold up the loop: the next tick is soon enough.
func (l *Loop) publish() {
	if !l.public.mu.TryLock() {
		return
	}
	l.public.stats = l.stats
	l.public.stats.Open, l.public.stats.Backlog = l.table.live, l.backlog
	l.public.stats.SlowRefused = l.refused.Load()
	l.public.at = l.started
	l.public.mu.Unlock()
}

// Stats gives the loop's figures. LagPeak tells also of a loop that is held up
// now and serves no ticks. Any goroutine. Does not allocate.
func (l *Loop) Stats() Stats {
	l.public.mu.Lock()
	s, at := l.public.stats, l.public.at
	l.public.mu.Unlock()
	if l.dead.Load() {
		s.Open, s.Backlog, s.LagPeak = 0, 0, 0
		return s
	}
	if at != 0 {
		if late := l.mux.clock() - time.Duration(l.rest.due.Load()); late > l.TickEvery() {
			s.LagPeak = max(s.LagPeak, late)
		}
	}
	return s
}

// Stats sums the figures of all loops. Any goroutine. Does not allocate.
func (m *Mux) Stats() (sum Stats) {
	for _, l := range m.Loops() {
		s := l.Stats()
		sum.add(&s)
	}
	return sum
}

// lagWindow is what Stats.LagPeak looks back on.
const lagWindow = time.Second

// Late notes how long the tick that follows has waited for the loop: so long
// would any other work have waited. Drivers that know call it before Tick. Loop
// only. Does not allocate.
func (l *Loop) Late(by time.Duration) {
	l.stats.Lag.observe(by)
	l.lagPeak = max(l.lagPeak, by)
	if now := l.mux.clock(); now-l.lagFrom >= lagWindow {
		l.stats.LagPeak, l.lagPeak, l.lagFrom = l.lagPeak, 0, now
	}
	l.stats.LagPeak = max(l.stats.LagPeak, l.lagPeak)
}

// Carried notes that n more messages were sent than Send was called for: runs
// of several. Loop only. Does not allocate.
func (l *Loop) Carried(n int) { l.stats.Sent += uint64(n) }

// FannedOut notes that the broadcast posted at that time of [Mux.Elapsed] has
// been given to its last session. Stats.Fanout counts how long it took, up to
// the flush at the end of the round. Loop only, inside a Task. Does not
// allocate.
func (l *Loop) FannedOut(posted time.Duration) {
	if l.fanned == len(l.fanouts) {
		l.tellFanouts()
	}
	l.fanouts[l.fanned] = posted
	l.fanned++
}

// tellFanouts counts the fan-outs of the round that ends. The clock is read
// once for all of them.
func (l *Loop) tellFanouts() {
	now := l.mux.clock()
	for _, posted := range l.fanouts[:l.fanned] {
		l.stats.Fanout.observe(now - posted)
	}
	l.fanned = 0
}

// Elapsed is the mux's clock: a time to compare with others of it. Any
// goroutine. Does not allocate.
func (m *Mux) Elapsed() time.Duration { return m.clock() }
