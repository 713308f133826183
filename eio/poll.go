package eio

import (
	"bytes"

	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
)

const textType = "text/plain; charset=UTF-8"

// polling is what a session has while it is on polling. Loops keep a slab.
//
//	queue ──► GET waits? ──► one answer with everything
//	POST ──► its packets are handled ──► ok
type polling struct {
	s       *Session
	get     *Peer // whose GET waits
	post    *Peer // whose POST is being received
	probe   *Peer // a websocket that wants to take over
	timer   TimerID
	noop    TimerID
	reason  Reason // of the orderly close that waits for a GET
	closing bool   // timer is the orderly close's
	packs   bool   // something that waits may be compressed
	jsonp   string // what begins each answer of a JSONP session

	idle       bool // on the loop's idleList: no GET waits
	prev, next *polling
	cost       int // of the session, for that list
}

func (l *Loop) newPolling(s *Session) *polling {
	pl := l.pollings.Get()
	pl.s = s
	l.heardOf(pl)
	return pl
}

// noStore is on every answer of a poll, as in the reference.
const noStore = "cache-control: no-store\r\n"

// noFilter keeps old Internet Explorers from taking an answer for an attack and
// changing it.
const noFilter = "X-XSS-Protection: 0\r\n"

// distrusts is the session flag of clients that want noFilter. As the reference:
// by their User-Agent.
func distrusts(r *http1.Request) uint8 {
	agent := r.Header("User-Agent")
	if bytes.Contains(agent, []byte(";MSIE")) || bytes.Contains(agent, []byte("Trident/")) {
		return sfDistrusts
	}
	return 0
}

// pollLines adds the lines that every polling answer of s has.
func (p *Peer) pollLines(s *Session) {
	p.x.lines = append(p.x.lines, noStore...)
	if s.flags&sfDistrusts != 0 {
		p.x.lines = append(p.x.lines, noFilter...)
	}
}

// queue is the session's queue, made if there is none.
func (s *Session) queue() *outq {
	if s.q == nil {
		s.q = s.loop.newQueue()
	}
	return s.q
}

// sendPolling queues f for the next poll.
func (s *Session) sendPolling(f *pool.Shared, fl SendFlags) bool {
	if fl&Volatile != 0 && (s.poll.get == nil || s.q != nil) {
		s.loop.stats.VolatileDropped++
		return false
	}
	if !s.admit(s.q, fl&^Volatile) {
		return false
	}
	s.loop.stats.Sent++
	if s.engine.watched {
		s.created(f.B)
	}
	s.poll.packs = s.poll.packs || fl&NoCompress == 0
	if s.poll.get != nil { // it leaves at the end of the round
		f.Retain()
		s.queue().push(f, 0)
	} else {
		s.queue().hold(f, 0)
	}
	s.tellBacklog(s.q)
	s.pollDirty()
	if fl&Reserved != 0 {
		s.arrived(len(f.B))
	}
	return true
}

// pollDirty has the waiting GET, if there is one, answered at the end of the
// round: whatever else is sent until then travels with it.
func (s *Session) pollDirty() {
	if s.flags&sfPolls == 0 && s.poll.get != nil {
		s.flags |= sfPolls
		s.loop.polls = append(s.loop.polls, s)
	}
}

func (l *Loop) flushPolls() {
	for i := 0; i < len(l.polls); i++ {
		s := l.polls[i]
		l.polls[i] = nil
		if s == nil { // its answer panicked, and ended that round
			continue
		}
		s.flags &^= sfPolls
		if s.poll != nil && s.poll.get != nil && s.q != nil {
			s.answerPoll()
		}
	}
	l.polls = l.polls[:0]
}

