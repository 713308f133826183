package sio

import (
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// What recovery forgets, and when: events and clients that are too many at once,
// those that are too old by the store's clock, one timer a namespace.

// budget is what is held against the bounds of [Recovery]. A namespace has its
// own; the children of a dynamic one share that of their parent, because clients
// choose how many there are.
type budget struct {
	events, bytes   atomic.Int64
	sessions, names atomic.Int64 // names: bytes of the names of their rooms
}

// budget gives the one that n is to use.
func (n *Namespace) budget() *budget {
	if n.parent != nil {
		return &n.parent.held
	}
	return &n.held
}

// spent says that an event has to go.
func (b *budget) spent(o *Recovery) bool {
	return b.events.Load() > int64(o.MaxEvents) || b.bytes.Load() > int64(o.MaxBytes)
}

// size is what the names take: they may come from a client, as many and as long
// as it likes.
func (r *roomSet) size() (n int) {
	for i := range r.n {
		n += len(r.at(i))
	}
	return n + 16*len(r.more) // a string's own
}

// trim forgets what is too old, and what is too much. Under mu.
func (st *store) trim() {
	since := st.now() - st.retain
	for st.head < len(st.log) {
		e := &st.log[st.head]
		if e.at >= since {
			if !st.budget.spent(st.opts) {
				return
			}
			st.stats.EventsDropped++
		}
		st.bytes -= e.size
		st.budget.events.Add(-1)
		st.budget.bytes.Add(-int64(e.size))
		*e = logged{}
		st.head++
		st.first++
	}
	st.log, st.head, st.block = st.log[:0], 0, nil
	if cap(st.log) > keepSlots {
		st.log = nil
	}
}

// full says that v is one client too many.
func (b *budget) full(v *saved, o *Recovery) bool {
	return b.sessions.Load() >= int64(o.MaxSessions) || b.names.Load()+int64(v.size) > int64(o.MaxSessions)*meanName
}

// keep waits for v. If that is too much, those it gives are waited for no more:
// the oldest of the namespace, or v where there are none.
func (st *store) keep(v *saved) (given []*saved) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for st.budget.full(v, st.opts) {
		st.stats.SessionsDropped++
		old := st.oldest
		if old == nil {
			return append(given, v)
		}
		st.forget(old)
		given = append(given, old)
	}
	v.at = st.now()
	st.sessions[v.pid] = v
	st.budget.sessions.Add(1)
	st.budget.names.Add(int64(v.size))
	st.setClock()
	if v.prev = st.newest; v.prev != nil {
		v.prev.next = v
	} else {
		st.oldest = v
	}
	st.newest = v
	return given
}

// forget waits for v no more. Under mu.
func (st *store) forget(v *saved) {
	delete(st.sessions, v.pid)
	st.budget.sessions.Add(-1)
	st.budget.names.Add(-int64(v.size))
	if v.prev != nil {
		v.prev.next = v.next
	} else {
		st.oldest = v.next
	}
	if v.next != nil {
		v.next.prev = v.prev
	} else {
		st.newest = v.prev
	}
	v.prev, v.next = nil, nil
}

// clock is the store's timer, and the task that sets it on a loop. It is set
// while anything is remembered, so that a namespace where nothing happens any
// more forgets too.
type clock store

// setClock sets the clock if it is not. Under mu.
func (st *store) setClock() {
	if st.ticks.Load() {
		return
	}
	for _, l := range st.n.each() {
		if l != nil {
			st.ticks.Store(true)
			l.ls.loop.Post((*clock)(st))
			return
		}
	}
}

// Run sets the timer. Loop only.
func (c *clock) Run(l *eio.Loop) bool {
	c.Fire(l)
	return false
}

// Dropped notes that the clock does not run: its loop has ended.
func (c *clock) Dropped() { c.ticks.Store(false) }

// Fire forgets what is due, and sets the timer for what will be. Loop only.
func (c *clock) Fire(l *eio.Loop) {
	st := (*store)(c)
	st.mu.Lock()
	var late []*saved
	for v := st.oldest; v != nil && st.now()-v.at > st.opts.MaxDisconnection; v = st.oldest {
		st.forget(v)
		st.stats.Expired++
		late = append(late, v)
	}
	st.trim()
	if wait := st.due(); wait > 0 {
		l.Wheel().After(millis(wait)+1, c)
	} else {
		st.ticks.Store(false)
	}
	st.mu.Unlock()
	for _, v := range late {
		st.lost(v)
	}
}

// due is how long until something is, 0 for never. Clients are given up at their
// time, because somebody may want to hear of it, so it is never longer than one
// that leaves after now may be away; events go now and then. Under mu.
func (st *store) due() (wait time.Duration) {
	if st.head < len(st.log) {
		wait = min(max(st.log[st.head].at+st.retain-st.now(), st.retain/8), st.opts.MaxDisconnection)
	}
	if v := st.oldest; v != nil {
		left := max(v.at+st.opts.MaxDisconnection-st.now(), 1)
		if wait == 0 || left < wait {
			wait = left
		}
	}
	return wait
}
