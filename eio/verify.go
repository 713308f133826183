package eio

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/internal/http1"
)

// query is what the engine reads of a request's query.
type query struct {
	transport []byte // views of the request, or of room
	sid       []byte
	eio4      bool
	protocol  []byte
	base64    bool
	room      [192]byte // for what was percent-encoded
}

func (q *query) read(raw []byte) {
	q.transport, _ = http1.QueryValue(raw, "transport", q.room[:0:64])
	q.sid, _ = http1.QueryValue(raw, "sid", q.room[64:64:128])
	q.protocol, _ = http1.QueryValue(raw, "EIO", q.room[128:128:192])
	q.eio4 = string(q.protocol) == "4"
	b64, ok := http1.QueryValue(raw, "b64", nil)
	q.base64 = ok && len(b64) > 0
}

// refusal is why a request is refused: an error code, a text where it is not
// the code's own, and what connection_error tells besides.
type refusal struct {
	code    int
	message string
	name    string
	context func() map[string]string // only called if somebody listens
	answer  *Answer                  // what is answered instead; nil: the reference's JSON
}

// serve serves a request of e. It runs the checks in the reference's order.
func (p *Peer) serve(e *Engine, r *http1.Request) {
	l := p.loop
	x := p.x
	if debugEngine.On() {
		debugEngine.Print("handling request", "method", debuglog.Text(r.Method), "path", debuglog.Text(r.Path),
			"query", debuglog.Text(r.RawQuery), "upgrade", r.Upgrade)
	}
	l.full = Request{}
	if ref := e.middlewares(p); ref != nil {
		p.refuseRequest(e, r, ref)
		return
	}
	policy := e.cors
	if policy.dynamic() {
		policy = policy.pick(p.request())
	}
	x.lines = policy.append(x.lines, r)
	if status, ok := policy.preflight(r); ok && !r.Upgrade {
		p.reply(r, status, "", nil)
		return
	}
	q := &l.query
	q.read(r.RawQuery)
	if ref := e.checkTransport(q, r); ref != nil {
		p.refuseRequest(e, r, ref)
		return
	}
	if len(q.sid) > 0 {
		s := l.find(e, q.sid)
		if ref := e.checkSession(s, q, r); ref != nil {
			p.refuseRequest(e, r, ref)
			return
		}
		p.serveSession(s, r)
		return
	}
	if ref := e.checkHandshake(p, q, r); ref != nil {
		p.refuseRequest(e, r, ref)
		return
	}
	p.handshake(e, q, r)
}

// request is the request being served as a copy, made once and only for those
// who want it. It is lent until the next request.
func (p *Peer) request() *Request {
	l := p.loop
	if l.full.Empty() {
		l.full = newRequest(&l.head, p.conn.RemoteAddr(), p.conn.Secure(), l.wall())
	}
	return &l.full
}

// middlewares runs Options.Use.
func (e *Engine) middlewares(p *Peer) *refusal {
	if len(e.opts.Use) == 0 {
		return nil
	}
	h := make(http.Header)
	for _, mw := range e.opts.Use {
		if err := mw(p.request(), h); err != nil {
			p.x.lines = http1.AppendHeaders(p.x.lines, h)
			ref := &refusal{code: CodeBadRequest, name: "MIDDLEWARE_FAILURE"}
			errors.As(err, &ref.answer)
			return ref
		}
	}
	p.x.lines = http1.AppendHeaders(p.x.lines, h)
	return nil
}

func (e *Engine) checkTransport(q *query, r *http1.Request) *refusal {
	polling, websocket := string(q.transport) == "polling", string(q.transport) == "websocket"
	if !(polling && e.polling || websocket && e.websocket) {
		t := q.transport
		return &refusal{code: CodeUnknownTransport, context: func() map[string]string {
			return map[string]string{"transport": string(t)}
		}}
	}
	if r.Upgrade && polling { // an upgrade request for a transport that has none
		return &refusal{code: CodeBadRequest, name: "TRANSPORT_HANDSHAKE_ERROR"}
	}
	// HTTP/1.1 as parsed allows bytes above 0x7f in a value; an origin is ASCII.
	for _, c := range r.Header("Origin") {
		if c >= 0x7f || c < ' ' {
			return &refusal{code: CodeBadRequest, name: "INVALID_ORIGIN"}
		}
	}
	return nil
}

