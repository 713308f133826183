package eio

import (
	"slices"

	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// Hooks hear what the sessions of an engine do: the events of the reference's
// engine sockets. A nil field is not called, and an engine without hooks pays
// nothing for them. All are called on the loop of the session and must not
// block. Packet and PacketCreate are called in the middle of things: what they
// send or close goes through [Loop.Post].
type Hooks struct {
	// Open hears of a session that is open, before Handler.OnOpen.
	Open func(s *Session)
	// Packet hears of each packet that came, before anything is done about it.
	// It borrows data.
	Packet func(s *Session, t PacketType, data []byte, binary bool)
	// PacketCreate hears of each packet that is sent, before it is queued: open,
	// ping (pong of older clients) and message. It borrows data.
	PacketCreate func(s *Session, t PacketType, data []byte, binary bool)
	// Flush hears that packets have been given to the session's transport.
	Flush func(s *Session)
	// Drain hears, after Flush, that all of them have gone to the kernel.
	Drain func(s *Session)
	// Heartbeat hears that the client has answered a ping, or has sent one if it
	// is an older one.
	Heartbeat func(s *Session)
	// Upgrading hears that a websocket probes the session.
	Upgrading func(s *Session)
	// Upgrade hears that the session has gone over to a websocket.
	Upgrade func(s *Session)
	// Close hears of the end of a session that was open, before Handler.OnClose,
	// with the messages that did not go to the kernel as a whole, at most
	// Options.MaxBacklog bytes and one message; those compressed already are not
	// among them, nor any when the server closes. It is given unsent.
	Close func(s *Session, r Reason, detail string, unsent []Unsent)
}

// Unsent is a message that a session has not sent.
type Unsent struct {
	Data   []byte
	Binary bool
}

// note is a call that is due: outside of every method of Session.
type note struct {
	s    *Session
	hook func(*Session) // or
	fn   func()         // of WhenSent
}

// sentCall is a function that waits for bytes to go.
type sentCall struct {
	s    *Session
	fn   func()
	left int // bytes of its peer that go before
}

// hookState is what a loop keeps for hooks and WhenSent, once there are any.
type hookState struct {
	notes []note
	calls map[*Peer][]sentCall  // in order
	polls map[*Session][]func() // for the next poll, in order
}

// WhenSent has fn called once everything that was sent on s before has gone to
// the kernel, over polling: with the answer of a poll. Of several functions the
// order is kept; each is called once, on the loop, and must not block; none is
// called when the session ends before. Loop only.
func (s *Session) WhenSent(fn func()) {
	if s.state != ssOpen {
		return
	}
	l := s.loop
	h := l.hooked()
	p := s.peer
	switch {
	case p != nil && p.pending() == 0:
		h.notes = append(h.notes, note{s: s, fn: fn})
	case p != nil:
		h.wait(p, sentCall{s, fn, p.pending()})
	case s.q == nil:
		h.notes = append(h.notes, note{s: s, fn: fn})
	default:
		if h.polls == nil {
			h.polls = make(map[*Session][]func())
		}
		h.polls[s] = append(h.polls[s], fn)
	}
}

// hooked gives what the loop keeps for hooks.
func (l *Loop) hooked() *hookState {
	if l.hooks == nil {
		l.hooks = new(hookState)
	}
	return l.hooks
}

func (h *hookState) wait(p *Peer, c sentCall) {
	if h.calls == nil {
		h.calls = make(map[*Peer][]sentCall)
	}
	h.calls[p] = append(h.calls[p], c)
}

// wrote notes that n bytes of p have gone to the kernel.
func (h *hookState) wrote(p *Peer, n int) {
	if calls := h.calls[p]; len(calls) > 0 {
		done := 0
		for i := range calls {
			if calls[i].left -= n; calls[i].left <= 0 && done == i {
				h.notes = append(h.notes, note{s: calls[i].s, fn: calls[i].fn})
				done++
			}
		}
		if calls = slices.Delete(calls, 0, done); len(calls) > 0 {
			h.calls[p] = calls
		} else {
			delete(h.calls, p)
		}
	}
	if s := p.sess; s != nil && s.peer == p {
		h.flushed(s, p.pending() == 0)
	}
}

// flushed notes the hooks of packets that have gone.
func (h *hookState) flushed(s *Session, all bool) {
	k := s.engine.opts.Hooks
	if k == nil {
		return
	}
	if k.Flush != nil {
		h.notes = append(h.notes, note{s: s, hook: k.Flush})
	}
	if all && k.Drain != nil {
		h.notes = append(h.notes, note{s: s, hook: k.Drain})
	}
}

// polledBy notes that what waited for a poll of s is p's to send: the answer's,
// or the websocket's that has taken over.
func (h *hookState) polledBy(s *Session, p *Peer) {
	left := p.pending()
	for _, fn := range h.polls[s] {
		if left == 0 {
			h.notes = append(h.notes, note{s: s, fn: fn})
		} else {
			h.wait(p, sentCall{s, fn, left})
		}
	}
	delete(h.polls, s)
}

// tellNotes makes the calls that are due.
func (l *Loop) tellNotes() {
	for h := l.hooks; len(h.notes) > 0; {
		notes := h.notes
		h.notes = nil
		for i := range notes {
			l.tellNote(&notes[i])
			notes[i] = note{}
		}
		if h.notes == nil {
			h.notes = notes[:0]
			return
		}
	}
}

func (l *Loop) tellNote(n *note) {
	defer l.guard()
	l.timed = true
	switch {
	case n.s.state == ssClosed:
	case n.fn != nil:
		n.fn()
	default:
		n.hook(n.s)
	}
}

// guard is deferred where a hook runs: its panic spoils nothing else.
func (l *Loop) guard() {
	if e := recover(); e != nil {
		l.panicked(e)
	}
}

// hook calls one of the engine's hooks that take a session alone.
func (s *Session) hook(fn func(*Session)) {
	if fn != nil {
		defer s.loop.guard()
		fn(s)
	}
}

func (s *Session) hookPacket(fn func(*Session, PacketType, []byte, bool), t PacketType, data []byte, binary bool) {
	if fn != nil {
		defer s.loop.guard()
		fn(s, t, data, binary)
	}
}

// created tells of the packets in frames.
func (s *Session) created(frames []byte) {
	for op, data := range wsframe.Walk(frames) {
		t, rest, ok := PacketMessage, data, true
		if op != wsframe.OpBinary {
			t, rest, ok = parsePacket(data)
		}
		if !ok {
			continue
		}
		if debugSocket.On() {
			s.debugPacket("sending packet", t, rest, op == wsframe.OpBinary)
		}
		if h := s.engine.opts.Hooks; h != nil {
			s.hookPacket(h.PacketCreate, t, rest, op == wsframe.OpBinary)
		}
	}
}

// received tells of a packet that came.
func (s *Session) received(t PacketType, data []byte, binary bool) {
	if debugSocket.On() {
		s.debugPacket("received packet", t, data, binary)
	}
	if h := s.engine.opts.Hooks; h != nil {
		s.hookPacket(h.Packet, t, data, binary)
	}
}

// heartbeat tells that the client lives.
func (s *Session) heartbeat() {
	if debugSocket.On() {
		debugSocket.Print("heartbeat", "sid", s.ID())
	}
	if h := s.engine.opts.Hooks; h != nil {
		s.hook(h.Heartbeat)
	}
}

// unsentOf collects what s has not sent. It is called before s lets go of it.
func (s *Session) unsentOf() (list []Unsent) {
	if k := s.engine.opts.Hooks; k == nil || k.Close == nil {
		return nil
	}
	q := s.q
	if p := s.peer; p != nil {
		q = p.out
		if s.loop.corkPeer == p {
			return appendUnsent(nil, s.loop.cork, 0)
		}
	}
	if q == nil {
		return nil
	}
	off := q.off
	for _, f := range q.items[q.head:] {
		list = appendUnsent(list, f.B, off)
		off = 0
	}
	if s.flags&sfRevision3 != 0 && s.peer != nil {
		for i := range list {
			if list[i].Binary { // behind its type byte
				list[i].Data = list[i].Data[1:]
			}
		}
	}
	return list
}

// appendUnsent appends the messages of frames whose end lies behind off.
func appendUnsent(list []Unsent, frames []byte, off int) []Unsent {
	const rsv1 = 0x40
	for {
		op, data, rest, ok := wsframe.Next(frames)
		if !ok {
			return list
		}
		size := len(frames) - len(rest)
		plain := frames[0]&rsv1 == 0
		frames = rest
		if off -= size; off >= 0 || !plain {
			continue
		}
		if op == wsframe.OpBinary {
			list = append(list, Unsent{slices.Clone(data), true})
		} else if op == wsframe.OpText && len(data) > 0 && data[0] == byte(PacketMessage) {
			list = append(list, Unsent{slices.Clone(data[1:]), false})
		}
	}
}

// tellClose calls the hook of an end.
func (l *Loop) tellClose(e *ending) {
	if k := e.s.engine.opts.Hooks; k != nil && k.Close != nil {
		defer l.guard()
		k.Close(e.s, e.reason, e.detail, e.unsent)
	}
}

// keeps says that the frame at the head of p's queue must stay in one piece:
// half a frame does not tell later where it begins, and so what was not sent.
func (p *Peer) keeps() bool {
	return p.sess != nil && p.sess.engine.opts.Hooks != nil && p.sess.engine.opts.Hooks.Close != nil
}

// tearOff queues the rest of b, of which n bytes have gone, in one piece. b is
// the bytes of f, or f is nil.
func (q *outq) tearOff(b []byte, n int, f *pool.Shared) {
	if f != nil {
		f.Retain()
		q.push(f, n)
		return
	}
	q.append(b)
	q.consume(n)
}

// hookOpen tells of the packets of a handshake.
func (s *Session) hookOpen(open []byte, first string) {
	fn := s.engine.opts.Hooks.PacketCreate
	s.hookPacket(fn, PacketOpen, open[1:], false)
	if first != "" {
		s.hookPacket(fn, PacketMessage, []byte(first), false)
	}
}
