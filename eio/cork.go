package eio

// Cork lends the end of the buffer in which the loop gathers what it says to the
// client whose bytes it reads, to append frames to as [Session.Send] wants them,
// about n bytes; [Session.Corked] takes it back before anything else is done. So
// an answer goes from its encoder to the kernel without a buffer of its own and
// without the inbox. ok is false wherever it would not be that simple: on
// another goroutine than the loop's, outside of a read of this session's
// websocket, when something was posted before that it would overtake, when the
// client is slow, or when n bytes may be compressed. Any goroutine. Does not
// allocate.
func (s *Session) Cork(n int) (dst []byte, ok bool) {
	l := s.loop
	if !l.Here() {
		return nil, false
	}
	p := s.peer
	switch {
	case p == nil || l.cur != p || s.state != ssOpen,
		s.flags&(sfBase64|sfRevision3) != 0 || p.flags&(pfBlocked|pfCut) != 0,
		p.flags&pfDeflate != 0 && n >= s.engine.deflate.threshold,
		s.engine.watched,
		!l.Quiet() || !p.corks(n):
		return nil, false
	}
	return l.cork, true
}

// Corked takes dst back, which [Session.Cork] has lent and one message was
// appended to. Loop only.
func (s *Session) Corked(dst []byte) {
	s.loop.cork = dst
	s.loop.stats.Sent++
}

// Here reports that the caller runs on the loop: inside a callback from the
// driver, on its goroutine. On machines where that cannot be told it is false.
// Any goroutine. Does not allocate.
func (l *Loop) Here() bool {
	g := self()
	return g != 0 && l.driver.Load() == g
}
