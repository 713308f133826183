package eio

import (
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// attaching guards engines that get a Mux of their own with the first request.
var attaching sync.Mutex

// ServeHTTP serves the engine under net/http: any server and router, TLS, and
// HTTP/2 for polling. The request's path must still begin with Options.Path.
// An engine that no Mux has gets one of its own. Blocks for as long as a poll
// waits; a websocket goes on after it has returned. Any goroutine.
func (e *Engine) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m := e.mux.Load()
	if m == nil {
		attaching.Lock()
		if m = e.mux.Load(); m == nil {
			m = NewMux()
			m.Handle(e)
		}
		attaching.Unlock()
	}
	m.serve(w, r)
}

// ServeHTTP serves everything of m under net/http, Fallback included. Blocks
// for as long as a poll waits; a websocket goes on after it has returned. Any
// goroutine.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path, _, _ := strings.Cut(target(r), "?")
	if m.engine([]byte(path)) != nil || m.endpoint([]byte(path)) != nil {
		m.serve(w, r)
		return
	}
	if h := m.page(path); h != nil {
		h.ServeHTTP(w, r)
		return
	}
	w.WriteHeader(http.StatusNotFound)
}

func (m *Mux) serve(w http.ResponseWriter, r *http.Request) {
	if !isUpgrade(r) {
		m.roundTrip(w, r)
		return
	}
	if r.ContentLength != 0 {
		// As the raw path: what follows an upgrade are frames, not a body.
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	nc, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		// A wrapped ResponseWriter without Unwrap. The engine answers that the
		// upgrade is missing, which is what has become of it.
		m.logger().Warn("eio: cannot take the connection over for a websocket", "error", err)
		m.roundTrip(w, r)
		return
	}
	_ = nc.SetDeadline(time.Time{})
	head := appendRequest(nil, r, false, true)
	if n := buffered.Reader.Buffered(); n > 0 {
		early, _ := buffered.Reader.Peek(n)
		head = append(head, early...)
	}
	if m.Host != nil && m.Host.Adopt(m, nc, head) == nil {
		return
	}
	c := &hijacked{nc: nc}
	c.init(c, r)
	c.netPeer.end = c.cut
	if !m.enter(&c.netPeer) {
		_ = nc.Close()
		return
	}
	// A goroutine of its own lets net/http's end, with all its buffers.
	go c.serve(head)
}

func (p *netPeer) init(c Conn, r *http.Request) {
	p.conn = c
	p.secure = r.TLS != nil
	p.remote, _ = netip.ParseAddrPort(r.RemoteAddr) // unix sockets have none
}

// isUpgrade says whether r asks for a websocket on a connection that can
// become one.
func isUpgrade(r *http.Request) bool {
	return r.ProtoMajor == 1 && anyToken(r.Header["Connection"], "upgrade") &&
		anyToken(r.Header["Upgrade"], "websocket")
}

func anyToken(values []string, token string) bool {
	for _, v := range values {
		if http1.HasToken([]byte(v), token) {
			return true
		}
	}
	return false
}

// answerTimeout is how long a client may take to accept a poll's answer.
func (m *Mux) answerTimeout() time.Duration {
	if m.RequestTimeout > 0 {
		return m.RequestTimeout
	}
	return time.Minute
}

// appendRequest appends r as the head of an HTTP/1.1 request. What frames the
// message is said anew: chunked, or the length that net/http has read; upgrade
// keeps the headers that ask for a websocket.
func appendRequest(dst []byte, r *http.Request, chunked, upgrade bool) []byte {
	dst = append(dst, r.Method...)
	dst = append(dst, ' ')
	dst = append(dst, strings.ReplaceAll(target(r), " ", "%20")...) // HTTP/2 may let a space through
	dst = append(dst, " HTTP/1.1\r\n"...)
	host := r.Host
	if !http1.ValidValue(host) {
		host = ""
	}
	dst = append(dst, "Host: "...)
	dst = append(dst, host...)
	dst = append(dst, "\r\n"...)
	for name, values := range r.Header {
		switch name {
		case "Host", "Content-Length", "Transfer-Encoding", "Trailer", "Te", "Expect", "Keep-Alive", "Proxy-Connection":
			continue
		case "Connection", "Upgrade":
			if !upgrade {
				continue
			}
		case "Cookie":
			// RFC 9113, 8.2.3: cookie fields split by HTTP/2 "MUST be
			// concatenated ... using the two-octet delimiter of 0x3b, 0x20".
			values = []string{strings.Join(values, "; ")}
		}
		for _, v := range values {
			dst, _ = http1.AppendHeader(dst, name, v)
		}
	}
	switch {
	case chunked:
		dst = append(dst, "Transfer-Encoding: chunked\r\n"...)
	case r.ContentLength > 0:
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, r.ContentLength, 10)
		dst = append(dst, "\r\n"...)
	}
	return append(dst, "\r\n"...)
}
