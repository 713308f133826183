package sio

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/wsframe"
)

// rig is a server on hand-driven loops, with clients in memory: no network, and
// the time is the test's.
type rig struct {
	t     testing.TB
	io    *Server
	loops []*rigLoop
	now   atomic.Int64 // Unix nanoseconds
	idle  int          // rounds in which nothing was to do, in a row
}

type rigLoop struct {
	l     *eio.Loop
	woken atomic.Bool
	ends  []*rigConn // closed, their peers not told yet
}

func (l *rigLoop) Wake() { l.woken.Store(true) }

// newRig makes a server with n loops. It is closed with the test.
func newRig(t testing.TB, n int, o *Options) *rig {
	t.Helper()
	r := &rig{t: t}
	r.now.Store(time.Now().UnixNano())
	if o == nil {
		o = &Options{}
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	m := eio.NewMux()
	m.Clock = func() time.Time { return time.Unix(0, r.now.Load()) }
	o.Mux = m
	io, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	r.io = io
	for range n {
		l := &rigLoop{}
		l.l = m.NewLoop(l)
		r.loops = append(r.loops, l)
	}
	t.Cleanup(r.close)
	return r
}

func (r *rig) close() {
	done := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		done <- r.io.Close(ctx)
	}()
	for {
		select {
		case err := <-done:
			if err != nil {
				r.t.Errorf("Close: %v", err)
			}
			for _, l := range r.loops {
				l.l.Stop()
			}
			return
		default:
			r.round()
		}
	}
}

// round runs every loop that was woken, once.
func (r *rig) round() (any bool) {
	for _, l := range r.loops {
		if l.woken.Swap(false) {
			any = true
			l.l.Run()
		}
		for len(l.ends) > 0 {
			c := l.ends[0]
			l.ends = l.ends[1:]
			any = true
			c.peer.Closed(nil)
		}
	}
	if any {
		r.idle = 0
	} else if r.idle++; r.idle%64 == 0 {
		time.Sleep(20 * time.Microsecond) // somebody else's turn
	} else {
		runtime.Gosched()
	}
	return any
}

// settle runs the loops until nothing is to be done and no handler runs.
func (r *rig) settle() {
	deadline := time.Now().Add(10 * time.Second)
	for time.Now().Before(deadline) {
		if !r.round() && r.io.workers.busy() == 0 && !r.round() {
			return
		}
	}
	r.t.Helper()
	r.t.Fatal("the rig does not settle")
}

// until runs the loops until ok says so.
func (r *rig) until(ok func() bool) {
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			r.t.Helper()
			r.t.Fatal("it does not happen")
		}
		r.round()
	}
}

