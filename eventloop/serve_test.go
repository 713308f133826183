//go:build linux

package eventloop

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	gneterrors "github.com/panjf2000/gnet/v2/pkg/errors"
	"github.com/sio-fast/sio-fast/eio"
)

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func addresses(t *testing.T) []string {
	return []string{"127.0.0.1:0", "unix://" + filepath.Join(t.TempDir(), "a.sock")}
}

func TestEcho(t *testing.T) {
	for _, addr := range addresses(t) {
		s := serve(t, addr, echoMux(), nil)
		r := rand.New(rand.NewPCG(1, 2))
		x := dial(t, s, "/ws")
		for _, n := range []int{0, 1, 125, 126, 1000, 65535, 65536, 300_000, 5 << 20} {
			msg := strings.Repeat("é", n/2) + strings.Repeat("a", n%2)
			go func() { _ = chop(x.c, masked(masked(nil, 1, []byte(msg)), 1, []byte("next")), r) }()
			x.want(msg)
			x.want("next")
		}
		if got := s.Stats(); got.Conns != 1 || got.Refused != 0 {
			t.Errorf("%s: %+v", addr, got)
		}
		_ = x.c.Close()
		waitFor(t, "the connection to be gone", func() bool { return s.Stats().Conns == 0 })
	}
}

// TestManyLoops checks that connections land on more than one loop.
func TestManyLoops(t *testing.T) {
	for _, addr := range addresses(t) {
		var h hall
		s := serve(t, addr, h.mux(), &Options{Loops: 3})
		for range 60 {
			x := dial(t, s, "/ws")
			x.text("in")
			x.want("in")
		}
		h.mu.Lock()
		if len(h.at) < 2 {
			t.Errorf("%s: 60 connections on %d loops", addr, len(h.at))
		}
		h.mu.Unlock()
	}
}

func TestFallback(t *testing.T) {
	s := serve(t, "127.0.0.1:0", eio.NewMux(), nil)
	x := wrap(t, connect(t, s))
	x.raw([]byte("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n"))
	if status, _ := x.response(); status != 404 {
		t.Errorf("status %d", status)
	}
}

func TestPortInUse(t *testing.T) {
	for _, at := range []string{"127.0.0.1:0", ":0"} {
		s := serve(t, at, echoMux(), nil)
		addr := s.Addr().String()
		for _, other := range []string{addr, strings.Replace(addr, "127.0.0.1", "", 1)} {
			err := NewServer(other, echoMux(), &Options{Logger: discard()}).Start()
			if err == nil || !strings.HasSuffix(err.Error(), "address already in use") || strings.Contains(err.Error(), "\n") {
				t.Errorf("%s beside %s: %v", other, addr, err)
			}
		}
		if ln, err := net.Listen("tcp", addr); err == nil {
			_ = ln.Close()
			t.Errorf("%s could be bound twice", addr)
		}
		dial(t, s, "/ws") // still serves
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if err := NewServer(ln.Addr().String(), echoMux(), &Options{Logger: discard()}).Start(); err == nil {
		t.Error("started on the port of another kind of server")
	}
}

// TestSharedPort lets two servers share on purpose.
func TestSharedPort(t *testing.T) {
	a := serve(t, "127.0.0.1:0", echoMux(), nil)
	b := serve(t, a.Addr().String(), echoMux(), &Options{ReusePort: true})
	for range 40 {
		dial(t, a, "/ws")
	}
	if a.Stats().Conns == 0 || b.Stats().Conns == 0 {
		t.Errorf("not shared: %+v %+v", a.Stats(), b.Stats())
	}
}

func TestBadAddresses(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"nonsense", "127.0.0.1:99999", "udp://127.0.0.1:1", "unix:", "256.1.1.1:1",
		"unix://" + file, "unix://" + filepath.Join(dir, "none", "a.sock"), "127.0.0.1:http-not", "192.0.2.1:4000"} {
		err := NewServer(addr, echoMux(), &Options{Logger: discard()}).Start()
		if err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", addr, err)
		}
	}
	if b, _ := os.ReadFile(file); string(b) != "precious" {
		t.Error("a file that is no socket was touched")
	}
	if err := NewServer(":0", echoMux(), &Options{Loops: -1}).Start(); !errors.Is(err, errOptions) {
		t.Error(err)
	}
}

func TestUnixSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.sock")
	// A socket file left behind by a server that died.
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	_ = ln.Close()
	s := serve(t, "unix:"+path, echoMux(), &Options{SocketMode: 0o600})
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	x := dial(t, s, "/ws")
	x.text("hi")
	x.want("hi")
	err = NewServer("unix:"+path, echoMux(), &Options{Logger: discard()}).Start()
	if err == nil || !strings.HasSuffix(err.Error(), "address already in use") {
		t.Error(err)
	}
	x.text("still here")
	x.want("still here")
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket file is left: %v", err)
	}
}

