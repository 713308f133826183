package eio

import (
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
)

// keepQueues is how many empty queues a loop keeps: a fan-out that meets another
// one needs one for each of its members, for an instant. They take up to 300
// bytes each.
const keepQueues = 1 << 14

// opsPerRun bounds what one Run does before the loop serves its sockets again.
const opsPerRun = 4096

// Loop owns sessions. One goroutine at a time drives it: a gnet loop, a
// goroutine of this package, or a test.
type Loop struct {
	mux   *Mux
	waker Waker
	index int

	inbox  pool.Inbox[op]
	ops    []op // lent by the inbox
	pos    int  // the next one of ops
	dead   atomic.Bool
	deadMu sync.Mutex // lets one goroutine at a time clear the inbox of a dead loop

	now     int64         // ms, see Now
	started time.Duration // of what is being done, for stalls
	asked   uint64        // ticks when the clock was asked last
	doing   string
	timed   bool // something of the user's ran since started
	depth   int
	driver  atomic.Uintptr // the goroutine inside a callback, 0: none

	cur      *Peer // whose bytes are being read
	eager    bool  // nothing stands behind what runs: send at once
	cork     []byte
	corkPeer *Peer
	burst    burst
	held     uint64 // ticks when the first answer was gathered in the burst
	each     bool   // an engine here has Hooks: they hear of each message as it goes
	gather   []byte
	vec      [][]byte
	scratch  []byte
	body     []byte
	head     http1.Request // of the request being read
	query    query         // and its query
	full     Request       // and a copy of it, if somebody wanted one

	dirty  []*Peer    // to be flushed at the end of the round
	polls  []*Session // on polling, with packets for a waiting GET
	ready  []*Peer    // answered, with the next request already here
	ends   []ending   // sessions whose handler is still to be told
	drains []*Session
	hooks  *hookState // nil until there are any

	stats   Stats // the loop's own
	public  published
	backlog int           // bytes in all queues
	refused atomic.Uint64 // messages: Reserve counts from other goroutines
	lagPeak time.Duration // since lagFrom
	lagFrom time.Duration
	fanouts [64]time.Duration // when the broadcasts of this round were posted
	fanned  int

	table     table
	watch     watchlist
	idle      idleList
	wheel     Wheel
	rest      resting
	sids      sidSource
	outqs     pool.Slab[outq]
	exchanges pool.Slab[exchange]
	pollings  pool.Slab[polling]
}

// ending is a session that has ended.
type ending struct {
	s      *Session
	reason Reason
	detail string
	unsent []Unsent // for Hooks.Close
}

// NewLoop makes the next loop of m, woken by w. Any goroutine; loops may appear
// late.
func (m *Mux) NewLoop(w Waker) *Loop {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.Loops()
	l := &Loop{mux: m, waker: w, index: len(old)}
	l.outqs.Reset, l.outqs.Keep, l.outqs.Chunk = resetOutq, keepQueues, 32
	l.exchanges.Reset = resetExchange
	l.rest.waker, _ = w.(TickWaker)
	l.burst.sender = sendEach{l}
	if s, ok := w.(Sender); ok {
		l.burst.sender = s
	}
	l.now = m.clock().Milliseconds()
	l.wheel.now, l.wheel.cursor = l.now, l.now/wheelStep
	loops := append(old[:len(old):len(old)], l)
	m.loops.Store(&loops)
	return l
}

// epoch is the zero of every clock. A second before the start, so that no time
// is zero.
var epoch = time.Now().Add(-time.Second)

func (m *Mux) clock() time.Duration {
	if m.Clock != nil {
		return m.Clock().Sub(epoch)
	}
	return time.Since(epoch)
}

// stale reports that the clock must be asked again, whose time holds for so many
// ticks as are fresh: many a message takes less time than to ask it. A clock that
// is not the machine's is asked always. Loop only.
func (l *Loop) stale() bool { return l.mux.Clock != nil || ticks()-l.asked > fresh }

// ask asks the clock, and brings the loop its time: whatever counts from now on
// counts from there. Loop only.
func (l *Loop) ask() time.Duration {
	if l.mux.Clock == nil {
		l.asked = ticks()
	}
	now := l.mux.clock()
	l.now = now.Milliseconds()
	l.wheel.now = l.now // a timer set now counts from now, not from the last tick
	return now
}

// begin starts a callback from the driver: the time is taken. p is the peer
// whose bytes are read, or nil.
func (l *Loop) begin(p *Peer) {
	if l.depth++; l.depth > 1 {
		return
	}
	l.driver.Store(self())
	l.cur = p
	if l.stale() {
		l.started = l.ask()
	}
	if l.rest.calm {
		l.stir()
	}
}

// leave ends a callback. It is deferred, for it recovers: whatever went wrong
// costs the peer p its connection and nobody else anything.
func (l *Loop) leave(p *Peer) {
	if e := recover(); e != nil {
		l.panicked(e)
		if p != nil {
			p.fail(ReasonForced, "panic")
		}
	}
	if l.depth--; l.depth > 0 {
		return
	}
	l.eager = false
	l.settle()
	l.cur = nil
	l.driver.Store(0)
	if l.timed {
		l.timed = false
		l.stallCheck()
		l.doing = ""
	}
}