// off runs fn on a goroutine, where it may wait, and the loops meanwhile.
func (r *rig) off(fn func()) {
	r.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	r.until(func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
	r.settle()
}

// pass lets time go by, tick by tick.
func (r *rig) pass(d time.Duration) {
	for end := r.now.Load() + int64(d); r.now.Load() < end; {
		step := min(int64(10*time.Millisecond), end-r.now.Load())
		r.now.Add(step)
		for _, l := range r.loops {
			l.l.Tick(time.Unix(0, r.now.Load()))
			l.l.Flush()
		}
	}
	r.settle()
}

// rigConn is the engine's end of a client's connection.
type rigConn struct {
	l      *rigLoop
	peer   eio.Peer
	out    []byte
	full   bool // takes nothing
	mute   bool // what is sent is counted, not kept
	sends  int
	closed bool
}

func (c *rigConn) Send(p []byte) (int, error) {
	if c.full {
		return 0, nil
	}
	c.sends++
	if !c.mute {
		c.out = append(c.out, p...)
	}
	return len(p), nil
}

func (c *rigConn) SendV(bufs [][]byte) (n int, err error) {
	for _, b := range bufs {
		m, _ := c.Send(b)
		n += m
	}
	return n, nil
}

func (c *rigConn) Close() {
	if !c.closed {
		c.closed = true
		c.l.ends = append(c.l.ends, c)
	}
}
func (c *rigConn) Abort()                         { c.Close() }
func (c *rigConn) RemoteAddr() netip.AddrPort     { return netip.MustParseAddrPort("192.0.2.7:4711") }
func (c *rigConn) Secure() bool                   { return false }
func (c *rigConn) Move(*eio.Loop, *eio.Peer) bool { return false }

// rigClient is a client on a websocket.
type rigClient struct {
	*rigConn
	r    *rig
	sid  string // of the last CONNECT
	shut bool   // a close frame came
}

const upgradeRequest = "GET /socket.io/?EIO=4&transport=websocket&x=1 HTTP/1.1\r\nHost: h\r\nX-Custom: cu\r\n" +
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dial makes a client on the given loop, with its Engine.IO session open.
func (r *rig) dial(loop int) *rigClient { return r.dialWith(loop, "") }

// dialWith is dial with one more line in the request, CRLF included.
func (r *rig) dialWith(loop int, line string) *rigClient {
	r.t.Helper()
	return r.open(loop, line)
}

// dialInitial is dial where a packet follows the open packet.
func (r *rig) dialInitial(loop int, packet string) *rigClient {
	r.t.Helper()
	return r.open(loop, "", packet)
}

func (r *rig) open(loop int, line string, initial ...string) *rigClient {
	r.t.Helper()
	l := r.loops[loop]
	c := &rigClient{rigConn: &rigConn{l: l}, r: r}
	l.l.Accept(&c.peer, c.rigConn)
	c.feed([]byte(strings.TrimSuffix(upgradeRequest, "\r\n") + line + "\r\n"))
	_, rest, ok := strings.Cut(string(c.out), "\r\n\r\n")
	if !ok || !strings.HasPrefix(string(c.out), "HTTP/1.1 101") {
		r.t.Fatalf("upgrade answered %q", c.out)
	}
	c.out = []byte(rest)
	if got := c.read(); len(got) != 1+len(initial) || got[0][0] != '0' || !slices.Equal(got[1:], initial) {
		r.t.Fatalf("open packet is %q", got)
	}
	return c
}

// join is dial and a CONNECT to "/".
func (r *rig) join(loop int) *rigClient {
	r.t.Helper()
	c := r.dial(loop)
	c.send("40")
	r.settle()
	c.expect(`40{"sid":"SID"}`)
	return c
}

func (c *rigClient) feed(b []byte) {
	c.peer.Feed(b)
	c.l.l.Flush()
}

// frame is a client's frame: masked.
func frame(op ws.OpCode, payload []byte) []byte {
	b := wsframe.AppendHeader(nil, op, true, len(payload))
	b[1] |= 0x80
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	n := len(b)
	b = append(b, payload...)
	wsframe.Mask(b[n:], key, 0)
	return b
}

// send sends text messages in one read, each with its engine packet type.
func (c *rigClient) send(packets ...string) {
	var b []byte
	for _, p := range packets {
		if bin, ok := strings.CutPrefix(p, "bin:"); ok {
			b = append(b, frame(ws.OpBinary, []byte(bin))...)
		} else {
			b = append(b, frame(ws.OpText, []byte(p))...)
		}
	}
	c.feed(b)
}

// hangUp ends the connection from the client's side.
func (c *rigClient) hangUp() {
	c.closed = true
	c.peer.Closed(nil)
	c.r.settle()
}

// read gives what came since the last read: texts as they are, binary messages
// behind "bin:", a close frame as "close".
func (c *rigClient) read() (got []string) {
	for len(c.out) > 0 {
		h, n, err := wsframe.ParseHeader(c.out)
		if err != nil || n == 0 || len(c.out) < n+int(h.Length) {
			c.r.t.Helper()
			c.r.t.Fatalf("not a frame: %q", c.out)
		}
		p := string(c.out[n : n+int(h.Length)])
		c.out = c.out[n+int(h.Length):]
		switch h.OpCode {
		case ws.OpText:
			got = append(got, p)
		case ws.OpBinary:
			got = append(got, "bin:"+p)
		case ws.OpClose:
			c.shut = true
			got = append(got, "close")
		default:
			got = append(got, fmt.Sprint(h.OpCode))
		}
	}
	return got
}

var sidPattern = regexp.MustCompile(`"sid":"([-_0-9A-Za-z]{20})"`)

// expect settles and holds what came against want; a sid stands as SID.
func (c *rigClient) expect(want ...string) {
	c.r.t.Helper()
	c.r.settle()
	got := c.read()
	for i, g := range got {
		if m := sidPattern.FindStringSubmatch(g); m != nil {
			c.sid = m[1]
			got[i] = strings.Replace(g, m[1], "SID", 1)
		}
	}
	if len(got) != len(want) {
		c.r.t.Fatalf("got %q, want %q", got, want)
	}
	for i := range got {
		if got[i] != want[i] {
			c.r.t.Fatalf("got %q, want %q", got, want)
		}
	}
}
