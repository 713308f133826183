package eio

import (
	"errors"
	"net/http"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/wsframe"
)

var errTakenID = errors.New("eio: GenerateID made an id that is in use, or is empty")

// newSession makes a session and gives it its place. It is not open yet, and
// hangs on p: should p break before it is, they end together.
func (l *Loop) newSession(e *Engine, p *Peer, q *query) (*Session, error) {
	s := &Session{engine: e, loop: l, req: *p.request(), revision: 4}
	if q.base64 {
		s.flags |= sfBase64
	}
	if !q.eio4 {
		s.flags |= sfRevision3
		s.revision = 3
	}
	if e.opts.GenerateID != nil { // before s is anywhere, for it may panic
		id, err := e.opts.GenerateID(p.request())
		if err == nil && (id == "" || !l.mux.name(id, s)) {
			err = errTakenID
		}
		if err != nil {
			return nil, err
		}
		s.custom = &id
	}
	l.table.add(s)
	n, named := l.sidNumber(s.slot)
	s.sid = l.sids.next(n)
	if s.custom == nil && !named { // the id leads nowhere by itself
		id := s.sid.String()
		l.mux.name(id, s)
		s.custom = &id
	}
	e.clients.Add(1)
	s.peer, p.sess = p, s
	return s, nil
}

// handshake opens a session for r, which has passed every check.
func (p *Peer) handshake(e *Engine, q *query, r *http1.Request) {
	l := p.loop
	if r.Upgrade {
		if ok := p.checkWebsocket(e.deflate, r); !ok {
			return
		}
	}
	if e.closing.Load() {
		p.refuse(503)
		return
	}
	s, err := l.newSession(e, p, q)
	if err != nil {
		p.refuseRequest(e, r, &refusal{code: CodeBadRequest, name: "ID_GENERATION_ERROR"})
		return
	}
	id := s.ID()
	if debugEngine.On() {
		debugEngine.Print("handshaking client", "sid", id, "websocket", r.Upgrade)
	}
	p.x.lines = e.cookie.append(p.x.lines, id)
	p.hooks(s, true)
	open := openPacket{
		upgrade:      !r.Upgrade && e.websocket && !e.opts.DisableUpgrades,
		pingInterval: int(e.pingInterval),
		pingTimeout:  int(e.pingTimeout),
		maxPayload:   e.opts.MaxPayload,
	}
	l.body = open.append(l.body[:0], id)
	first := e.opts.InitialPacket
	if e.opts.Hooks != nil {
		l.hooked()
		l.flushBurst()
		l.each = true
		s.hookOpen(l.body, first)
	}
	s.state = ssOpen
	s.beatOpen()
	if r.Upgrade {
		s.transport.Store(uint32(Websocket))
		p.switchProtocols(r, stWebsocket, e.opts.MaxPayload)
		start := len(l.scratch[:0])
		l.scratch = wsframe.AppendFrame(l.scratch[:start], wsframe.OpText, l.body)
		if first != "" {
			l.body = appendPacket(l.body[:0], first)
			l.scratch = wsframe.AppendFrame(l.scratch, wsframe.OpText, l.body)
		}
		p.write(l.scratch)
	} else {
		s.peer, p.sess = nil, nil
		s.poll = l.newPolling(s)
		if index, ok := http1.QueryValue(r.RawQuery, "j", nil); ok {
			s.poll.jsonp = jsonpHead(index)
		}
		s.flags |= distrusts(r)
		p.pollLines(s)
		p.answer(200, textType, s.poll.openPayload(l.body, first))
	}
	p.opened(s)
}

// opened tells the handler of a session whose open packet is sent.
func (p *Peer) opened(s *Session) {
	if s.state != ssOpen { // the connection broke meanwhile
		return
	}
	e := s.engine
	s.flags |= sfTold
	s.loop.timed = true
	s.loop.stats.Sessions++
	if debugSocket.On() {
		debugSocket.Print("open", "sid", s.ID(), "transport", s.Transport().String())
	}
	if e.opts.Hooks != nil {
		s.hook(e.opts.Hooks.Open)
	}
	if err := s.tellOpen(); err != nil {
		s.end(ReasonForced, err.Error(), endOrderly)
	}
	if e.opts.DropRequest {
		s.DropRequest()
	}
}