// TestShutdown checks that everything ends, once, and the port is free.
func TestShutdown(t *testing.T) {
	for _, addr := range addresses(t) {
		h := new(recorder)
		e, err := eio.NewEngine(nil, h)
		if err != nil {
			t.Fatal(err)
		}
		m := eio.NewMux()
		m.Handle(e)
		s := serve(t, addr, m, nil)
		var xs []*client
		for range 50 {
			x := dial(t, s, "/engine.io/?EIO=4&transport=websocket")
			if _, p, err := x.frame(); err != nil || p[0] != '0' {
				t.Fatalf("%q %v", p, err)
			}
			xs = append(xs, x)
		}
		idle := connect(t, s)
		start := time.Now()
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		cancel()
		if d := time.Since(start); d > patience/2 { // it takes milliseconds where nothing waits for a limit
			t.Errorf("%s: took %v", addr, d)
		}
		if err := s.Wait(); !errors.Is(err, ErrServerClosed) {
			t.Error(err)
		}
		if opened, closed := h.opened.Load(), h.closed.Load(); opened != 50 || closed != 50 {
			t.Errorf("%s: %d opened, %d closed", addr, opened, closed)
		}
		ln, err := net.Listen(s.Addr().Network(), s.Addr().String())
		if err != nil {
			t.Errorf("the address is not free: %v", err)
		} else {
			_ = ln.Close()
		}
		for _, x := range xs {
			if _, err := io.Copy(io.Discard, x.r); err != nil {
				t.Errorf("%s: not closed in order: %v", addr, err)
			}
		}
		if _, err := io.Copy(io.Discard, idle); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Error("an idle connection outlived the server")
		}
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error("second shutdown:", err)
		}
	}
}

// TestShutdownUnderFire ends a server while clients come, talk and go.
func TestShutdownUnderFire(t *testing.T) {
	for range 5 {
		s := serve(t, "127.0.0.1:0", echoMux(), &Options{Logger: discard()})
		stop := make(chan struct{})
		done := make(chan struct{})
		for range 4 {
			go func() {
				defer func() { done <- struct{}{} }()
				for {
					select {
					case <-stop:
						return
					default:
					}
					c, err := net.Dial("tcp", s.Addr().String())
					if err != nil {
						continue
					}
					_ = c.SetDeadline(time.Now().Add(time.Second))
					_, _ = io.WriteString(c, "GET /ws"+upgradeHead)
					_, _ = c.Write(masked(nil, 1, []byte("x")))
					_, _ = c.Read(make([]byte, 512))
					_ = c.Close()
				}
			}()
		}
		time.Sleep(30 * time.Millisecond)
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		close(stop)
		for range 4 {
			<-done
		}
		if n := s.Stats().Conns; n != 0 {
			t.Errorf("%d connections left", n)
		}
	}
}

// TestUnaskedStop has gnet end its engine, as it does when it cannot accept:
// the server must say so and free everything.
func TestUnaskedStop(t *testing.T) {
	var log bytes.Buffer
	s := NewServer("127.0.0.1:0", echoMux(), &Options{Loops: 2, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	x := dial(t, s, "/ws")
	if err := s.core.all()[0].el.Execute(context.Background(), giveUp{}); err != nil {
		t.Fatal(err)
	}
	if err := s.Wait(); !errors.Is(err, ErrStopped) {
		t.Error(err)
	}
	if !strings.Contains(log.String(), "stopped unasked") {
		t.Errorf("nothing was said: %s", log.String())
	}
	if _, _, err := x.frame(); err == nil {
		t.Error("a connection outlived the loops")
	}
	if n := s.Stats().Conns; n != 0 {
		t.Errorf("%d connections left", n)
	}
	if err := s.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}

type giveUp struct{}

func (giveUp) Run(context.Context) error { return gneterrors.ErrEngineShutdown }

func TestNeverStarted(t *testing.T) {
	s := NewServer(":0", echoMux(), nil)
	if err := s.Shutdown(context.Background()); err != nil || s.Addr() != nil || s.Stats() != (Stats{}) {
		t.Error(err)
	}
}

func TestStartTwice(t *testing.T) {
	s := serve(t, "127.0.0.1:0", echoMux(), nil)
	if err := s.Start(); !errors.Is(err, errStarted) {
		t.Error(err)
	}
	x := dial(t, s, "/ws")
	x.text("a")
	x.want("a")
}