// settle is the last part of a callback: handlers hear of ends, and what they
// send then goes out; after a read that is left to the driver's Flush.
func (l *Loop) settle() {
	defer func() {
		if e := recover(); e != nil {
			l.panicked(e)
		}
	}()
	l.reap()
	if l.cur == nil && (l.corkPeer != nil || len(l.burst.out)+len(l.dirty)+len(l.polls)+len(l.ready) > 0) {
		l.flush()
	}
	if l.hooks != nil && len(l.hooks.notes) > 0 { // of what was just flushed
		l.waker.Wake()
	}
}

func (l *Loop) panicked(e any) {
	l.stats.Panics++
	l.mux.logger().Error("eio: panic on a loop", "panic", fmt.Sprint(e), "doing", l.doing, "stack", string(debug.Stack()))
}

// stallAfter is how long a callback may hold a loop up unnoticed.
const stallAfter = 100 * time.Millisecond

// stallCheck looks how long what was done has taken.
func (l *Loop) stallCheck() {
	if !l.stale() {
		return
	}
	now := l.ask()
	d := now - l.started
	l.started = now
	if d <= stallAfter {
		return
	}
	if l.mux.OnStall != nil {
		l.mux.OnStall(d, l.doing)
		return
	}
	l.mux.logger().Warn("eio: a loop was held up", "for", d, "by", l.doing)
}

// Doing notes what runs now, an event's name, for the report of a stall. Loop
// only. Does not allocate.
func (l *Loop) Doing(what string) {
	if l.doing != "" { // not the first of this callback: charge to each its own
		l.stallCheck()
	}
	l.doing, l.timed = what, true
}

// Run does what the inbox holds and then flushes. A task that wants to go on,
// or a great many ops, end the round early; the loop then wakes itself. So it
// does when the round ends in a panic: the inbox is armed then, and nobody else
// would. A loop that was stopped does nothing: its inbox is cleared by whoever
// posts. Loop only.
func (l *Loop) Run() {
	if l.dead.Load() || l.nothing() {
		return
	}
	l.begin(nil)
	defer l.leave(nil)
	whole := false
	defer func() {
		if !whole {
			l.waker.Wake()
		}
	}()
	l.runOps()
	l.eager = false
	l.flush()
	if l.fanned > 0 {
		l.tellFanouts()
	}
	whole = true
}

// runOps does what the inbox holds, for one round.
func (l *Loop) runOps() {
	for n := 0; ; n++ {
		if l.pos == len(l.ops) {
			l.ops, l.pos = l.inbox.Take(), 0
			if len(l.ops) == 0 {
				return
			}
		}
		if n == opsPerRun {
			l.waker.Wake()
			return
		}
		o := &l.ops[l.pos]
		if o.f != nil {
			l.pos++
			l.eager = l.Quiet()
			o.s.Send(o.f, o.fl)
			o.f.Release()
			continue
		}
		l.timed = true
		if l.runTask(o.task) {
			l.waker.Wake()
			return
		}
		l.reap()
	}
}

// merge lets t, which was just taken out, take over the tasks right behind it.
func (l *Loop) merge(t Task) {
	m, ok := t.(Merger)
	if !ok {
		return
	}
	for l.pos < len(l.ops) {
		next := l.ops[l.pos].task
		if next == nil || !m.Merge(next) {
			return
		}
		l.ops[l.pos], l.ops[l.pos-1] = l.ops[l.pos-1], op{}
		l.pos++
	}
}

// runTask runs the task at the head. It is taken out before, so that Quiet and
// More speak of what stands behind it, and put back if it is to go on.
func (l *Loop) runTask(t Task) (again bool) {
	l.pos++
	defer func() {
		if e := recover(); e != nil {
			again = false
			l.panicked(e)
		}
	}()
	l.merge(t)
	l.eager = l.Quiet()
	if again = t.Run(l); again {
		l.pos--
	}
	l.flushBurst()
	return again
}

// reap tells the handlers of ended and drained sessions. It is done outside of
// every method of Session, so that a handler may close what it iterates over.
func (l *Loop) reap() {
	if l.hooks != nil {
		l.tellNotes()
	}
	for len(l.ends) > 0 {
		ends := l.ends
		l.ends = nil
		for i := range ends {
			l.tell(&ends[i])
			ends[i] = ending{}
		}
		if l.ends == nil {
			l.ends = ends[:0]
		}
	}
	for i := 0; i < len(l.drains); i++ {
		s := l.drains[i]
		l.drains[i] = nil
		if s != nil {
			l.tellDrained(s)
		}
	}
	l.drains = l.drains[:0]
}

func (l *Loop) tellDrained(s *Session) {
	h, ok := s.engine.handler.(DrainHandler)
	if !ok || s.state != ssOpen {
		return
	}
	defer func() {
		if p := recover(); p != nil {
			l.panicked(p)
		}
	}()
	l.timed = true
	h.OnDrain(s)
}

func (l *Loop) tell(e *ending) {
	defer func() {
		if p := recover(); p != nil {
			l.panicked(p)
		}
	}()
	l.timed = true
	l.tellClose(e)
	e.s.engine.handler.OnClose(e.s, e.reason, e.detail)
}

// Index is the loop's place among the loops of its mux. Any goroutine.
func (l *Loop) Index() int { return l.index }

// Now is the time in milliseconds of a monotonic clock, as of a moment ago: at most
// what a callback from the driver has taken since. Loop only.
func (l *Loop) Now() int64 { return l.now }

// Wheel is the loop's timers. Loop only.
func (l *Loop) Wheel() *Wheel { return &l.wheel }

// Mux is the mux the loop belongs to. Any goroutine.
func (l *Loop) Mux() *Mux { return l.mux }
