package sio

import (
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// Broadcasts to the same sockets that stand behind each other in a loop's inbox
// are done in one walk: their frames are joined once, and each socket gets all
// of them in one send. Under a flood that is what makes a delivery cheap; with
// one broadcast at a time nothing stands behind it, and nothing is joined.

const (
	maxMerged     = 64       // broadcasts in one walk
	maxMergedSize = 64 << 10 // bytes, as much as a peer queues before it flushes
)

// merged is what a fan-out has taken over, in order, itself first.
type merged struct {
	parts  []part
	joined *pool.Shared // all frames behind each other
	size   int
}

// part is one broadcast of a merged fan-out.
type part struct {
	frame  *pool.Shared
	from   *Socket // is passed over
	posted time.Duration
}

// Merge takes over a fan-out of the same kind to the same sockets. Loop only.
// Does not allocate once the pools are warm.
func (t *fanout) Merge(next eio.Task) bool {
	o, ok := next.(*fanout)
	if !ok || o.l != t.l || !t.mergeable() || !o.mergeable() || !t.sameTarget(o) {
		return false
	}
	m := &t.more
	if len(m.parts) == 0 {
		m.size = len(t.frame.B)
	}
	if len(m.parts) >= maxMerged || m.size+len(o.frame.B) > maxMergedSize {
		return false
	}
	if len(m.parts) == 0 {
		t.frame.Retain()
		m.parts = append(m.parts, part{t.frame, t.b.from, t.posted})
	}
	m.size += len(o.frame.B)
	m.parts = append(m.parts, part{o.frame, o.b.from, o.posted})
	o.frame = nil
	o.free()
	return true
}

// mergeable says that t does nothing but send, the same to all it meets.
func (t *fanout) mergeable() bool {
	return t.kind == actSend && !t.begun && t.args == nil && t.b.flags == 0 && t.b.except.n == 0 &&
		(t.b.rooms.n == 0 || t.b.rooms.n == 1 && len(t.b.rooms.first[0]) != idLen)
}

func (t *fanout) sameTarget(o *fanout) bool {
	return t.b.rooms.n == o.b.rooms.n && t.b.rooms.first[0] == o.b.rooms.first[0]
}

// join puts the frames behind each other. Loop only.
func (t *fanout) join() {
	m := &t.more
	if len(m.parts) == 0 {
		return
	}
	m.joined = pool.NewShared()
	for _, p := range m.parts {
		m.joined.B = append(m.joined.B, p.frame.B...)
	}
}

// sendMerged sends all that s is to get: everything at once, unless it made one
// of the broadcasts itself and is passed over there.
func (t *fanout) sendMerged(s *Socket) {
	mine := false
	for i := range t.more.parts {
		mine = mine || t.more.parts[i].from == s
	}
	if !mine {
		n := len(t.more.parts)
		if t.tally(uint64(n), s.client.session.Send(t.more.joined, 0)) {
			t.carried += n - 1
		}
		return
	}
	for _, p := range t.more.parts {
		if p.from != s {
			t.tally(1, s.client.session.Send(p.frame, 0))
		}
	}
}

// release lets go of the frames and gives the memory for the next use.
func (m *merged) release() merged {
	for i := range m.parts {
		m.parts[i].frame.Release()
	}
	if m.joined != nil {
		m.joined.Release()
	}
	clear(m.parts)
	return merged{parts: m.parts[:0]}
}
