//go:build linux

package eventloop

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// children are run by a copy of the test binary, named in EVENTLOOP_CHILD.
var children = map[string]func(){"scarce": childScarce}

// childScarce serves echoes with few descriptors, on the address it is given,
// until its standard input ends.
func childScarce() {
	r := unix.Rlimit{Cur: 160, Max: 160}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		fmt.Println("FAILED", err)
		return
	}
	s := NewServer(os.Getenv("EVENTLOOP_ADDR"), echoMux(), &Options{Loops: 2, Logger: discard()})
	if err := s.Start(); err != nil {
		fmt.Println("FAILED", err)
		return
	}
	fmt.Println(s.Addr())
	_, _ = os.Stdin.Read(make([]byte, 1))
	if err := s.Shutdown(context.Background()); err != nil {
		fmt.Println("FAILED", err)
	}
	fmt.Println("refused", s.Stats().Refused > 0, "left", s.Stats().Conns)
}

// TestScarceDescriptors opens more connections than the server has descriptors
// for: the rest is refused politely, those inside go on, and once they leave
// everything is as before.
func TestScarceDescriptors(t *testing.T) {
	for _, addr := range addresses(t) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), "EVENTLOOP_CHILD=scarce", "EVENTLOOP_ADDR="+addr)
		in, _ := cmd.StdinPipe()
		var out strings.Builder
		pr, pw, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		cmd.Stdout, cmd.Stderr = pw, pw
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_ = pw.Close()
		buf := make([]byte, 4096)
		n, _ := pr.Read(buf)
		at := strings.TrimSpace(string(buf[:n]))
		s := &Server{}
		s.at = testAddr{network(addr), at}
		for range 3 {
			scarceRound(t, s)
		}
		_ = in.Close()
		for {
			n, err := pr.Read(buf)
			out.Write(buf[:n])
			if err != nil {
				break
			}
		}
		_ = pr.Close()
		if err := cmd.Wait(); err != nil || !strings.Contains(out.String(), "refused true left 0") {
			t.Errorf("%s: %v %s", addr, err, out.String())
		}
	}
}

func scarceRound(t *testing.T, s *Server) {
	t.Helper()
	var in []*client
	busy := 0
	for range 300 {
		x := wrap(t, connect(t, s))
		_, _ = x.c.Write([]byte("GET /ws" + upgradeHead))
		line, err := x.r.ReadString('\n')
		switch {
		case strings.HasPrefix(line, "HTTP/1.1 101"):
			for line != "\r\n" && err == nil {
				line, err = x.r.ReadString('\n')
			}
			in = append(in, x)
		case strings.HasPrefix(line, "HTTP/1.1 503"):
			busy++
			_ = x.c.Close()
		default:
			t.Errorf("neither in nor refused: %q %v", line, err)
			_ = x.c.Close()
		}
	}
	if len(in) < 20 || busy < 100 {
		t.Errorf("%d in, %d refused", len(in), busy)
	}
	for _, x := range in {
		x.text("alive")
		x.want("alive")
		_ = x.c.Close()
	}
	time.Sleep(50 * time.Millisecond)
}

type testAddr struct{ net, s string }

func (a testAddr) Network() string { return a.net }
func (a testAddr) String() string  { return a.s }

func network(addr string) string {
	n, _, _ := splitAddr(addr)
	return n
}

func TestMaxConns(t *testing.T) {
	s := serve(t, "127.0.0.1:0", echoMux(), &Options{MaxConns: 2, Logger: discard()})
	a, b := dial(t, s, "/ws"), dial(t, s, "/ws")
	x := wrap(t, connect(t, s))
	x.raw([]byte("GET /ws" + upgradeHead))
	if status, _ := x.response(); status != 503 {
		t.Errorf("status %d", status)
	}
	if s.Stats().Refused != 1 {
		t.Errorf("%+v", s.Stats())
	}
	_ = a.c.Close()
	waitFor(t, "room", func() bool { return s.Stats().Conns == 1 })
	dial(t, s, "/ws")
	b.text("b")
	b.want("b")
}

func TestJanitor(t *testing.T) {
	var j janitor
	now := int64(0)
	step := func(n int64, want bool) {
		t.Helper()
		now += janitorEvery
		if j.due(now, n) != want {
			t.Errorf("at %d with %d connections: %v", now, n, !want)
		}
	}
	for range 10 {
		step(900, false) // too few to matter
	}
	for n := range int64(5) {
		step(1000+3000*n, false) // still coming
	}
	step(13000, false)
	step(13010, false)
	step(13000, true) // at rest
	for range 5 {
		step(13020, false) // once is enough
	}
	step(11500, false) // less than a fifth
	for range 5 {
		step(11500, false)
	}
	for _, want := range []bool{false, false, false, true, false} {
		step(12, want)
	}
}

func TestJanitorHeap(t *testing.T) {
	var j janitor
	const mb = 1 << 20
	now := int64(0)
	step := func(heap int64, want bool) {
		t.Helper()
		now += janitorEvery
		if j.heavy(now, heap*mb) != want {
			t.Errorf("at %d with %d MiB: %v", now, heap, !want)
		}
	}
	for range 6 {
		step(40, false) // not much
	}
	for n := range int64(5) {
		step(100+100*n, false) // still growing
	}
	step(510, false)
	step(505, false)
	step(500, true) // at rest
	for range 5 {
		step(500, false) // it is really needed
	}
	step(30, false) // or not: what was left
	step(200, false)
	step(200, false)
	step(200, false)
	step(200, true)
	if n := heap(); n < mb {
		t.Errorf("a heap of %d bytes", n)
	}
}

func TestSplitAddr(t *testing.T) {
	for in, want := range map[string]string{
		":3000": "tcp :3000", "1.2.3.4:5": "tcp 1.2.3.4:5", "tcp6://[::1]:0": "tcp6 [::1]:0",
		"unix:///run/a.sock": "unix /run/a.sock", "unix:a.sock": "unix a.sock", "": "tcp :0", "tcp4://:1": "tcp4 :1",
	} {
		n, rest, err := splitAddr(in)
		if got := n + " " + rest; err != nil || got != want {
			t.Errorf("%q: %q %v, want %q", in, got, err, want)
		}
	}
}

// TestSizes notes what an idle connection costs here; gnet's own are added.
func TestSizes(t *testing.T) {
	c := unsafe.Sizeof(conn{})
	own := c - unsafe.Sizeof(conn{}.peer)
	t.Logf("conn %d bytes, %d of them ours", c, own)
	if own > 40 {
		t.Errorf("%d bytes a connection beside the peer", own)
	}
}
