package eio

import (
	"encoding/base64"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/wsframe"
)

// An upgrade, as the client sees it:
//
//	GET ─────────── waits ──────────── 6
//	websocket ── 101 ─ 2probe ─► 3probe ─ 5 ─► packets
//
// Until the 5 both transports exist and polling carries the packets.

const (
	firstNoop = 20  // ms after the probe: the client can have heard 3probe by then
	nextNoop  = 100 // ms, as the reference
)

var (
	probeFrame = []byte("\x81\x063probe")
)

// candidate serves the websocket that wants to take over the session s.
func (p *Peer) candidate(s *Session, r *http1.Request) {
	if !p.checkWebsocket(s.engine.deflate, r) {
		return
	}
	if debugEngine.On() {
		debugEngine.Print("upgrading existing transport", "sid", s.ID())
	}
	p.hooks(s, false)
	p.switchProtocols(r, stProbe, s.engine.opts.MaxPayload)
	if p.flags&pfCut != 0 {
		return
	}
	pl := s.poll
	if pl == nil || pl.probe != nil || s.state != ssOpen {
		p.closeFrame(wsframe.Close)
		return
	}
	if p.loop.query.base64 {
		p.flags |= pfBase64
	}
	p.sess, pl.probe = s, p
	pl.timer = s.loop.wheel.After(s.engine.opts.UpgradeTimeout.Milliseconds(), (*upgradeTimer)(pl))
}

// upgradeTimer ends a candidate that takes too long.
type upgradeTimer polling

// Fire implements Timer.
func (t *upgradeTimer) Fire(*Loop) {
	t.timer = 0
	if debugSocket.On() {
		debugSocket.Print("client did not complete upgrade, closing transport", "sid", t.s.ID())
	}
	t.s.dropProbe()
}

// noopTimer ends the waiting GET now and then, so that the client can pause.
type noopTimer polling

// Fire implements Timer.
func (t *noopTimer) Fire(l *Loop) {
	s := t.s
	t.noop = l.wheel.After(nextNoop, t)
	if t.get != nil {
		s.queue().append(noopFrame)
		s.pollDirty()
	}
}

// dropProbe ends the candidate; the session stays on polling.
func (s *Session) dropProbe() {
	pl, l := s.poll, s.loop
	p := pl.probe
	pl.probe = nil
	if !pl.closing {
		l.wheel.Cancel(pl.timer)
		pl.timer = 0
	}
	l.wheel.Cancel(pl.noop)
	pl.noop = 0
	p.sess = nil
	if p.flags&pfCut == 0 {
		p.closeFrame(wsframe.Close)
	}
}

// onProbe handles a message of a candidate.
func (p *Peer) onProbe(op wsframe.OpCode, data []byte) {
	s := p.sess
	switch {
	case op == wsframe.OpText && string(data) == "2probe":
		if debugSocket.On() {
			debugSocket.Print("got probe ping packet, sending pong", "sid", s.ID())
		}
		if h := s.engine.opts.Hooks; h != nil {
			s.hook(h.Upgrading)
		}
		p.write(probeFrame)
		if p.sess != s { // what the write pushed out of the cork ended the session
			return
		}
		if pl := s.poll; pl.noop == 0 {
			pl.noop = s.loop.wheel.After(firstNoop, (*noopTimer)(pl))
		}
	case op == wsframe.OpText && len(data) > 0 && data[0] == byte(PacketUpgrade):
		s.upgrade(p)
	default:
		s.dropProbe()
	}
}

// upgrade makes the candidate p the session's transport.
func (s *Session) upgrade(p *Peer) {
	pl, l := s.poll, s.loop
	if debugSocket.On() {
		debugSocket.Print("got upgrade packet, upgrading", "sid", s.ID())
	}
	pl.probe = nil
	l.wheel.Cancel(pl.timer)
	l.wheel.Cancel(pl.noop)
	l.idle.drop(pl)
	s.poll = nil
	s.peer = p
	p.state = stWebsocket
	// As the reference, a client says anew for each transport whether it takes
	// binary: in Node.js it does on a websocket and does not on polling.
	if s.flags &^= sfBase64; p.flags&pfBase64 != 0 {
		s.flags |= sfBase64
	}
	s.transport.Store(uint32(Websocket))
	if get := pl.get; get != nil {
		pl.get = nil
		get.answer(200, textType, pl.payload(noopPoll))
	}
	if pl.post != nil {
		pl.post.sess = nil // it is answered as usual; losing it is no loss now
	}
	pl.post = nil
	packs := pl.packs
	l.pollings.Put(pl)
	if s.flags&sfPinged != 0 {
		// The reference forgets the timeout here; then a client that is gone
		// would never be missed.
		s.arm(s.engine.pingTimeout)
	}
	s.unsent.Store(0)                          // its queue is sent below
	if s.flags&sfHeld != 0 || s.waits.Load() { // in this order: see Reserve
		p.flags |= pfHeld
		s.flags &^= sfHeld
	}
	if h := s.engine.opts.Hooks; h != nil {
		s.hook(h.Upgrade)
	}
	if q := s.q; q != nil {
		s.q = nil
		s.sendOn(q, p, packs)
	}
	if p.flags&pfHeld != 0 && s.peer == p && p.out == nil && l.corkPeer != p && p.flags&pfBurst == 0 {
		p.drained() // nothing has held it up
	}
}

// sendOn sends what has waited for a poll to p, which has taken over.
func (s *Session) sendOn(q *outq, p *Peer, packs bool) {
	l := s.loop
	fl := admitted | NoCompress
	if packs {
		fl = admitted
	}
	for _, f := range q.items[q.head:] {
		l.stats.Sent-- // it was counted when it was queued
		s.Send(f, fl)
	}
	q.drop()
	l.outqs.Put(q)
	if l.hooks != nil && s.peer == p {
		l.hooks.polledBy(s, p)
	}
}

func appendBase64(dst, data []byte) []byte {
	dst = append(dst, binaryPrefix)
	return base64.StdEncoding.AppendEncode(dst, data)
}
