package eio

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/pool"
)

// echoer sends every message back and notes how sessions end.
type echoer struct {
	mu      sync.Mutex
	ends    []string
	session *Session // the latest
	message func(s *Session, p []byte, binary bool)
}

func (h *echoer) OnOpen(s *Session) error {
	h.mu.Lock()
	h.session = s
	h.mu.Unlock()
	return nil
}

func (h *echoer) OnMessage(s *Session, p []byte, binary bool) {
	switch {
	case h.message != nil:
		h.message(s, p, binary)
	case binary:
		s.SendBinary(p)
	default:
		s.SendText(p)
	}
}

func (h *echoer) OnClose(_ *Session, r Reason, detail string) {
	h.mu.Lock()
	h.ends = append(h.ends, fmt.Sprint(r)+": "+detail)
	h.mu.Unlock()
}

// ended waits for a session's end that begins with want.
func (h *echoer) ended(t *testing.T, want string) {
	t.Helper()
	var ends []string
	eventually(t, func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		ends = h.ends
		return len(ends) > 0 && strings.HasPrefix(ends[len(ends)-1], want)
	}, func() string { return fmt.Sprintf("no session ended with %q, but %q", want, ends) })
}

// patience bounds what has to happen, on a slow and busy machine too.
const patience = 30 * time.Second

// eventually waits for what goroutines of net/http do in their own time.
func eventually(t *testing.T, ok func() bool, why func() string) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); {
		if time.Now().After(end) {
			t.Fatal(why())
		}
		time.Sleep(time.Millisecond)
	}
}

// site is an engine under a test server of net/http.
type site struct {
	*echoer
	t      *testing.T
	engine *Engine
	server *httptest.Server
	client *http.Client
}

// newSite serves an engine; when the test ends it is closed, and no goroutine
// and no buffer may be left.
func newSite(t *testing.T, o *Options, h *echoer, scheme string, wrap func(http.Handler) http.Handler) *site {
	t.Helper()
	goroutines, buffers := runtime.NumGoroutine(), pool.Outstanding()
	if h == nil {
		h = new(echoer)
	}
	e, err := NewEngine(o, h)
	if err != nil {
		t.Fatal(err)
	}
	var handler http.Handler = e
	if wrap != nil {
		handler = wrap(e)
	}
	server := httptest.NewUnstartedServer(handler)
	if scheme == "timeouts" {
		scheme = "http"
		server.Config.ReadTimeout, server.Config.WriteTimeout = time.Second, time.Second
	}
	switch scheme {
	case "http":
		server.Start()
	case "h2":
		server.EnableHTTP2 = true
		server.StartTLS()
	default:
		server.StartTLS()
	}
	s := &site{echoer: h, t: t, engine: e, server: server, client: server.Client()}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := e.Close(ctx); err != nil {
			t.Errorf("Close: %v", err)
		}
		s.client.CloseIdleConnections()
		server.Close()
		eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines && pool.Outstanding() == buffers }, func() string {
			stacks := make([]byte, 1<<16)
			return fmt.Sprintf("%d goroutines, %d at the start; %d buffers, %d at the start\n%s", runtime.NumGoroutine(), goroutines,
				pool.Outstanding(), buffers, stacks[:runtime.Stack(stacks, true)])
		})
	})
	return s
}

// do sends a request and returns the whole answer.
func (s *site) do(method, query, body string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	res, text, err := s.try(context.Background(), method, query, strings.NewReader(body), headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	return res, text
}

func (s *site) try(ctx context.Context, method, query string, body io.Reader, headers ...string) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.server.URL+"/engine.io/?"+query, body)
	if err != nil {
		return nil, "", err
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	res, err := s.client.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return res, string(text), err
}

// want sends a request and checks status and body.
func (s *site) want(method, query, body string, status int, text string, headers ...string) *http.Response {
	s.t.Helper()
	res, got := s.do(method, query, body, headers...)
	if res.StatusCode != status || got != text {
		s.t.Errorf("%s %s %.40q: %d %q, want %d %q", method, query, body, res.StatusCode, got, status, text)
	}
	return res
}

const polling4 = "EIO=4&transport=polling"

