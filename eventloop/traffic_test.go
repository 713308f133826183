//go:build linux

package eventloop

import (
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// recorder is an engine's handler that sends everything back.
type recorder struct{ opened, closed atomic.Int64 }

func (r *recorder) OnOpen(*eio.Session) error { r.opened.Add(1); return nil }
func (r *recorder) OnMessage(s *eio.Session, p []byte, binary bool) {
	switch {
	case binary:
		s.SendBinary(p)
	case string(p) == "panic":
		panic("as asked")
	default:
		s.SendText(p)
	}
}
func (r *recorder) OnClose(*eio.Session, eio.Reason, string) { r.closed.Add(1) }

// TestFanOut has several clients broadcast at once: everybody gets everything,
// and what one client said arrives in its order.
func TestFanOut(t *testing.T) {
	const clients, speakers, words = 60, 4, 50
	var h hall
	s := serve(t, "127.0.0.1:0", h.mux(), nil)
	var xs []*client
	for range clients {
		x := dial(t, s, "/ws")
		x.text("in")
		x.want("in")
		xs = append(xs, x)
	}
	for i := range speakers {
		go func() {
			for n := range words {
				xs[i].text(fmt.Sprintf("%d %d %s", i, n, strings.Repeat("z", 100)))
			}
		}()
	}
	var wg sync.WaitGroup
	for _, x := range xs {
		wg.Go(func() {
			var next [speakers]int
			for range speakers * words {
				_, p, err := x.frame()
				var i, n int
				if _, serr := fmt.Sscanf(string(p), "%d %d", &i, &n); err != nil || serr != nil || n != next[i] {
					t.Errorf("%q %v %v, want number %d", p, err, serr, next[i])
					return
				}
				next[i]++
			}
		})
	}
	wg.Wait()
}

// TestSlowReader lets one client stop reading under a flood. It is cut, memory
// stays bounded, and the others get everything meanwhile.
func TestSlowReader(t *testing.T) {
	var h hall
	s := serve(t, "127.0.0.1:0", h.mux(), nil)
	slow, fast := dial(t, s, "/ws"), dial(t, s, "/ws")
	for _, x := range []*client{slow, fast} {
		x.text("in")
		x.want("in")
	}
	_ = slow.c.(*net.TCPConn).SetReadBuffer(4 << 10)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	msg := strings.Repeat("m", 100_000)
	peak := uint64(0)
	for i := range 300 { // 30 MB
		fast.text(msg)
		fast.want(msg)
		if i%20 == 0 {
			runtime.GC()
			runtime.ReadMemStats(&after)
			peak = max(peak, after.HeapAlloc)
		}
	}
	if grown := int64(peak) - int64(before.HeapAlloc); grown > 12<<20 {
		t.Errorf("the heap grew by %d KiB", grown>>10)
	}
	waitFor(t, "the slow client to be cut", func() bool { return s.Stats().Conns == 1 })
}

// TestCatchUp lets a client read nothing for a while and then everything: the
// auxiliary epoll must bring every byte, in order.
func TestCatchUp(t *testing.T) {
	for _, addr := range addresses(t) {
		s := serve(t, addr, echoMux(), nil)
		x := dial(t, s, "/ws")
		msg := strings.Repeat("0123456789", 10_000)
		const rounds = 60 // 6 MB, below the endpoint's limit
		go func() {
			for i := range rounds {
				_, _ = x.c.Write(masked(nil, 1, fmt.Appendf(nil, "%d %s", i, msg)))
			}
		}()
		time.Sleep(100 * time.Millisecond)
		for i := range rounds {
			x.want(fmt.Sprintf("%d %s", i, msg))
		}
	}
}

// TestHostile sends rubbish on many connections. A healthy client beside them
// notices nothing.
func TestHostile(t *testing.T) {
	m := echoMux()
	e, err := eio.NewEngine(nil, new(recorder))
	if err != nil {
		t.Fatal(err)
	}
	m.Handle(e)
	s := serve(t, "127.0.0.1:0", m, nil)
	healthy := dial(t, s, "/ws")
	r := rand.New(rand.NewPCG(3, 4))
	heads := []string{"", "GET ", "GET /ws" + upgradeHead, "GET /engine.io/?EIO=4&transport=websocket" + upgradeHead,
		"POST /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n", "\x16\x03\x01"}
	for i := range 300 {
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		junk := make([]byte, r.IntN(3000))
		for i := range junk {
			junk[i] = byte(r.Uint32())
		}
		_, _ = c.Write(append([]byte(heads[i%len(heads)]), junk...))
		if i%3 == 0 {
			_ = c.(*net.TCPConn).SetLinger(0)
		}
		_ = c.Close()
		if i%10 == 0 {
			healthy.text("well")
			healthy.want("well")
		}
	}
	waitFor(t, "the rubbish to be gone", func() bool { return s.Stats().Conns == 1 })
}

// TestPanic checks that a handler's panic costs one connection at most.
func TestPanic(t *testing.T) {
	m := echoMux()
	m.HandleWebsocket("/panic", 1000, func(*eio.RawPeer, []byte, bool) { panic("as asked") })
	m.Logger = discard()
	s := serve(t, "127.0.0.1:0", m, &Options{Logger: discard(), Loops: 1})
	healthy := dial(t, s, "/ws")
	for range 10 {
		x := dial(t, s, "/panic")
		x.text("x")
		if _, _, err := x.frame(); err == nil {
			t.Error("the connection survived")
		}
		healthy.text("well")
		healthy.want("well")
	}
	waitFor(t, "the panicked to be gone", func() bool { return s.Stats().Conns == 1 })
}

// TestMove takes polling sessions over connections on four loops: every request
// that names a session of another loop moves its connection there.
func TestMove(t *testing.T) {
	for _, addr := range addresses(t) {
		h := new(recorder)
		e, err := eio.NewEngine(nil, h)
		if err != nil {
			t.Fatal(err)
		}
		m := eio.NewMux()
		m.Handle(e)
		s := serve(t, addr, m, &Options{Loops: 4})
		pollSession(t, s) // what is opened at the first use is not left behind
		waitFor(t, "the first connections to be gone", func() bool { return s.Stats().Conns == 0 })
		before := countFDs()
		var wg sync.WaitGroup
		for range 12 {
			wg.Go(func() { pollSession(t, s) })
		}
		wg.Wait()
		waitFor(t, "the connections to be gone", func() bool { return s.Stats().Conns == 0 })
		waitFor(t, "the descriptors to be closed", func() bool { return countFDs() <= before })
	}
}

// pollSession opens a session on one connection and talks to it on others, with
// two requests in one write, then upgrades on yet another.
func pollSession(t *testing.T, s *Server) {
	const path = "/engine.io/?EIO=4&transport=polling"
	first := wrap(t, connect(t, s))
	first.raw([]byte("GET " + path + " HTTP/1.1\r\nHost: x\r\n\r\n"))
	_, body := first.response()
	_, rest, _ := strings.Cut(body, `"sid":"`)
	sid, _, ok := strings.Cut(rest, `"`)
	if !ok {
		t.Errorf("no sid in %q", body)
		return
	}
	for i := range 10 {
		x := wrap(t, connect(t, s))
		msg := fmt.Sprintf("4message %d %s", i, strings.Repeat("p", 100*i))
		x.raw(fmt.Appendf(nil, "POST %s&sid=%s HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n%s"+
			"GET %s&sid=%s HTTP/1.1\r\nHost: x\r\n\r\n", path, sid, len(msg), msg, path, sid))
		if status, body := x.response(); status != 200 || body != "ok" {
			t.Errorf("POST: %d %q", status, body)
			return
		}
		if status, body := x.response(); status != 200 || body != msg {
			t.Errorf("GET: %d %.60q, want %.60q", status, body, msg)
			return
		}
		_ = x.c.Close()
	}
	x := wrap(t, connect(t, s))
	// The probe comes in the same write as the request: it moves with it.
	head := "GET /engine.io/?EIO=4&transport=websocket&sid=" + sid + upgradeHead
	x.raw(masked([]byte(head), 1, []byte("2probe")))
	x.upgraded()
	x.want("3probe")
	x.raw(masked(masked(nil, 1, []byte("5")), 1, []byte("4over websocket")))
	x.want("4over websocket")
	_ = first.c.Close()
	_ = x.c.Close()
}