// serveGet lets a GET wait, or answers it if there is something to say.
func (p *Peer) serveGet(s *Session, r *http1.Request) {
	pl := s.poll
	if debugPolling.On() {
		debugPolling.Print("setting request", "sid", s.ID())
	}
	if pl.get != nil {
		s.end(ReasonTransportError, "overlap from client", endOrderly)
		p.reply(r, 400, "", nil)
		return
	}
	p.pollLines(s)
	p.x.coding = s.engine.gzip.coding(r)
	if r.HasBody() { // nobody asked for it, and nobody reads it while the GET waits
		p.x.keepAlive = false
		p.flags |= pfPolite
	}
	p.x.kind, p.x.s = exPoll, s
	p.state, p.sess, pl.get = stBusy, s, p
	p.loop.idle.drop(pl)
	p.loop.watch.set(p, -1)
	if s.state == ssClosing {
		if s.q != nil { // a client may see the close before the packets in front of it
			s.answerPoll()
			return
		}
		s.queue().append(noopFrame)
		s.queue().append(closeFrame)
		s.answerPoll()
		s.end(pl.reason, "", endDone)
		return
	}
	if s.q != nil {
		s.pollDirty()
	}
}

var (
	noopFrame  = []byte{0x81, 0x01, byte(PacketNoop)}
	closePoll  = []byte{byte(PacketClose)}
	noopPoll   = []byte{byte(PacketNoop)}
	okBody     = []byte("ok")
	closeFrame = []byte{0x81, 0x01, byte(PacketClose)}
)

// answerPoll answers the waiting GET with everything queued.
func (s *Session) answerPoll() {
	l, pl := s.loop, s.poll
	p := pl.get
	q := s.q
	pl.get, s.q = nil, nil
	if debugPolling.On() {
		debugPolling.Print("answering", "sid", s.ID(), "bytes", q.bytes)
	}
	packs := pl.packs // as the reference: one packet that may be compressed is enough
	pl.packs = false
	if pl.jsonp != "" || s.revision == 3 {
		p.sayOther(s, pl.jsonp, q, packs)
	} else {
		p.sayPoll(s, q, packs)
	}
	q.drop()
	l.outqs.Put(q)
	s.polled()
	if l.hooks != nil {
		l.hooks.polledBy(s, p)
		l.hooks.flushed(s, true)
	}
	p.answered()
	if s.poll == pl { // the answer has reached the kernel
		l.heardOf(pl)
	}
}

// sayPoll sends the packets of q as the answer of a poll; packs says that it may
// be compressed.
func (p *Peer) sayPoll(s *Session, q *outq, packs bool) {
	l, x := p.loop, p.x
	size, count := 0, 0
	for _, f := range q.items[q.head:] {
		n, k := payloadSize(f.B)
		size, count = size+n, count+k
	}
	h := http1.Response{Status: 200, ContentType: textType, Headers: x.lines, Minor: int(x.minor), KeepAlive: x.keepAlive}
	size += max(count-1, 0)
	if packs && x.coding != identity && size >= s.engine.gzip.threshold {
		p.answerCoded(s.engine.gzip, q, size)
		return
	}
	if size+1024 <= corkSize {
		l.scratch = appendPoll(l.scratch[:0], &h, q, size)
		p.write(l.scratch)
		return
	}
	f := pool.NewShared()
	f.B = appendPoll(f.B, &h, q, size)
	p.send(f)
	f.Release()
}

// appendPoll appends the answer of a poll: the packets of q, size bytes in all.
func appendPoll(dst []byte, h *http1.Response, q *outq, size int) []byte {
	if cap(dst)-len(dst) < size+1024 {
		dst = append(make([]byte, 0, len(dst)+size+1024), dst...)
	}
	dst = http1.AppendHead(dst, h, size)
	for i, f := range q.items[q.head:] {
		dst = appendPayload(dst, f.B, i > 0)
	}
	return dst
}