// open opens a polling session and returns the query that names it.
func (s *site) open() string {
	s.t.Helper()
	res, body := s.do("GET", polling4, "")
	const before = `0{"sid":"`
	if res.StatusCode != 200 || !strings.HasPrefix(body, before) || len(body) < len(before)+sidLen {
		s.t.Fatalf("%d %q", res.StatusCode, body)
	}
	return polling4 + "&sid=" + body[len(before):][:sidLen]
}

// look is a task that asks a session's loop something.
type look struct {
	ask   func() bool
	heard chan bool
}

func (l *look) Run(*Loop) bool { l.heard <- l.ask(); return false }
func (l *look) Dropped()       { l.heard <- false }

// waits returns once a GET or a POST of the latest session is in progress.
func (s *site) waits() {
	s.t.Helper()
	s.until(func(x *Session) bool { return x.poll != nil && (x.poll.get != nil || x.poll.post != nil) })
}

// until waits for what only the latest session's loop can see.
func (s *site) until(ok func(x *Session) bool) {
	s.t.Helper()
	s.mu.Lock()
	x := s.session
	s.mu.Unlock()
	eventually(s.t, func() bool {
		l := look{ask: func() bool { return ok(x) }, heard: make(chan bool, 1)}
		x.Loop().Post(&l)
		return <-l.heard
	}, func() string { return "waited in vain" })
}

// wsClient is a websocket client in plain bytes.
type wsClient struct {
	t *testing.T
	net.Conn
	r *bufio.Reader
}

const wsHead = "GET /engine.io/?EIO=4&transport=websocket%s HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dial sends head, and what is to go with it in the same packet.
func (s *site) dial(head string) *wsClient {
	s.t.Helper()
	var nc net.Conn
	var err error
	if addr := s.server.Listener.Addr().String(); s.server.TLS == nil {
		nc, err = net.Dial("tcp", addr)
	} else {
		config := s.client.Transport.(*http.Transport).TLSClientConfig.Clone()
		config.NextProtos, config.ServerName = nil, "example.com"
		nc, err = tls.Dial("tcp", addr, config)
	}
	if err != nil {
		s.t.Fatal(err)
	}
	_ = nc.SetDeadline(time.Now().Add(patience))
	c := &wsClient{t: s.t, Conn: nc, r: bufio.NewReader(nc)}
	s.t.Cleanup(func() { _ = nc.Close() })
	c.write([]byte(head))
	return c
}

func (c *wsClient) write(b []byte) {
	c.t.Helper()
	if _, err := c.Write(b); err != nil {
		c.t.Fatal(err)
	}
}

// head reads the answer to the upgrade.
func (c *wsClient) head() string {
	c.t.Helper()
	var b strings.Builder
	for !strings.HasSuffix(b.String(), "\r\n\r\n") {
		line, err := c.r.ReadString('\n')
		if err != nil {
			c.t.Fatalf("%q: %v", b.String(), err)
		}
		b.WriteString(line)
	}
	return b.String()
}

// frame makes a client's frame, masked with a key of zeros.
func frame(op byte, data string) []byte {
	b := []byte{0x80 | op}
	switch n := len(data); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, data...)
}

// next reads a frame; the first byte of what it returns is the frame's.
func (c *wsClient) next() string {
	c.t.Helper()
	var head [2]byte
	if _, err := io.ReadFull(c.r, head[:]); err != nil {
		c.t.Fatal(err)
	}
	n := int(head[1])
	if extended := map[int]int{126: 2, 127: 8}[n]; extended > 0 {
		var b [8]byte
		if _, err := io.ReadFull(c.r, b[8-extended:]); err != nil {
			c.t.Fatal(err)
		}
		n = int(binary.BigEndian.Uint64(b[:]))
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(c.r, data); err != nil {
		c.t.Fatal(err)
	}
	return string(head[:1]) + string(data)
}

// closed checks that nothing but the end follows.
func (c *wsClient) closed() {
	c.t.Helper()
	if rest, err := io.ReadAll(c.r); err != nil || len(rest) > 0 {
		c.t.Errorf("%q %v instead of the end", rest, err)
	}
}

const switching = "HTTP/1.1 101 Switching Protocols\r\n"