var errOpenPanic = errors.New("panic")

// tellOpen calls OnOpen. A panic counts as an error: whoever did not get through
// its OnOpen is not ready for messages.
func (s *Session) tellOpen() (err error) {
	defer func() {
		if e := recover(); e != nil {
			s.loop.panicked(e)
			err = errOpenPanic
		}
	}()
	return s.engine.handler.OnOpen(s)
}

// hooks runs the header hooks for an answer of s.
func (p *Peer) hooks(s *Session, first bool) {
	o := &s.engine.opts
	if o.Headers == nil && (o.InitialHeaders == nil || !first) {
		return
	}
	h := make(http.Header)
	if first && o.InitialHeaders != nil {
		o.InitialHeaders(p.request(), h)
	}
	if o.Headers != nil {
		o.Headers(p.request(), h)
	}
	p.x.lines = http1.AppendHeaders(p.x.lines, h)
}

// checkWebsocket checks the websocket handshake of r and refuses a bad one. d is
// what its connection may compress with.
func (p *Peer) checkWebsocket(d *deflate, r *http1.Request) bool {
	err := wsframe.CheckUpgrade(&wsframe.Upgrade{
		Method:     r.Method,
		Upgrade:    r.Header("Upgrade"),
		Connection: []byte("upgrade"), // http1 has looked at every Connection line
		Key:        r.Header("Sec-WebSocket-Key"),
		Version:    r.Header("Sec-WebSocket-Version"),
	})
	if err == nil {
		if p.negotiate(d, r) {
			return true
		}
		err = wsframe.ErrExtensions
	}
	status, reason := 400, err.Error()
	var h *wsframe.HandshakeError
	if errors.As(err, &h) {
		status, reason = h.Status, h.Reason
	}
	if status == 426 {
		p.x.lines = append(p.x.lines, "Sec-WebSocket-Version: 13\r\n"...)
	}
	p.x.keepAlive = false
	p.flags |= pfPolite
	p.answer(status, "text/html", []byte(reason))
	return false
}

// switchProtocols answers 101 and makes the peer a websocket.
func (p *Peer) switchProtocols(r *http1.Request, state peerState, maxMessage int) {
	l := p.loop
	l.scratch = wsframe.AppendUpgrade(l.scratch[:0], r.Header("Sec-WebSocket-Key"),
		firstProtocol(r.Header("Sec-WebSocket-Protocol")), p.x.lines)
	p.write(l.scratch)
	p.endExchange()
	if p.flags&pfCut != 0 {
		return
	}
	p.state = state
	p.dec.Max = uint32(min(uint64(maxMessage), 1<<31))
	l.watch.forget(p)
}

// firstProtocol is the subprotocol to answer: the first one offered, as the
// reference's library chooses. "" for none, and for what cannot stand there.
func firstProtocol(list []byte) string {
	for i, c := range list {
		if c == ',' {
			list = list[:i]
			break
		}
	}
	for len(list) > 0 && (list[0] == ' ' || list[0] == '\t') {
		list = list[1:]
	}
	for len(list) > 0 && (list[len(list)-1] == ' ' || list[len(list)-1] == '\t') {
		list = list[:len(list)-1]
	}
	if len(list) == 0 || !http1.ValidName(string(list)) {
		return ""
	}
	return string(list)
}

// serveSession serves a request that names the session s, which lives here.
func (p *Peer) serveSession(s *Session, r *http1.Request) {
	if r.Upgrade {
		p.candidate(s, r)
		return
	}
	p.hooks(s, false)
	switch string(r.Method) {
	case "GET":
		p.serveGet(s, r)
	case "POST":
		p.servePost(s, r)
	default:
		p.reply(r, 500, "", nil)
	}
}
