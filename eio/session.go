package eio

import (
	"sync/atomic"

	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// Session is one Engine.IO session. It lives on one loop from its handshake to
// its end and survives the upgrade from polling to websocket.
type Session struct {
	engine    *Engine
	loop      *Loop
	peer      *Peer    // the websocket; nil while on polling
	poll      *polling // nil while on a websocket
	q         *outq    // packets waiting for a GET
	custom    *string  // the id, where the user makes them
	value     any
	req       Request
	sid       sid
	state     sessionState
	transport atomic.Uint32
	unsent    atomic.Int32 // bytes held up, or reserved and queued, as other goroutines see them
	coming    atomic.Int32 // bytes reserved and not sent yet
	waits     atomic.Bool  // Reserve has failed: OnDrain is due
	slot      uint32
	flags     uint8
	revision  uint8 // of Engine.IO: 3 or 4
}

// Touch reads what a send to s will read, and gives a value of no meaning, so
// that a fan-out can ask for several sessions at once: the memory of thousands
// is in no cache, and waiting for it one after the other is what a delivery
// costs besides the send. Loop only. Does not allocate.
func (s *Session) Touch() uint8 {
	if p := s.peer; p != nil && p.loop == s.loop { // both ends of a peer's memory
		return uint8(p.state)
	}
	return uint8(s.state)
}

type sessionState uint8

const (
	ssOpening sessionState = iota
	ssOpen
	ssClosing // polling only: the close packet waits for a GET
	ssClosed
)

const (
	sfPinged    = 1 << iota // a ping is unanswered
	sfExtended              // and its timeout was started anew once
	sfBase64                // b64=1: binary goes as text
	sfPolls                 // on the loop's list of polls to answer
	sfTold                  // OnOpen was called, OnClose must follow
	sfHeld                  // polling: something was refused, OnDrain is due
	sfRevision3             // an older client (Options.AllowEIO3)
	sfDistrusts             // polling: an old Internet Explorer
)

// ID is the session's id, which is a secret between it and its client. Any
// goroutine. Allocates.
func (s *Session) ID() string {
	if s.custom != nil {
		return *s.custom
	}
	return s.sid.String()
}

// Loop is the loop that owns the session. Any goroutine.
func (s *Session) Loop() *Loop { return s.loop }

// Engine is the engine the session belongs to. Any goroutine.
func (s *Session) Engine() *Engine { return s.engine }

// Value is what SetValue stored. Loop only.
func (s *Session) Value() any { return s.value }

// SetValue stores what the floor above keeps for the session. Loop only.
func (s *Session) SetValue(v any) { s.value = v }

// Transport is how the session's packets travel now. Any goroutine.
func (s *Session) Transport() Transport { return Transport(s.transport.Load()) }

// Protocol is the revision of Engine.IO that the client speaks: 4, or 3 where
// Options.AllowEIO3 lets older clients in. Any goroutine.
func (s *Session) Protocol() int { return int(s.revision) }

// Request is the handshake request, empty once it was dropped. It is immutable;
// a copy of it may be kept anywhere. Loop only.
func (s *Session) Request() *Request { return &s.req }

// DropRequest frees the stored handshake request. Loop only.
func (s *Session) DropRequest() { s.req = Request{} }

// Closed reports that the session has ended, or ends as soon as a poll comes:
// nothing can be sent any more. Loop only.
func (s *Session) Closed() bool { return s.state >= ssClosing }

// Send sends f, whose B is a run of whole unmasked server frames: a text frame
// begins with the packet type '4', a binary frame is raw data. It borrows f and
// retains it if it must queue. false: dropped, the whole run, because the
// session is closed, or too slow (then it closes with [ReasonSlow], unless fl has
// Refuse), or because of Volatile. Loop only. Does not allocate.
func (s *Session) Send(f *pool.Shared, fl SendFlags) bool {
	if s.state != ssOpen {
		s.loop.stats.ClosedDropped++
		return false
	}
	p := s.peer
	if p == nil {
		return s.sendPolling(f, fl)
	}
	if p.flags&(pfBlocked|pfCut|pfBurst) != 0 && !s.joins(p, fl) {
		return false
	}
	s.loop.stats.Sent++
	if s.engine.watched && fl&admitted == 0 {
		s.created(f.B)
	}
	switch {
	case s.flags&(sfBase64|sfRevision3) != 0:
		p.sendForm(s.engine.deflate, s.other(f), fl)
	case p.flags&pfDeflate != 0:
		p.sendForm(s.engine.deflate, f, fl)
	default:
		p.send(f)
	}
	if fl&Reserved != 0 {
		s.arrived(len(f.B))
	}
	return true
}

// SendText sends one text message, without its '4'. It borrows b. false:
// dropped, because the session is closed or too slow. Loop only. Does not
// allocate.
func (s *Session) SendText(b []byte) bool { return s.sendOwn(wsframe.OpText, b) }

// SendBinary sends one binary message. It borrows b. false: dropped, because
// the session is closed or too slow. Loop only. Does not allocate.
func (s *Session) SendBinary(b []byte) bool { return s.sendOwn(wsframe.OpBinary, b) }

func (s *Session) sendOwn(op wsframe.OpCode, b []byte) bool {
	if s.state != ssOpen {
		s.loop.stats.ClosedDropped++
		return false
	}
	p := s.peer
	size := len(b) + 1 + wsframe.HeaderSize(len(b)+1)
	if p == nil || s.engine.watched || s.flags&(sfBase64|sfRevision3) != 0 || size > corkSize ||
		p.flags&pfDeflate != 0 && len(b) >= s.engine.deflate.threshold-1 {
		f := pool.NewShared()
		f.B = appendMessage(f.B, op, b)
		ok := s.Send(f, 0)
		f.Release()
		return ok
	}
	if p.flags&(pfBlocked|pfCut|pfBurst) != 0 && !s.joins(p, 0) {
		return false
	}
	if p.flags&pfCut != 0 {
		return false
	}
	s.loop.stats.Sent++
	if p.corks(size) {
		s.loop.cork = appendMessage(s.loop.cork, op, b)
		return true
	}
	q := p.queue()
	f := q.tail()
	n := len(f.B)
	f.B = appendMessage(f.B, op, b)
	q.count(len(f.B) - n)
	p.tellBacklog()
	p.queued()
	return true
}

// appendMessage appends the frame of one message packet.
func appendMessage(dst []byte, op wsframe.OpCode, b []byte) []byte {
	if op == wsframe.OpText {
		dst = wsframe.AppendHeader(dst, op, true, len(b)+1)
		dst = append(dst, byte(PacketMessage))
		return append(dst, b...)
	}
	return wsframe.AppendFrame(dst, op, b)
}

// pingFrame is the frame of a ping packet.
var pingFrame = []byte{0x81, 0x01, byte(PacketPing)}

// ping sends a ping.
func (s *Session) ping() {
	if s.engine.watched && s.state == ssOpen {
		s.created(pingFrame)
	}
	switch {
	case s.state != ssOpen:
	case s.peer != nil:
		s.peer.write(pingFrame)
	default:
		s.poll.packs = true
		s.queue().append(pingFrame)
		s.pollDirty()
	}
}

// onPacket handles one packet of an open session, from either transport. It
// borrows data.
func (s *Session) onPacket(t PacketType, data []byte, binary bool) {
	l := s.loop
	if s.engine.watched {
		s.received(t, data, binary)
	}
	switch t {
	case PacketMessage:
		s.beatOther()
		if s.state == ssOpen {
			l.timed = true
			l.stats.Messages++
			s.engine.handler.OnMessage(s, data, binary)
		}
	case PacketPong, PacketPing:
		// Pings come from the server, in revision 3 from the client.
		switch asks := t == PacketPing; {
		case asks != (s.flags&sfRevision3 != 0):
			s.end(ReasonTransportError, "invalid heartbeat direction", endOrderly)
		case asks:
			s.beatPing()
		default:
			s.beatPong()
		}
	case PacketClose:
		s.end(ReasonTransportClose, "", endNoop)
	default: // open, upgrade, noop mean nothing here
		s.beatOther()
	}
}

// Close closes the session in an orderly way, after what was sent: with an
// empty close frame on a websocket; over polling with a close packet to the GET
// that waits or to the next one, for at most CloseTimeout. OnClose gets r, but
// never before Close has returned. Loop only.
func (s *Session) Close(r Reason) {
	switch {
	case s.state >= ssClosing:
	case s.peer != nil:
		s.end(r, "", endOrderly)
	default:
		s.closePolling(r)
	}
}

// Terminate cuts the connection without a close frame. OnClose gets
// [ReasonTransportClose], but never before Terminate has returned. Loop only.
func (s *Session) Terminate() { s.end(ReasonTransportClose, "", endCut) }

// endKind is how a session's connections learn of its end.
type endKind uint8

const (
	endOrderly endKind = iota // close frame; `1` to a waiting GET
	endNoop                   // close frame; `6` to a waiting GET
	endCut                    // connections are closed without a word
	endAbort                  // and what is unsent is dropped
	endDone                   // they know
)

// end ends the session at once. The handler hears of it when the loop has left
// every method of Session.
func (s *Session) end(r Reason, detail string, how endKind) {
	if p := s.peer; p != nil && p.flags&pfBurst != 0 {
		s.loop.flushBurst() // which may be its end
	}
	if s.state == ssClosed {
		return
	}
	s.state = ssClosed
	l := s.loop
	if debugSocket.On() {
		debugSocket.Print("close", "sid", s.ID(), "reason", string(r), "detail", debuglog.Text(detail),
			"transport", s.Transport().String())
	}
	unsent := s.unsentOf()
	if p := s.peer; p != nil {
		s.peer, p.sess = nil, nil
		p.endsBy(r)
		switch how {
		case endCut, endAbort:
			p.cut(how == endAbort)
		case endDone:
		default:
			p.closeFrame(wsframe.Close)
		}
	}
	if s.poll != nil {
		s.endPolling(how)
	}
	if l.hooks != nil {
		delete(l.hooks.polls, s)
	}
	if q := s.q; q != nil {
		s.q = nil
		l.stats.Discarded[placeOf(r)] += uint64(q.bytes)
		q.drop()
		l.outqs.Put(q)
	}
	l.table.remove(s)
	if s.custom != nil {
		l.mux.unname(*s.custom)
	}
	s.engine.clients.Add(-1)
	if s.flags&sfTold != 0 {
		l.stats.Closed.count(r)
		l.ends = append(l.ends, ending{s, r, detail, unsent})
	}
}
