package eio

import (
	"time"

	"github.com/sio-fast/sio-fast/pool"
)

// Loop owns sessions. One goroutine at a time drives it: a gnet loop, a
// goroutine of this package, or a test.
type Loop struct {
	mux   *Mux
	waker Waker
	index int
	inbox pool.Inbox[op]
	wheel Wheel
	now   int64
}

// NewLoop makes the next loop of m, woken by w. Any goroutine; loops may appear
// late.
func (m *Mux) NewLoop(w Waker) *Loop {
	m.mu.Lock()
	defer m.mu.Unlock()
	old := m.Loops()
	l := &Loop{mux: m, waker: w, index: len(old)}
	loops := append(old[:len(old):len(old)], l)
	m.loops.Store(&loops)
	return l
}

// Accept makes *p the peer of the new connection c. The driver embeds Peer by
// value in its own structure: one allocation a connection. Loop only.
func (l *Loop) Accept(p *Peer, c Conn) { *p = Peer{conn: c, loop: l} }

// Run does what the inbox holds and then flushes. Loop only.
func (l *Loop) Run() {}

// Tick brings the time: heartbeats, timeouts, the wheel. The driver calls it
// every TickEvery. Loop only.
func (l *Loop) Tick(now time.Time) {}

// TickEvery is how often Tick wants to be called: 10 to 50 ms, by the smallest
// interval of the mux's engines. Any goroutine.
func (l *Loop) TickEvery() time.Duration { return 10 * time.Millisecond }

// Flush sends what the peers hold back. The driver calls it at the end of each
// batch of reads, for Feed does not. Loop only.
func (l *Loop) Flush() {}

// Stop ends the loop: its sessions are closed with [ReasonShutdown], what the
// inbox holds and all that is posted later is dropped. The driver calls it when
// its goroutine ends. Loop only.
func (l *Loop) Stop() {}

// Post has t run on the loop, after everything posted before. On a loop that
// has ended it drops t, and calls its method Dropped if there is one. Any
// goroutine. Does not allocate.
func (l *Loop) Post(t Task) {}

// PostSend is Post for s.Send(f, fl). It takes one reference of f. Any
// goroutine. Does not allocate.
func (l *Loop) PostSend(s *Session, f *pool.Shared, fl SendFlags) {}

// Quiet reports that nothing is posted or half done, so that a direct send
// overtakes nobody. Loop only.
func (l *Loop) Quiet() bool { return true }

// More reports, inside a Task, that more stands behind it: queue and coalesce
// then, else send at once. Loop only.
func (l *Loop) More() bool { return false }

// Index is the loop's place among the loops of its mux. Any goroutine.
func (l *Loop) Index() int { return l.index }

// Now is the time in milliseconds of a monotonic clock, as of the last callback
// from the driver. Loop only.
func (l *Loop) Now() int64 { return l.now }

// Wheel is the loop's timers. Loop only.
func (l *Loop) Wheel() *Wheel { return &l.wheel }

// Mux is the mux the loop belongs to. Any goroutine.
func (l *Loop) Mux() *Mux { return l.mux }

// Doing notes what runs now, an event's name, for the report of a stall. It
// borrows nothing: what must stay. Loop only. Does not allocate.
func (l *Loop) Doing(what string) {}

func (l *Loop) fire(t Timer) { t.Fire(l) }
