package eio

import (
	"net/http"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
)

// exchange is one HTTP request whose answer is not sent yet. Peers have one
// only from a head to its answer; loops keep a slab of them.
type exchange struct {
	kind      exchangeKind
	keepAlive bool
	chunked   bool
	noBody    bool // HEAD
	coding    coding
	octets    bool // the body of a POST is a binary payload
	form      bool // the body of a POST is a form
	minor     uint8
	left      int64 // of a body of known length
	limit     int64 // of the body
	chunks    http1.Chunks
	body      *pool.Buf // what has come of the body, if it came in pieces
	lines     []byte    // further header lines of the answer
	s         *Session  // of a POST
	req       *http.Request
	handler   http.Handler // of req
	cancel    func()       // ends req's context
}

type exchangeKind uint8

const (
	exPoll     exchangeKind = iota // a GET that waits
	exPost                         // a POST of packets
	exFallback                     // for Mux.Fallback
	exSkip                         // answered already; its body is read to the end
	exOther
)

func resetExchange(x *exchange) {
	lines := x.lines[:0]
	if cap(lines) > 4096 {
		lines = nil
	}
	*x = exchange{lines: lines}
}

// endExchange gives the exchange back.
func (p *Peer) endExchange() {
	x := p.x
	if x == nil {
		return
	}
	p.x = nil
	pool.Put(x.body)
	if x.cancel != nil {
		x.cancel()
	}
	p.loop.exchanges.Put(x)
}

// readHead reads one request head, if it is whole, and acts on it. n is what it
// took; moved: the connection is another loop's now.
func (p *Peer) readHead(b []byte) (n int, moved bool) {
	l := p.loop
	r := &l.head
	n, err := r.Parse(b, l.mux.maxHeader())
	if err != nil {
		status := 400
		if e, ok := err.(*http1.Error); ok {
			status = e.Status
		}
		*r = http1.Request{Minor: 1}
		p.begin(r)
		p.refuse(status)
		return len(b), false
	}
	if n == 0 {
		if p.flags&pfStarted == 0 {
			p.flags |= pfStarted
			l.watch.set(p, l.mux.headerTimeout().Milliseconds())
		}
		return 0, false
	}
	if p.flags&pfStarted != 0 { // the time for the whole request runs since it began
		l.watch.prolong(p, (l.mux.requestTimeout() - l.mux.headerTimeout()).Milliseconds())
		p.flags &^= pfStarted
	} else {
		l.watch.set(p, l.mux.requestTimeout().Milliseconds())
	}
	p.begin(r)
	if e := l.mux.engine(r.Path); e != nil {
		if p.redirect(e, r, b) {
			return 0, true
		}
		if p.state != stHead { // it should have moved and could not
			return len(b), false
		}
		p.serve(e, r)
	} else {
		p.serveOther(r)
	}
	return n, false
}

// begin starts an exchange for r.
func (p *Peer) begin(r *http1.Request) *exchange {
	x := p.loop.exchanges.Get()
	x.kind = exOther
	x.keepAlive = r.KeepAlive
	x.minor = uint8(r.Minor)
	x.chunked = r.Chunked
	x.left = max(r.ContentLength, 0)
	x.noBody = string(r.Method) == "HEAD"
	p.x = x
	return x
}

// redirect moves the connection to the loop of the session that r names, with
// the bytes b that begin with r: a session's requests are served where it
// lives.
func (p *Peer) redirect(e *Engine, r *http1.Request, b []byte) bool {
	l := p.loop
	sid, ok := http1.QueryValue(r.RawQuery, "sid", l.scratch[:0])
	if !ok || len(sid) == 0 || len(l.mux.Loops()) == 1 {
		return false
	}
	to := l.mux.LoopOf(sid)
	if to == nil || to == l || to.dead.Load() {
		return false
	}
	x := p.x
	p.x = nil
	l.exchanges.Put(x)
	if p.moveTo(to, b) {
		return true
	}
	*r = http1.Request{Minor: 1}
	p.begin(r)
	p.refuse(503)
	return false
}

// await reads the body of the exchange next.
func (p *Peer) await(kind exchangeKind, limit int) {
	x := p.x
	x.kind, x.limit = kind, int64(limit)
	x.chunks = http1.Chunks{Limit: int64(limit)}
	p.state = stBody
}

// readBody takes bytes of the body and acts when it is whole. A body that is
// here as a whole is used where it is.
func (p *Peer) readBody(b []byte) (n int) {
	x := p.x
	if !x.chunked {
		if int64(len(b)) >= x.left && x.body == nil {
			n = int(x.left)
			p.gotBody(b[:n:n])
			return n
		}
		n = int(min(x.left, int64(len(b))))
		x.left -= int64(n)
		p.gather(b[:n], int(x.left))
		if x.left == 0 {
			p.gotBody(x.gathered())
		}
		return n
	}
	if len(b) == 0 {
		return 0
	}
	m, n, done, err := x.chunks.Decode(b)
	if err != nil {
		p.badBody(err)
		return len(b)
	}
	if done && x.body == nil {
		p.gotBody(b[:m:m])
		return n
	}
	p.gather(b[:m], 0)
	if done {
		p.gotBody(x.gathered())
	}
	return n
}

