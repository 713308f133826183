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
	small  *pool.Shared // the same, compressed; nil until somebody wants it
	size   int
}

// part is one broadcast of a merged fan-out.
type part struct {
	frame  *pool.Shared
	from   *Socket // is passed over
	event  string  // lent, unless somebody hears of refused events
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
		m.parts = append(m.parts, part{t.frame, t.b.from, t.event, t.posted})
	}
	m.size += len(o.frame.B)
	m.parts = append(m.parts, part{o.frame, o.b.from, o.event, o.posted})
	o.frame = nil
	o.free()
	return true
}

// mergeable says that t does nothing but send, the same to all it meets.
func (t *fanout) mergeable() bool {
	return t.kind == actSend && !t.begun && t.args == nil && t.b.flags&^eio.Refuse == 0 && t.b.except.n == 0 &&
		(t.b.rooms.n == 0 || t.b.rooms.n == 1 && !t.l.mayBeID(t.b.rooms.first[0]))
}

func (t *fanout) sameTarget(o *fanout) bool {
	return t.b.flags == o.b.flags && t.b.rooms.n == o.b.rooms.n && t.b.rooms.first[0] == o.b.rooms.first[0]
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
		t.sendJoined(s)
		return
	}
	for _, p := range t.more.parts {
		switch {
		case p.from == s:
		case s.client.session.Send(p.frame, t.b.flags):
			t.sent++
		default:
			t.missed(s, p.event)
		}
	}
}

// sendJoined sends everything at once: all of it is taken, or nothing.
func (t *fanout) sendJoined(s *Socket) {
	f, fl := t.more.joined, t.b.flags
	if sess := s.client.session; sess.Deflates() {
		f, fl = t.more.deflated(sess.Engine()), fl|eio.NoCompress
	}
	if s.client.session.Send(f, fl) {
		t.sent += uint64(len(t.more.parts))
		t.carried += len(t.more.parts) - 1
		return
	}
	for i := range t.more.parts {
		t.missed(s, t.more.parts[i].event)
	}
}

// deflated lends the frames behind each other, compressed: each was compressed
// once for all loops.
func (m *merged) deflated(e *eio.Engine) *pool.Shared {
	if m.small == nil {
		m.small = pool.NewShared()
		for _, p := range m.parts {
			m.small.B = append(m.small.B, e.Deflated(p.frame).B...)
		}
	}
	return m.small
}

// release lets go of the frames and gives the memory for the next use.
func (m *merged) release() merged {
	for i := range m.parts {
		m.parts[i].frame.Release()
	}
	if m.joined != nil {
		m.joined.Release()
	}
	if m.small != nil {
		m.small.Release()
	}
	clear(m.parts)
	return merged{parts: m.parts[:0]}
}