// checkSession checks a request that names a session.
func (e *Engine) checkSession(s *Session, q *query, r *http1.Request) *refusal {
	switch {
	case s == nil:
		sid := q.sid
		return &refusal{code: CodeUnknownSession, context: func() map[string]string {
			return map[string]string{"sid": string(sid)}
		}}
	case !r.Upgrade && s.Transport().String() != string(q.transport):
		t := q.transport
		return &refusal{code: CodeBadRequest, name: "TRANSPORT_MISMATCH", context: func() map[string]string {
			return map[string]string{"transport": string(t), "previousTransport": s.Transport().String()}
		}}
	case q.eio4 != (s.revision == 4):
		v := q.protocol
		return &refusal{code: CodeBadRequest, name: "PROTOCOL_MISMATCH", context: func() map[string]string {
			return map[string]string{"protocol": string(v), "previousProtocol": strconv.Itoa(s.Protocol())}
		}}
	case r.Upgrade && e.opts.DisableUpgrades:
		return &refusal{code: CodeBadRequest, name: "TRANSPORT_MISMATCH"}
	case !r.Upgrade && s.peer != nil: // a plain request for a websocket
		return &refusal{code: CodeBadRequest, name: "TRANSPORT_MISMATCH"}
	}
	return nil
}

// checkHandshake checks a request without a session.
func (e *Engine) checkHandshake(p *Peer, q *query, r *http1.Request) *refusal {
	if string(r.Method) != "GET" {
		method := r.Method
		return &refusal{code: CodeBadHandshakeMethod, context: func() map[string]string {
			return map[string]string{"method": string(method)}
		}}
	}
	if string(q.transport) == "websocket" && !r.Upgrade {
		return &refusal{code: CodeBadRequest, name: "TRANSPORT_HANDSHAKE_ERROR"}
	}
	if e.opts.AllowRequest != nil {
		if err := e.opts.AllowRequest(p.request()); err != nil {
			return &refusal{code: CodeForbidden, message: err.Error()}
		}
	}
	if !q.eio4 && !e.opts.AllowEIO3 {
		return &refusal{code: CodeUnsupportedVersion, context: func() map[string]string {
			return map[string]string{"protocol": "3"}
		}}
	}
	return nil
}

// refuseRequest answers a refused request and tells connection_error.
func (p *Peer) refuseRequest(e *Engine, r *http1.Request, ref *refusal) {
	if ref.answer != nil {
		p.answerInstead(r, ref.answer)
		return
	}
	p.loop.stats.Refused++
	message := ref.message
	if message == "" {
		message = codeMessages[ref.code]
	}
	if debugEngine.On() {
		debugEngine.Print("request refused", "code", ref.code, "message", debuglog.Text(message))
	}
	if hook := e.opts.OnConnectionError; hook != nil {
		ce := &ConnectionError{Code: ref.code, Message: message, Request: p.request()}
		if ref.context != nil {
			ce.Context = ref.context()
		}
		if ref.name != "" {
			if ce.Context == nil {
				ce.Context = make(map[string]string, 1)
			}
			ce.Context["name"] = ref.name
		}
		p.loop.timed = true
		hook(ce)
	}
	if r.Upgrade {
		p.refuseUpgrade(message)
		return
	}
	status := 400
	if ref.code == CodeForbidden {
		status = 403
	}
	body := append(p.loop.body[:0], `{"code":`...)
	body = strconv.AppendInt(body, int64(ref.code), 10)
	body = append(body, `,"message":`...)
	body = appendQuoted(body, message)
	body = append(body, '}')
	p.loop.body = body
	p.reply(r, status, "application/json", body)
}

// answerInstead gives the answer of a function of Options.Use.
func (p *Peer) answerInstead(r *http1.Request, a *Answer) {
	status := a.Status
	if status < 200 || status > 599 {
		status = 500
	}
	if r.Upgrade { // what follows may be frames
		p.x.keepAlive = false
	}
	p.reply(r, status, "", []byte(a.Body))
}

// refuseUpgrade answers an upgrade as the reference does, raw: always 400, and
// the connection ends.
func (p *Peer) refuseUpgrade(message string) {
	out := append(p.loop.scratch[:0], "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: "...)
	out = strconv.AppendInt(out, int64(len(message)), 10)
	out = append(out, "\r\n\r\n"...)
	out = append(out, message...)
	p.loop.scratch = out
	p.write(out)
	p.endExchange()
	p.endAfter(true)
}

// wall is the time of day, for requests.
func (l *Loop) wall() time.Time {
	if l.mux.Clock != nil {
		return l.mux.Clock()
	}
	return time.Now()
}