// gather keeps a piece of the body; more is what is still to come, if known.
// The buffer grows with what comes, not with what is claimed.
func (p *Peer) gather(b []byte, more int) {
	x := p.x
	if x.kind == exSkip {
		return
	}
	if x.body == nil {
		x.body = pool.Get()
	}
	x.body.Grow(len(b), len(x.body.B)+len(b)+more)
	x.body.B = append(x.body.B, b...)
}

// gotBody acts on a whole body, which it borrows.
func (p *Peer) gotBody(body []byte) {
	p.loop.watch.set(p, -1)
	p.state = stBusy
	switch p.x.kind {
	case exFallback:
		p.runFallback(body)
	case exSkip:
		p.answered()
	default:
		p.gotPost(body)
	}
}

// gathered is the body that came in pieces.
func (x *exchange) gathered() []byte {
	if x.body == nil {
		return nil
	}
	return x.body.B
}

// badBody answers a body that is too large or malformed.
func (p *Peer) badBody(err error) {
	status := 400
	if e, ok := err.(*http1.Error); ok {
		status = e.Status
	}
	switch {
	case p.x.kind == exSkip: // it has its answer
		p.endExchange()
		p.endAfter(true)
		return
	case p.x.kind == exPost && status == 413:
		p.tooLarge()
		return
	case p.x.kind == exPost:
		p.detach(ReasonTransportError, err.Error())
	}
	p.refuse(status)
}

// answer sends the answer to the exchange and ends it.
func (p *Peer) answer(status int, contentType string, body []byte) {
	p.say(status, contentType, body)
	p.answered()
}

// say sends the answer to the exchange.
func (p *Peer) say(status int, contentType string, body []byte) {
	x := p.x
	l := p.loop
	h := http1.Response{Status: status, ContentType: contentType, Headers: x.lines,
		Minor: int(x.minor), KeepAlive: x.keepAlive, NoBody: x.noBody}
	l.scratch = http1.AppendResponse(l.scratch[:0], &h, body)
	p.write(l.scratch)
	if cap(l.scratch) > pool.MaxPooled {
		l.scratch = nil
	}
}

// sayHead sends the answer to a HEAD; length is as for [http1.AppendHead].
func (p *Peer) sayHead(status int, contentType string, length int) {
	x, l := p.x, p.loop
	h := http1.Response{Status: status, ContentType: contentType, Headers: x.lines,
		Minor: int(x.minor), KeepAlive: x.keepAlive}
	l.scratch = http1.AppendHead(l.scratch[:0], &h, length)
	p.write(l.scratch)
}

// answered ends an exchange whose answer is sent. The next request may be here
// already.
func (p *Peer) answered() {
	l := p.loop
	keep := p.x.keepAlive
	p.endExchange()
	p.sess = nil
	if p.flags&pfCut != 0 || p.state == stLinger {
		return
	}
	if !keep {
		p.endAfter(false)
		return
	}
	p.state = stHead
	l.watch.set(p, l.mux.idleTimeout().Milliseconds())
	p.readyNext()
}

// readyNext has the peer go on with its next request, if that is here already.
// A peer whose bytes are being read does so by itself.
func (p *Peer) readyNext() {
	l := p.loop
	if p.state == stHead && p.tail != nil && l.cur != p && p.flags&(pfReady|pfCut) == 0 {
		p.flags |= pfReady
		l.ready = append(l.ready, p)
	}
}

// refuse answers with an empty body and ends the connection, which may still
// bring what is not wanted.
func (p *Peer) refuse(status int) {
	p.x.keepAlive = false
	p.flags |= pfPolite
	p.answer(status, "", nil)
}

// maxSkip is how much of a body nobody wants is read to keep a connection.
const maxSkip = 64 << 10

// reply is answer for a request that is decided by its head alone. A body that
// follows is skipped, or the connection ends if that might be much.
func (p *Peer) reply(r *http1.Request, status int, contentType string, body []byte) {
	x := p.x
	switch {
	case !r.HasBody():
		p.answer(status, contentType, body)
	case !x.keepAlive || r.Expect100 || r.ContentLength > maxSkip:
		x.keepAlive = false
		p.flags |= pfPolite
		p.answer(status, contentType, body)
	default:
		p.say(status, contentType, body)
		p.await(exSkip, maxSkip)
	}
}

// serveOther serves what no engine does.
func (p *Peer) serveOther(r *http1.Request) {
	m := p.loop.mux
	if ep := m.endpoint(r.Path); ep != nil {
		p.serveEndpoint(ep, r)
		return
	}
	if wait := m.foreignUpgradeTimeout(); r.Upgrade && wait >= 0 {
		// As the reference: not ours, and perhaps nobody's. It ends after a
		// while, without a byte.
		p.endExchange()
		p.state = stBusy
		p.loop.watch.set(p, max(1, wait.Milliseconds()))
		return
	}
	if h := m.page(string(r.Path)); h != nil {
		p.serveFallback(h, r)
		return
	}
	p.reply(r, 404, "", nil)
}
