package eio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime/debug"
	"strconv"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// maxAnswer bounds what Mux.Fallback may answer: the answer is held in memory.
const maxAnswer = 64 << 20

// serveFallback begins a request for h: its body is read first.
func (p *Peer) serveFallback(h http.Handler, r *http1.Request) {
	req, err := stdRequest(r)
	if err != nil {
		p.refuse(400)
		return
	}
	req.RemoteAddr = p.conn.RemoteAddr().String()
	limit := p.loop.mux.maxFallbackBody()
	if r.ContentLength > int64(limit) {
		p.refuse(413)
		return
	}
	p.x.req, p.x.handler = req, h
	p.invite(r)
	p.await(exFallback, limit)
}

// invite answers Expect: 100-continue.
func (p *Peer) invite(r *http1.Request) {
	if r.Expect100 && r.HasBody() {
		p.write([]byte(http1.Continue))
	}
}

// stdRequest makes a request of net/http, without its body.
func stdRequest(r *http1.Request) (*http.Request, error) {
	target := string(r.Target)
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil, err
	}
	req := &http.Request{
		Method: string(r.Method), URL: u, RequestURI: target,
		Proto: "HTTP/1." + strconv.Itoa(r.Minor), ProtoMajor: 1, ProtoMinor: r.Minor,
		Header: make(http.Header), Body: http.NoBody, Host: string(r.Header("Host")),
	}
	for lines := r.Headers; ; {
		name, value, rest, ok := http1.NextHeader(lines)
		if !ok {
			break
		}
		lines = rest
		req.Header.Add(string(name), string(value))
	}
	req.Header.Del("Host")
	if u.Host != "" {
		// RFC 9112, 3.2.2: a server "MUST ignore the received Host header field
		// (if any) and instead use the host information of the request-target."
		req.Host = u.Host
	}
	return req, nil
}

// runFallback runs the handler on a goroutine; it borrows body.
func (p *Peer) runFallback(body []byte) {
	x := p.x
	req := x.req
	if len(body) > 0 {
		req.Body = io.NopCloser(bytes.NewReader(bytes.Clone(body)))
	}
	req.ContentLength = int64(len(body))
	ctx, cancel := context.WithCancel(context.Background())
	x.cancel = cancel
	t := &fallback{p: p, x: x, loop: p.loop, handler: x.handler, req: req.WithContext(ctx), header: make(http.Header)}
	go t.serve()
}

// fallback is one run of Mux.Fallback: the ResponseWriter it is given, and the
// task that brings the answer back to the loop.
type fallback struct {
	p       *Peer
	x       *exchange
	loop    *Loop
	handler http.Handler
	req     *http.Request
	header  http.Header
	sent    http.Header // header as it was when the status was written
	status  int
	body    bytes.Buffer
}

func (t *fallback) serve() {
	defer t.loop.Post(t)
	defer func() {
		if e := recover(); e != nil {
			t.loop.mux.logger().Error("eio: panic in the fallback handler", "panic", fmt.Sprint(e), "stack", string(debug.Stack()))
			t.body.Reset()
			t.sent, t.status = http.Header{}, 500
		}
	}()
	t.handler.ServeHTTP(t, t.req)
}

// Header implements http.ResponseWriter.
func (t *fallback) Header() http.Header { return t.header }

// WriteHeader implements http.ResponseWriter.
func (t *fallback) WriteHeader(status int) {
	if t.status != 0 || status < 200 {
		return
	}
	t.status, t.sent = status, t.header.Clone()
}

// Write implements http.ResponseWriter. It fails when the answer gets too
// large, or when the client has gone.
func (t *fallback) Write(b []byte) (int, error) {
	t.WriteHeader(http.StatusOK)
	if err := t.req.Context().Err(); err != nil {
		return 0, err
	}
	if t.body.Len()+len(b) > maxAnswer {
		return 0, http.ErrContentLength
	}
	return t.body.Write(b)
}

// Run brings the answer back to its connection, if that still waits for it.
func (t *fallback) Run(l *Loop) bool {
	p, x := t.p, t.x
	if p.x != x || x.req == nil || x.kind != exFallback || p.loop != t.loop {
		return false
	}
	t.WriteHeader(http.StatusOK)
	contentType := t.sent.Get("Content-Type")
	if contentType == "" && t.body.Len() > 0 {
		contentType = http.DetectContentType(t.body.Bytes())
	}
	if !http1.ValidValue(contentType) {
		contentType = ""
	}
	if http1.HasToken([]byte(t.sent.Get("Connection")), "close") {
		x.keepAlive = false
	}
	length := t.length()
	t.sent.Del("Content-Type")
	if t.sent.Get("Date") == "" { // as net/http: caches reckon with it
		t.sent.Set("Date", l.wall().UTC().Format(http.TimeFormat))
	}
	x.lines = http1.AppendHeaders(x.lines, t.sent)
	body := t.body.Bytes()
	if t.status == http.StatusNoContent || t.status == http.StatusNotModified {
		body = nil
	}
	if x.noBody {
		p.sayHead(t.status, contentType, length)
		p.answered()
		return false
	}
	p.answer(t.status, contentType, body)
	return false
}

// length is what the answer to a HEAD says the body of the answer to a GET
// would have: what the handler wrote, or else what it declared; -1 if it did
// neither.
func (t *fallback) length() int {
	if n := t.body.Len(); n > 0 {
		return n
	}
	n, err := strconv.ParseInt(t.sent.Get("Content-Length"), 10, 0)
	if err != nil || n < 0 {
		return -1
	}
	return int(n)
}
