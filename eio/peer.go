package eio

import (
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// Peer is one TCP connection: HTTP requests, of which one may make it a
// websocket. The driver embeds it by value and must not copy it.
//
//	head ─► body ─► busy ─► head …          HTTP, one request at a time
//	  ├─► websocket ─► closing              Engine.IO
//	  ├─► probe ─► websocket                a candidate of a polling session
//	  ├─► raw ─► closing                    a bare endpoint
//	  └─► lingering                         refused; waits for the client to hear it
//	and from everywhere ─► gone
type Peer struct {
	conn  Conn
	loop  *Loop
	sess  *Session  // of the websocket, the waiting GET, the POST
	out   *outq     // bytes the kernel has not taken; nil: none
	tail  *pool.Buf // bytes not parsed yet; nil: none
	x     *exchange // the HTTP request being served
	raw   *endpoint // of a bare websocket
	dec   wsframe.Decoder
	watch uint32 // place in the loop's watchlist, from 1
	flags uint16
	state peerState
	// lingers is how often lingering was prolonged; above whyShift, see endsBy.
	lingers uint8
}

type peerState uint8

const (
	stHead peerState = iota
	stBody
	stBusy // the answer is awaited
	stWebsocket
	stProbe
	stRaw
	stClosing // our close frame is sent, theirs awaited
	stLinger  // whatever comes is dropped
	stGone
)

const (
	pfBlocked = 1 << iota // the kernel is full
	pfCut                 // nothing may be sent any more
	pfDirty               // on the loop's dirty list
	pfHeld                // was blocked, is not empty yet
	pfEnding              // the connection ends when all is sent
	pfReady               // on the loop's ready list
	pfStarted             // a request head has begun to arrive
	pfPolite              // after its end the client is heard out
	pfBase64              // a candidate whose client takes no binary
	pfBurst               // a piece of it is in the loop's burst
)

const (
	closeWait   = 5000 // ms for the client's close frame, or to take what is left
	lingerQuiet = 250  // ms without a byte after which a refusal has surely arrived
	lingerTurns = 20   // how often that may be prolonged
	maxIdleTail = 64 << 10
)

// Accept makes *p the peer of the new connection c. The driver embeds Peer by
// value in its own structure: one allocation a connection. Loop only.
func (l *Loop) Accept(p *Peer, c Conn) {
	l.begin(nil)
	defer l.leave(p)
	*p = Peer{conn: c, loop: l, flags: pfStarted}
	l.stats.Connections++
	l.watch.set(p, l.mux.headerTimeout().Milliseconds())
}

// Loop is the loop that owns the peer. Loop only.
func (p *Peer) Loop() *Loop { return p.loop }

// Feed gives the peer bytes that arrived. It borrows b, unmasks in place and
// takes all of it. It never panics; on an error the connection is closed. It
// does not flush: see [Loop.Flush]. Loop only. Does not allocate for a message
// of an open websocket.
func (p *Peer) Feed(b []byte) {
	l := p.loop
	l.begin(p)
	defer l.leave(p)
	l.stats.BytesIn += uint64(len(b))
	p.feed(b)
}

func (p *Peer) feed(b []byte) {
	if p.flags&pfCut != 0 {
		return
	}
	if p.state < stWebsocket {
		var moved bool
		if b, moved = p.feedHTTP(b); moved {
			return
		}
	}
	switch {
	case p.state < stWebsocket:
		return
	case p.state <= stClosing:
		p.feedWebsocket(b)
	case p.flags&(pfEnding|pfCut) == 0 && p.lingers&(1<<whyShift-1) < lingerTurns:
		p.lingers++
		p.loop.watch.set(p, lingerQuiet)
	}
	if p.tail != nil { // b may have been a view of it
		pool.Put(p.tail)
		p.tail = nil
	}
}

// feedHTTP takes b as HTTP. It returns what is left once the peer is no longer
// HTTP; else it keeps that itself. After moved the peer is another loop's.
func (p *Peer) feedHTTP(b []byte) (rest []byte, moved bool) {
	if p.tail != nil {
		p.tail.B = append(p.tail.B, b...)
		b = p.tail.B
	}
	for {
		was, n := p.state, 0
		switch was {
		case stHead:
			if len(b) == 0 {
				break
			}
			if p.flags&pfBlocked != 0 { // it asks, but does not read the answers
				if len(b) > maxIdleTail {
					p.fail(ReasonTransportError, "too much sent ahead")
					return nil, false
				}
				break
			}
			if n, moved = p.readHead(b); moved {
				return nil, true
			}
		case stBody:
			n = p.readBody(b)
		case stBusy:
			if len(b) > maxIdleTail {
				p.fail(ReasonTransportError, "too much sent ahead")
				return nil, false
			}
		default:
			return b, false
		}
		b = b[n:]
		if n == 0 && p.state == was {
			break
		}
	}
	if p.state >= stWebsocket {
		return b, false
	}
	p.keep(b)
	return nil, false
}

// keep stores b, which may be a view of the tail, as the tail.
func (p *Peer) keep(b []byte) {
	if len(b) == 0 {
		pool.Put(p.tail)
		p.tail = nil
		return
	}
	if p.tail == nil {
		p.tail = pool.Get()
	}
	p.tail.B = append(p.tail.B[:0], b...)
}

// closeFrame sends a close frame, once what was sent before has gone, and waits
// for the client's.
func (p *Peer) closeFrame(frame []byte) {
	if debugTransport.On() {
		debugTransport.Print("closing", "transport", "websocket", "remote", p.conn.RemoteAddr().String())
	}
	p.write(frame)
	if p.flags&pfCut != 0 {
		return
	}
	p.state = stClosing
	p.loop.watch.set(p, closeWait)
}

// endAfter closes the connection once all is sent. polite: the client may still
// be sending, so it is heard out, for a close with unread bytes would be a
// reset that can overtake what we said.
func (p *Peer) endAfter(polite bool) {
	if p.leaveBurst(); p.flags&pfCut != 0 {
		return
	}
	p.state = stLinger
	p.flags |= pfEnding
	if polite {
		p.flags |= pfPolite
	}
	p.loop.watch.set(p, closeWait)
	if p.pending() == 0 {
		p.ended()
	}
}

// ended is called when a peer that ends has sent all.
func (p *Peer) ended() {
	p.flags &^= pfEnding
	if p.flags&pfPolite == 0 {
		p.cut(false)
		return
	}
	if h, ok := p.conn.(halfCloser); ok {
		h.CloseWrite()
	}
	p.loop.watch.set(p, lingerQuiet)
}

// cut closes the connection now. What is still queued is dropped; abort drops
// also what the kernel has.
func (p *Peer) cut(abort bool) {
	if p.flags&pfCut != 0 {
		return
	}
	if !abort && p.loop.corkPeer == p {
		p.loop.flushCork()
	}
	if p.leaveBurst(); p.flags&pfCut != 0 {
		return
	}
	p.flags |= pfCut
	p.state = stLinger
	p.dropOut()
	p.loop.watch.forget(p)
	if abort {
		p.conn.Abort()
	} else {
		p.conn.Close()
	}
}

func (p *Peer) dropOut() {
	l := p.loop
	if l.hooks != nil {
		delete(l.hooks.calls, p)
	}
	if l.corkPeer == p {
		p.discarded(len(l.cork))
		l.corkPeer = nil
		l.cork = l.cork[:0]
	}
	if q := p.out; q != nil {
		p.discarded(q.bytes)
		p.out = nil
		q.drop()
		l.outqs.Put(q)
	}
}

// broken is a failed send: the connection is gone, Closed will follow.
func (p *Peer) broken(err error) {
	p.detach(ReasonTransportClose, err.Error())
	p.cut(true)
}

// fail ends the peer and what hangs on it.
func (p *Peer) fail(r Reason, detail string) {
	if p.state == stGone {
		return
	}
	p.endsBy(r)
	p.detach(r, detail)
	p.cut(true)
}

// detach ends what hangs on a connection that is lost.
func (p *Peer) detach(r Reason, detail string) {
	s := p.sess
	if s == nil {
		return
	}
	p.sess = nil
	switch {
	case s.peer == p:
		s.end(r, detail, endDone)
	case s.poll == nil:
	case s.poll.probe == p:
		s.dropProbe()
	case s.poll.get == p:
		s.poll.get = nil
		s.end(ReasonTransportError, "poll connection closed prematurely", endCut)
	case s.poll.post == p:
		s.poll.post = nil
		s.end(ReasonTransportError, "data request connection closed prematurely", endOrderly)
	}
}

// Closed says that the connection is gone; err is why, if known. The peer must
// not be used any more. Loop only.
func (p *Peer) Closed(err error) {
	l := p.loop
	l.begin(nil)
	defer l.leave(nil)
	if p.state == stGone {
		return
	}
	if p.flags&pfBurst != 0 { // its client may still read; err is the reason, whatever comes of it
		s := p.sess
		p.sess = nil
		l.flushBurst()
		p.sess = s
	}
	detail := ""
	if err != nil {
		detail = err.Error()
	}
	p.flags |= pfCut
	p.detach(ReasonTransportClose, detail)
	p.state = stGone
	p.flags = pfCut
	p.dropOut()
	p.dec.Release()
	p.endExchange()
	pool.Put(p.tail)
	p.tail = nil
	l.watch.forget(p)
	p.conn = nil
}

// expired is called when the peer's deadline has come.
func (p *Peer) expired() {
	switch p.state {
	case stHead, stBody:
		if p.state == stHead && p.flags&pfStarted == 0 {
			p.cut(false) // idle between requests
			return
		}
		if p.x != nil && p.x.kind == exSkip {
			p.cut(false)
			return
		}
		p.detach(ReasonTransportError, "request timeout")
		p.write([]byte("HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n"))
		p.endAfter(true)
	case stBusy: // an upgrade on a path that is not ours
		p.cut(false)
	case stClosing, stLinger:
		p.cut(p.flags&(pfEnding|pfBlocked) != 0)
	}
}
