//go:build linux

package eventloop

import (
	"context"
	"fmt"
	"net"
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

// TestMoveLeavesDescriptors: a connection does not move into the last
// descriptors, which accepting needs.
func TestMoveLeavesDescriptors(t *testing.T) {
	c, far, err := socketpair()
	if err != nil {
		t.Fatal(err)
	}
	defer closeFD(far)
	defer func() { _ = c.Close() }()
	next, err := unix.Dup(far) // the lowest number that is free
	if err != nil {
		t.Fatal(err)
	}
	closeFD(next)
	before := countFDs()
	if d, err := duplicate(int32(far), int64(next)); err == nil {
		t.Error("moved beyond the limit")
		_ = d.Close()
	}
	if countFDs() != before {
		t.Error("a descriptor is left open")
	}
	d, err := duplicate(int32(far), int64(next)+100)
	if err != nil {
		t.Fatal(err)
	}
	_ = d.Close()
}

// TestSocketOptions: what bounds the kernel's memory and patience for a client
// is set on its socket: the defaults, what the options say, and nothing. Whatever
// they say, nothing is held back to be sent with more.
func TestSocketOptions(t *testing.T) {
	system := func(opt int) int {
		fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer closeFD(fd)
		v, err := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, opt)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for _, c := range []struct {
		o               Options
		lowat, patience int
	}{
		{Options{}, 32 << 10, 60_000},
		{Options{NotSentLowat: 8 << 10, UserTimeout: 5 * time.Second}, 8 << 10, 5000},
		{Options{NotSentLowat: -1, UserTimeout: -1}, system(unix.TCP_NOTSENT_LOWAT), system(unix.TCP_USER_TIMEOUT)},
	} {
		c.o.Loops = 1
		s := serve(t, "127.0.0.1:0", echoMux(), &c.o)
		x := dial(t, s, "/ws")
		fd := serverEnd(t, x.c)
		lowat, _ := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT)
		patience, _ := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT)
		if lowat != c.lowat || patience != c.patience {
			t.Errorf("%d unsent bytes, want %d; %d ms unacknowledged, want %d", lowat, c.lowat, patience, c.patience)
		}
		if noDelay, _ := unix.GetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY); noDelay == 0 {
			t.Error("small messages wait for the acknowledgement of others")
		}
	}
}

// serverEnd finds the descriptor, of this process, at the other end of c.
func serverEnd(t *testing.T, c net.Conn) int {
	t.Helper()
	port := c.LocalAddr().(*net.TCPAddr).Port
	for fd := range 1024 {
		sa, _ := unix.Getpeername(fd)
		if sa, ok := sa.(*unix.SockaddrInet4); ok && sa.Port == port {
			return fd
		}
	}
	t.Fatal("no server's end")
	return -1
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
	step(15000, false) // a crowd that does not stay
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

// TestJanitorWaits: memory is given back in a quiet second, or when it has waited
// for one long enough.
func TestJanitorWaits(t *testing.T) {
	var j janitor
	now, spent := int64(0), time.Duration(0)
	step := func(took time.Duration, want bool) {
		t.Helper()
		now, spent = now+janitorEvery, spent+took
		if j.may(now, spent, 2) != want {
			t.Errorf("at %d after %v: %v", now, took, !want)
		}
	}
	step(0, false) // nobody wants it
	j.wanted = now
	step(time.Second, false)
	step(501*time.Millisecond, false)
	step(500*time.Millisecond, true)
	step(0, false) // once is enough
	j.wanted = now
	for range janitorBusy/janitorEvery - 1 {
		step(2*time.Second, false)
	}
	step(2*time.Second, true)
	if spent := cpuTime(); spent <= 0 {
		t.Errorf("this process took %v", spent)
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
