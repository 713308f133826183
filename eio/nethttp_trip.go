package eio

import (
	"context"
	"io"
	"net/http"
	"net/netip"
	"strconv"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// roundTrip is one request of net/http other than a websocket's. To the peer
// it is a connection that carries a single HTTP/1.1 request, in plain bytes; so
// every status and every body is by construction what the raw path answers.
type roundTrip struct {
	netPeer
	head bool // a HEAD request: the answer has no body

	mu     sync.Mutex
	out    []byte        // the answer, as far as it has come
	whole  bool          // it is complete
	over   bool          // done is closed
	broken bool          // the connection ended, perhaps without an answer
	done   chan struct{} // closed when one of both happens
}

// Send is Conn's: it takes all. What a session may hold for a poll is bounded
// above. Loop only.
func (x *roundTrip) Send(p []byte) (int, error) { return x.SendV([][]byte{p}) }

// SendV is Conn's. Loop only.
func (x *roundTrip) SendV(bufs [][]byte) (n int, err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.over {
		return 0, errGone
	}
	for _, b := range bufs {
		x.out = append(x.out, b...)
		n += len(b)
	}
	if a, ok := parseAnswer(x.out, x.head); ok && a.length >= 0 && len(a.body) >= a.length {
		x.finish(true)
	}
	return n, nil
}

// finish releases the handler; x.mu is held.
func (x *roundTrip) finish(whole bool) {
	if !x.over {
		x.over, x.whole = true, whole
		close(x.done)
	}
}

// Close is Conn's: the answer, if it has no length of its own, is complete.
// Loop only.
func (x *roundTrip) Close() { x.ended(true) }

// CloseWrite ends an answer that has no length of its own. Loop only.
func (x *roundTrip) CloseWrite() {
	x.mu.Lock()
	if a, ok := parseAnswer(x.out, x.head); ok && a.length < 0 {
		x.finish(true)
	}
	x.mu.Unlock()
}

// Abort is Conn's. Loop only.
func (x *roundTrip) Abort() { x.ended(false) }

func (x *roundTrip) ended(orderly bool) {
	x.mu.Lock()
	a, ok := parseAnswer(x.out, x.head)
	x.finish(ok && orderly && a.length < 0)
	told := x.broken
	x.broken = true
	x.mu.Unlock()
	if !told {
		x.post(evClosed)
	}
}

// RemoteAddr is Conn's. Loop only.
func (x *roundTrip) RemoteAddr() netip.AddrPort { return x.remote }

// Secure is Conn's. Loop only.
func (x *roundTrip) Secure() bool { return x.secure }

// Move is Conn's: any loop will do. Loop only.
func (x *roundTrip) Move(to *Loop, _ *Peer) bool { return x.move(to) }

// shutdown has the host's stop end a request that still waits. Any goroutine.
func (x *roundTrip) shutdown() { x.end() }

// roundTrip answers a request that is no websocket.
func (m *Mux) roundTrip(w http.ResponseWriter, r *http.Request) {
	x := &roundTrip{head: r.Method == http.MethodHead, done: make(chan struct{})}
	x.init(x, r)
	x.netPeer.end = func() {
		x.mu.Lock()
		x.finish(false)
		x.mu.Unlock()
	}
	if !m.enter(&x.netPeer) {
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	rc := http.NewResponseController(w)
	body := r.Body != nil && r.Body != http.NoBody && r.ContentLength != 0
	chunked := body && r.ContentLength < 0
	x.feed(appendRequest(nil, r, chunked, false))
	if !body || x.upload(rc, r, chunked) {
		// A poll may wait for longer than the server's ReadTimeout, which would
		// end its context.
		_ = rc.SetReadDeadline(time.Time{})
	}
	select {
	case <-x.done:
	case <-r.Context().Done():
	}
	over := x.leave(r.Context())
	m.host.leave(&x.netPeer)
	x.mu.Lock()
	a, ok := parseAnswer(x.out, x.head)
	ok = ok && x.whole
	x.mu.Unlock()
	switch {
	case ok:
		// The server's WriteTimeout began with the request, and may be over.
		_ = rc.SetWriteDeadline(time.Now().Add(m.answerTimeout()))
		a.write(w, r.ProtoMajor)
		_ = rc.Flush()
		_ = rc.SetWriteDeadline(time.Time{})
	case over:
		// The engine, or a body that broke off, ended it: so does this, for the
		// connection or the stream, without an answer. Where the context ended it,
		// whoever did that may answer.
		panic(http.ErrAbortHandler)
	}
}

// leave tells the peer that its connection is gone: an end between requests
// after an answer, an error before it. over says that it had ended already.
func (x *roundTrip) leave(ctx context.Context) (over bool) {
	x.mu.Lock()
	told := x.broken
	x.broken = true
	if over = x.over; !over {
		x.closeErr = context.Cause(ctx)
	}
	x.finish(false)
	x.mu.Unlock()
	if !told {
		x.post(evClosed)
	}
	return over
}

// upload feeds the request's body as it comes. It returns true when that has
// ended, and false when the request is over before: refused for its size,
// overlapped, cut.
func (x *roundTrip) upload(rc *http.ResponseController, r *http.Request, chunked bool) bool {
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := x.copyBody(r.Body, chunked); err != nil {
			x.end()
		}
	}()
	select {
	case <-done:
		return true
	case <-x.done:
	case <-r.Context().Done():
	}
	// The body is of no interest any more: a Read that waits for it must return,
	// and net/http, which reads what is left of it, must not wait for long.
	_ = rc.SetReadDeadline(time.Now().Add(unreadGrace))
	<-done
	if x.answered() {
		_ = rc.SetReadDeadline(time.Now().Add(10 * unreadGrace))
	}
	return false
}

func (x *roundTrip) answered() bool {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.whole
}

// unreadGrace is how long to wait for the rest of a body that was refused.
const unreadGrace = 50 * time.Millisecond

// bodyOffset leaves room for a chunk's size line before the data.
const bodyOffset = 16

func (x *roundTrip) copyBody(body io.Reader, chunked bool) error {
	buf := readBuffers.Get().(*[largeRead]byte)
	defer readBuffers.Put(buf)
	for {
		n, err := body.Read(buf[bodyOffset : len(buf)-2])
		select {
		case <-x.done:
			return nil
		default:
		}
		if n > 0 {
			x.feed(piece(buf[:], n, chunked))
		}
		switch {
		case err == io.EOF:
			if chunked {
				x.feed([]byte("0\r\n\r\n"))
			}
			return nil
		case err != nil:
			return err
		}
	}
}

// piece makes the n bytes at bodyOffset a chunk, if it is to be one.
func piece(buf []byte, n int, chunked bool) []byte {
	if !chunked {
		return buf[bodyOffset : bodyOffset+n]
	}
	var size [bodyOffset]byte
	line := append(strconv.AppendInt(size[:0], int64(n), 16), '\r', '\n')
	start := bodyOffset - len(line)
	copy(buf[start:], line)
	return append(buf[start:bodyOffset+n], '\r', '\n')
}

// netAnswer is the peer's answer, cut up.
type netAnswer struct {
	status  int
	headers []byte
	length  int // -1: until the connection ends
	body    []byte
}

// parseAnswer reads an answer; ok is false while its head is incomplete.
func parseAnswer(b []byte, head bool) (a netAnswer, ok bool) {
	a.headers, a.body, ok = http1.CutHead(b)
	if !ok || len(b) < len("HTTP/1.1 200") {
		return a, false
	}
	a.status, _ = strconv.Atoi(string(b[9:12]))
	a.length = -1
	if v := http1.Lookup(a.headers, "Content-Length"); v != nil {
		a.length, _ = strconv.Atoi(string(v))
	}
	if head || a.status < 200 || a.status == 204 || a.status == 304 {
		a.length = 0
	}
	return a, true
}

// write gives the answer to net/http.
func (a *netAnswer) write(w http.ResponseWriter, major int) {
	h := w.Header()
	for lines := a.headers; ; {
		name, value, rest, ok := http1.NextHeader(lines)
		if !ok {
			break
		}
		lines = rest
		switch key := http.CanonicalHeaderKey(string(name)); key {
		case "Connection":
			if major == 1 {
				h.Set(key, string(value)) // HTTP/2 knows none
			}
		case "Vary", "Set-Cookie":
			h.Add(key, string(value)) // beside what a middleware has put there
		default:
			h.Set(key, string(value))
		}
	}
	w.WriteHeader(a.status)
	if len(a.body) > 0 {
		_, _ = w.Write(a.body)
	}
}
