package pool

import (
	"sync"
	"sync/atomic"
)

// keepEntries is the room, in entries, that an idle Inbox keeps. A burst may
// need more; that is dropped when the queue has run dry.
const keepEntries = 4096

// Inbox is a queue into a goroutine: first in, first out, for any number of
// posters and one owner. Posters hold its lock for one append. The zero value
// is ready.
//
//	posters ──Post──► in ◄─ swap ─► out ──Take──► owner
//
// It is armed from the first Post until a Take finds nothing: the poster that
// arms it wakes the owner, the others need not. The owner therefore takes until
// it gets nothing.
type Inbox[T any] struct {
	mu    sync.Mutex
	in    []T
	armed bool
	some  atomic.Bool // len(in) > 0, readable without the lock
	out   []T         // the owner's: what the last Take lent
}

// Post appends v. If wake is true the queue was not armed, and the caller must
// wake the owner. Any goroutine. Does not allocate once the queue has grown.
func (q *Inbox[T]) Post(v T) (wake bool) {
	q.mu.Lock()
	if len(q.in) == 0 {
		q.some.Store(true)
	}
	q.in = append(q.in, v)
	wake = !q.armed
	q.armed = true
	q.mu.Unlock()
	return wake
}

// Take lends everything posted so far, in order, until the next Take. The queue
// zeroes the entries then, so it holds on to nothing. If there is nothing, the
// queue is disarmed and the next Post says wake. Loop only. Does not allocate.
func (q *Inbox[T]) Take() []T {
	clear(q.out)
	if cap(q.out) > keepEntries && !q.some.Load() {
		q.out = nil
	}
	q.mu.Lock()
	q.in, q.out = q.out[:0], q.in
	if len(q.out) == 0 {
		q.armed = false
	} else {
		q.some.Store(false)
	}
	q.mu.Unlock()
	return q.out
}

// Trim gives back the room of an empty queue. Loop only, and not while what
// Take has lent is in use.
func (q *Inbox[T]) Trim() {
	q.mu.Lock()
	if len(q.in) == 0 && len(q.out) == 0 {
		q.in, q.out = nil, nil
	}
	q.mu.Unlock()
}

// Empty reports whether nothing waits to be taken. Any goroutine; only the
// owner learns more than a moment's truth. Does not allocate.
func (q *Inbox[T]) Empty() bool { return !q.some.Load() }
