//go:build linux

package eventloop

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
	"golang.org/x/sys/unix"
)

const patience = 20 * time.Second

// TestMain fails when the tests leave goroutines or descriptors behind.
func TestMain(m *testing.M) {
	if f := children[os.Getenv("EVENTLOOP_CHILD")]; f != nil {
		f()
		os.Exit(0)
	}
	goroutines, fds := len(stacks()), countFDs()
	code := m.Run()
	for end := time.Now().Add(patience); code == 0; time.Sleep(20 * time.Millisecond) {
		g, d := stacks(), countFDs()
		if len(g) <= goroutines && d <= fds {
			break
		}
		if time.Now().After(end) {
			fmt.Printf("left behind: %d goroutines and %d descriptors\n%s\n", len(g)-goroutines, d-fds, strings.Join(g, "\n\n"))
			code = 1
		}
	}
	os.Exit(code)
}

// stacks lists the goroutines but for the idle workers of gnet's pool, which
// linger ten seconds by design.
func stacks() (all []string) {
	buf := make([]byte, 1<<20)
	for _, g := range strings.Split(string(buf[:runtime.Stack(buf, true)]), "\n\n") {
		if !strings.Contains(g, "ants/v2") {
			all = append(all, g)
		}
	}
	return all
}

func countFDs() int {
	names, _ := os.ReadDir("/proc/self/fd")
	return len(names)
}

// quiet is a logger that fails the test on anything worse than a warning.
func quiet(t testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelError}))
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(p []byte) (int, error) {
	w.t.Errorf("logged: %s", p)
	return len(p), nil
}

func serve(t testing.TB, addr string, h Handler, o *Options) *Server {
	t.Helper()
	if o == nil {
		o = new(Options)
	}
	if o.Loops == 0 {
		o.Loops = 2
	}
	if o.Logger == nil {
		o.Logger = quiet(t)
	}
	s := NewServer(addr, h, o)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error("shutdown:", err)
		}
	})
	return s
}

// echoMux sends everything on /ws back.
func echoMux() *eio.Mux {
	m := eio.NewMux()
	m.HandleWebsocket("/ws", 8<<20, func(p *eio.RawPeer, data []byte, binary bool) { p.Send(data, binary) })
	return m
}

// client is a websocket by hand.
type client struct {
	t testing.TB
	c net.Conn
	r *bufio.Reader
}

func connect(t testing.TB, s *Server) net.Conn {
	t.Helper()
	c, err := net.Dial(s.Addr().Network(), s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	_ = c.SetDeadline(time.Now().Add(patience))
	return c
}

const upgradeHead = " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

func dial(t testing.TB, s *Server, path string) *client {
	t.Helper()
	x := wrap(t, connect(t, s))
	_, _ = io.WriteString(x.c, "GET "+path+upgradeHead)
	x.upgraded()
	return x
}

func wrap(t testing.TB, c net.Conn) *client { return &client{t, c, bufio.NewReader(c)} }

func (x *client) upgraded() {
	x.t.Helper()
	status, _ := x.response()
	if status != 101 {
		x.t.Fatalf("upgrade answered %d", status)
	}
}

// response reads one HTTP response with a Content-Length.
func (x *client) response() (status int, body string) {
	x.t.Helper()
	line, err := x.r.ReadString('\n')
	if err != nil {
		x.t.Fatalf("no response: %v", err)
	}
	_, _ = fmt.Sscanf(line, "HTTP/1.1 %d", &status)
	size := 0
	for line != "\r\n" {
		if line, err = x.r.ReadString('\n'); err != nil {
			x.t.Fatalf("response cut: %v", err)
		}
		_, _ = fmt.Sscanf(strings.ToLower(line), "content-length: %d", &size)
	}
	b := make([]byte, size)
	if _, err := io.ReadFull(x.r, b); err != nil {
		x.t.Fatalf("body cut: %v", err)
	}
	return status, string(b)
}

func masked(dst []byte, op byte, p []byte) []byte {
	key := [4]byte{byte(len(p)), 2, 3, 4}
	switch n := len(p); {
	case n < 126:
		dst = append(dst, 0x80|op, 128|byte(n))
	case n < 1<<16:
		dst = append(dst, 0x80|op, 128|126, byte(n>>8), byte(n))
	default:
		dst = append(dst, 0x80|op, 128|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	dst = append(dst, key[:]...)
	for i := range p {
		dst = append(dst, p[i]^key[i&3])
	}
	return dst
}

func (x *client) text(s string) { x.raw(masked(nil, 1, []byte(s))) }

func (x *client) raw(b []byte) {
	x.t.Helper()
	if _, err := x.c.Write(b); err != nil {
		x.t.Fatal(err)
	}
}

func (x *client) frame() (op byte, p []byte, err error) {
	head := make([]byte, 2)
	if _, err = io.ReadFull(x.r, head); err != nil {
		return 0, nil, err
	}
	size := uint64(head[1])
	switch size {
	case 126:
		var n uint16
		err = binary.Read(x.r, binary.BigEndian, &n)
		size = uint64(n)
	case 127:
		err = binary.Read(x.r, binary.BigEndian, &size)
	}
	if err == nil {
		p = make([]byte, size)
		_, err = io.ReadFull(x.r, p)
	}
	return head[0] & 15, p, err
}

func (x *client) want(s string) {
	x.t.Helper()
	_, p, err := x.frame()
	if err != nil {
		x.t.Fatalf("want %.60q: %v", s, err)
	}
	if string(p) != s {
		x.t.Fatalf("got %.60q (%d bytes), want %.60q (%d bytes)", p, len(p), s, len(s))
	}
}

// waitFor polls ok, which must become true.
func waitFor(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// hall gathers the peers of an endpoint by loop, for broadcasts.
type hall struct {
	mu   sync.Mutex
	at   map[*eio.Loop][]*eio.RawPeer
	sent atomic.Int64
}

// mux serves /ws: the text "in" enters the hall, anything else goes to all.
func (h *hall) mux() *eio.Mux {
	m := eio.NewMux()
	h.at = make(map[*eio.Loop][]*eio.RawPeer)
	m.HandleWebsocket("/ws", 1<<20, func(p *eio.RawPeer, data []byte, _ bool) {
		l := (*eio.Peer)(p).Loop()
		if string(data) == "in" {
			h.mu.Lock()
			h.at[l] = append(h.at[l], p)
			h.mu.Unlock()
			p.Send(data, false)
			return
		}
		f := pool.NewShared()
		f.B = append(f.B, data...)
		for _, l := range m.Loops() {
			f.Retain()
			l.Post(&shout{h, f})
		}
		f.Release()
	})
	return m
}

type shout struct {
	h *hall
	f *pool.Shared
}

func (s *shout) Run(l *eio.Loop) bool {
	s.h.mu.Lock()
	members := s.h.at[l]
	s.h.mu.Unlock()
	for _, p := range members {
		p.Send(s.f.B, false)
		s.h.sent.Add(1)
	}
	s.f.Release()
	return false
}

func (s *shout) Dropped() { s.f.Release() }

// chop writes b in random pieces.
func chop(c net.Conn, b []byte, r *rand.Rand) error {
	for len(b) > 0 {
		n := min(len(b), 1+r.IntN(1+r.IntN(4096)))
		if _, err := c.Write(b[:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}

// fdOf gives the descriptor of c, which becomes blocking.
func fdOf(t testing.TB, c net.Conn) (n int) {
	rc, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	_ = rc.Control(func(fd uintptr) {
		n = int(fd)
		_ = unix.SetNonblock(n, false)
	})
	return n
}