// servePost begins to receive a POST.
func (p *Peer) servePost(s *Session, r *http1.Request) {
	pl, x := s.poll, p.x
	if pl.post != nil {
		// As the reference: the one that is still coming is cut off.
		first := pl.post
		pl.post = nil
		first.sess = nil
		first.cut(true)
		s.end(ReasonTransportError, "data request overlap from client", endOrderly)
		p.reply(r, 400, "", nil)
		return
	}
	octets := string(r.Header("Content-Type")) == "application/octet-stream"
	if octets && s.revision == 4 {
		s.end(ReasonTransportError, "invalid content", endOrderly)
		p.reply(r, 400, "", nil)
		return
	}
	limit := s.engine.opts.MaxPayload
	if r.ContentLength > int64(limit) {
		p.tooLarge()
		return
	}
	x.s, x.form, x.octets = s, pl.jsonp != "", octets
	p.sess, pl.post = s, p
	if pl.get == nil {
		p.loop.heardOf(pl)
	}
	p.invite(r)
	p.await(exPost, limit)
}

// tooLarge answers 413; the session lives on. What still comes of the body is
// not wanted, so the connection ends.
func (p *Peer) tooLarge() {
	if s := p.sess; s != nil && s.poll != nil && s.poll.post == p {
		s.poll.post = nil
	}
	p.refuse(413)
}

// gotPost handles the packets of a POST and then answers it.
func (p *Peer) gotPost(body []byte) {
	s := p.x.s
	if debugPolling.On() {
		debugPolling.Print("received", "sid", s.ID(), "data", debuglog.Text(body))
	}
	if p.x.form || s.revision == 3 {
		s.receiveOther(body, p.x)
	} else {
		s.receive(body)
	}
	if p.flags&pfCut != 0 || p.x == nil {
		return
	}
	if pl := s.poll; pl != nil && pl.post == p {
		pl.post = nil
	}
	p.pollLines(s)
	p.answer(200, "text/html", okBody)
}

// receive handles a payload. A session that ends in the middle hears no more.
func (s *Session) receive(body []byte) {
	if s.state == ssClosed {
		return
	}
	pay, err := newPayload(body, s.engine.opts.MaxPacketsPerPayload)
	for err == nil && s.state != ssClosed {
		var pk payloadPacket
		var ok bool
		if pk, ok, err = pay.next(); !ok {
			break
		}
		s.onPacket(pk.typ, pk.data, pk.binary)
	}
	if err != nil {
		s.end(ReasonParseError, err.Error(), endOrderly)
	}
}

// closePolling closes an open session in the orderly way of polling: a GET that
// waits gets what is queued, or else the close packet; without a GET the next
// one gets what is queued. The close packet is alone in the GET after that: the
// official client handles packets a tick later than it closes.
func (s *Session) closePolling(r Reason) {
	pl := s.poll
	if pl.get != nil && s.q == nil {
		s.end(r, "", endOrderly)
		return
	}
	if pl.probe != nil {
		s.dropProbe()
	}
	if pl.get != nil {
		s.answerPoll()
	}
	s.state = ssClosing
	pl.reason, pl.closing = r, true
	pl.timer = s.loop.wheel.After(s.engine.opts.CloseTimeout.Milliseconds(), (*closeTimer)(pl))
}

// closeTimer forces an orderly close for which no GET came.
type closeTimer polling

// Fire implements Timer.
func (t *closeTimer) Fire(*Loop) {
	t.timer = 0
	t.s.end(t.reason, "", endOrderly)
}

// endPolling ends the session's part in its polling connections.
func (s *Session) endPolling(how endKind) {
	pl, l := s.poll, s.loop
	if pl.probe != nil {
		s.dropProbe()
	}
	l.wheel.Cancel(pl.timer)
	l.wheel.Cancel(pl.noop)
	l.idle.drop(pl)
	s.poll = nil
	if p := pl.post; p != nil {
		pl.post = nil
		if how == endCut || how == endAbort {
			p.sess = nil
			p.cut(true)
		}
	}
	if p := pl.get; p != nil {
		pl.get = nil
		switch how {
		case endCut, endAbort:
			p.sess = nil
			p.cut(how == endAbort)
		case endNoop:
			p.answer(200, textType, pl.payload(noopPoll))
		default:
			p.answer(200, textType, pl.payload(closePoll))
		}
	}
	l.pollings.Put(pl)
}
