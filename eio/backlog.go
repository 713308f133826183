package eio

import "math"

// What becomes of messages for a client that does not read as fast as it is
// written to. Options.MaxBacklog is the limit; a message that finds the backlog
// above it
//
//	Volatile   was dropped already, when the session was first held up
//	Refuse     is dropped and counted; Reserve says so beforehand
//	otherwise  closes the session with ReasonSlow
//
// A frame run is taken or dropped whole, so attachments never miss their event.

// admit says whether a message may join q, which is held up.
func (s *Session) admit(q *outq, fl SendFlags) bool {
	switch {
	case fl&Volatile != 0:
		s.loop.stats.VolatileDropped++
		return false
	case q == nil || q.bytes <= s.engine.opts.MaxBacklog || fl&(Reserved|admitted) != 0:
		return true
	case fl&Refuse != 0:
		s.loop.refused.Add(1)
		if s.peer == nil {
			s.flags |= sfHeld // a peer that is held up remembers by itself
		}
		return false
	}
	s.loop.stats.SlowClosed++
	s.end(ReasonSlow, "", endAbort)
	return false
}

// joins says whether a message may follow what was sent to p, the peer of s: of
// that it must be known what the kernel made of it.
func (s *Session) joins(p *Peer, fl SendFlags) bool {
	p.leaveBurst()
	if s.state != ssOpen {
		s.loop.stats.ClosedDropped++
		return false
	}
	return p.flags&(pfBlocked|pfCut) == 0 || s.admit(p.out, fl)
}

// Backlog is the number of bytes the session has accepted and not yet given to
// the kernel. Loop only.
func (s *Session) Backlog() int {
	n := 0
	if s.q != nil {
		n = s.q.bytes
	}
	if s.peer != nil {
		n += s.peer.pending()
	}
	return n
}

// Unsent is the backlog as other goroutines see it: the bytes that are held up,
// and those that [Session.Reserve] has let in and that are on their way or wait
// for the end of the loop's round. Else it is 0 for a client that keeps up. Any
// goroutine. Does not allocate.
func (s *Session) Unsent() int { return int(s.unsent.Load()) + int(s.coming.Load()) }

// reserveLimit keeps the sum of what is reserved and one message in 31 bits.
const reserveLimit = 1<<30 - 1

// Reserve asks whether the session has room for a message of n bytes. true: it
// has, and n counts from now on; the message must be sent with the flag
// [Reserved], and is never refused, or be given up with Unreserve. false: the
// backlog is above Options.MaxBacklog, which counts as one message refused; when
// all of it is sent, OnDrain is called. Any goroutine. Does not allocate.
func (s *Session) Reserve(n int) bool {
	limit := min(s.engine.opts.MaxBacklog, reserveLimit)
	for told := false; ; {
		c := s.coming.Load()
		if n <= reserveLimit && int(c)+int(s.unsent.Load()) <= limit {
			if s.coming.CompareAndSwap(c, c+int32(n)) {
				return true
			}
			continue
		}
		if told {
			s.loop.refused.Add(1)
			return false
		}
		// The loop looks at waits after it has counted down. So either it sees
		// this, or what it has counted is seen here.
		s.waits.Store(true)
		told = true
	}
}

// Unreserve gives up what Reserve has let in. Loop only.
func (s *Session) Unreserve(n int) { s.arrived(n) }

// arrived notes that n reserved bytes were sent, or queued.
func (s *Session) arrived(n int) {
	p := s.peer
	if p != nil && p.out != nil && p.flags&pfBlocked == 0 {
		s.tellBacklog(p.out) // it waits for the end of the round, and counts until then
	}
	s.coming.Add(-int32(n))
	if !s.waits.Load() || s.state != ssOpen {
		return
	}
	if p == nil {
		s.flags |= sfHeld
		if s.q == nil {
			s.drained()
		}
		return
	}
	p.flags |= pfHeld
	if p.out == nil && p.loop.corkPeer != p && p.flags&pfBurst == 0 {
		p.drained()
	}
}

// drained has the handler hear that a session that was held up is empty again.
func (s *Session) drained() {
	s.flags &^= sfHeld
	s.unsent.Store(0)
	s.waits.Store(false)
	s.loop.drains = append(s.loop.drains, s)
}

// tellBacklog lets other goroutines know of a queue that is held up.
func (s *Session) tellBacklog(q *outq) { s.unsent.Store(int32(min(q.bytes, math.MaxInt32))) }

func (p *Peer) tellBacklog() {
	if p.state == stWebsocket && p.flags&pfBlocked != 0 && p.out != nil && p.sess != nil {
		p.sess.tellBacklog(p.out)
	}
}

// polled notes that a poll has taken everything.
func (s *Session) polled() {
	s.unsent.Store(0)
	if s.state == ssOpen && (s.flags&sfHeld != 0 || s.waits.Load()) {
		s.drained()
	}
}
