//go:build linux

package eventloop

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
	"golang.org/x/sys/unix"
)

// haveRing gives a ring where the system has one. Where it has none, the server
// lives without, which the other tests show then.
func haveRing(t *testing.T) *ring {
	t.Helper()
	r, err := newRing()
	if err != nil {
		t.Logf("no io_uring here: %v", err)
		return nil
	}
	t.Cleanup(r.close)
	return r
}

// pair gives the two ends of a stream, the first of which does not block.
func pair(t *testing.T) (near, far int32) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = unix.Close(fds[0]), unix.Close(fds[1]) })
	return int32(fds[0]), int32(fds[1])
}

// TestRing compares each result with that of send(2) in the same situation.
func TestRing(t *testing.T) {
	r := haveRing(t)
	if r == nil {
		return
	}
	one := func(fd int32, p []byte) int32 {
		res := int32(0)
		r.begin()
		r.put(fd, p, 7)
		if err := r.submit(func(i int, n int32) {
			if res = n; i != 7 {
				t.Errorf("the result of send %d", i)
			}
		}); err != nil {
			t.Fatal(err)
		}
		return res
	}
	near, far := pair(t)
	if n := one(near, []byte("hello")); n != 5 {
		t.Errorf("sent %d of 5", n)
	}
	got := make([]byte, 10)
	if n, err := unix.Read(int(far), got); n != 5 || string(got[:5]) != "hello" {
		t.Errorf("arrived: %q, %v", got[:5], err)
	}
	large := make([]byte, 8<<20)
	if n := one(near, large); n <= 0 || int(n) >= len(large) {
		t.Errorf("the kernel took %d of 8 MiB", n)
	}
	if n := one(near, large); n != -int32(syscall.EAGAIN) {
		t.Errorf("a full socket gives %d, want EAGAIN", n)
	}
	near, far = pair(t)
	_ = unix.Shutdown(int(far), unix.SHUT_RDWR)
	if n := one(near, got); n != -int32(syscall.EPIPE) {
		t.Errorf("a closed stream gives %d, want EPIPE", n)
	}
	if n := one(1<<20, got); n != -int32(syscall.EBADF) {
		t.Errorf("no descriptor gives %d, want EBADF", n)
	}
}

// TestRingWraps: many batches of every size go round the queues, each send is
// made once, and its result comes with its number.
func TestRingWraps(t *testing.T) {
	r := haveRing(t)
	if r == nil {
		return
	}
	near, far := pair(t)
	in := make([]byte, ringEntries)
	for batch := range 500 {
		n := batch%ringEntries + 1
		out := make([]byte, n)
		r.begin()
		for i := range out {
			out[i] = byte(batch + i)
			r.put(near, out[i:i+1], i)
		}
		var seen []int
		if err := r.submit(func(i int, res int32) {
			if seen = append(seen, i); res != 1 {
				t.Errorf("result %d", res)
			}
		}); err != nil {
			t.Fatal(err)
		}
		slices.Sort(seen)
		if len(seen) != n || seen[n-1] != n-1 || len(slices.Compact(seen)) != n {
			t.Fatalf("batch of %d: results of %v", n, seen)
		}
		if k, err := unix.Read(int(far), in); k != n || !bytes.Equal(in[:k], out) {
			t.Fatalf("batch of %d: %v arrived, %v", n, in[:max(k, 0)], err)
		}
	}
}

// TestRingForgets: what was put and never submitted is not sent with the next
// batch, when its bytes may be another client's.
func TestRingForgets(t *testing.T) {
	r := haveRing(t)
	if r == nil {
		return
	}
	a, farA := pair(t)
	b, farB := pair(t)
	r.begin()
	r.put(a, []byte("for nobody"), ringEntries-1)
	r.begin()
	r.put(b, []byte("hello"), 0)
	if err := r.submit(func(i int, n int32) {
		if i != 0 || n != 5 {
			t.Errorf("send %d: %d", i, n)
		}
	}); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 10)
	if n, _ := unix.Read(int(farB), got); string(got[:max(n, 0)]) != "hello" {
		t.Errorf("arrived: %q", got[:max(n, 0)])
	}
	_ = unix.SetNonblock(int(farA), true)
	if n, err := unix.Read(int(farA), got); err != unix.EAGAIN {
		t.Errorf("arrived: %q, %v", got[:max(n, 0)], err)
	}
}

// TestRingLost: a ring that stops working costs no message.
func TestRingLost(t *testing.T) {
	if haveRing(t) == nil {
		return
	}
	k := newCore(eio.NewMux(), Options{Loops: 1, Logger: discard()})
	l := &loop{core: k}
	l.bulk.start(k)
	if k.stats().Rings != 1 {
		t.Fatal("no ring")
	}
	fd := l.bulk.ring.fd
	l.bulk.ring.fd = 1 << 20 // EBADF
	var list []eio.Outgoing
	var fars []int32
	for range 10 {
		near, far := pair(t)
		fars = append(fars, far)
		list = append(list, eio.Outgoing{Conn: &conn{fd: near, l: l}, B: []byte("x")})
	}
	l.SendAll(list)
	for i := range list {
		if list[i].N != 1 || list[i].Err != nil {
			t.Errorf("send %d: %d, %v", i, list[i].N, list[i].Err)
		}
		if n, err := unix.Read(int(fars[i]), make([]byte, 5)); n != 1 {
			t.Errorf("send %d: %d arrived, %v", i, n, err)
		}
	}
	if l.bulk.ring != nil || k.stats().Rings != 0 {
		t.Error("the ring is still there")
	}
	_ = unix.Close(fd)
}

// TestCrowd: broadcasts and echoes of many clients on real sockets, with the ring
// and without: each client gets everything once and in order.
func TestCrowd(t *testing.T) {
	for _, without := range []bool{false, true} {
		t.Run(fmt.Sprint("without ring ", without), func(t *testing.T) {
			srv, err := sio.New(&sio.Options{Logger: discard()})
			if err != nil {
				t.Fatal(err)
			}
			srv.Inline().On("echo", func(e *sio.Event) error { return e.Socket().EmitRaw("echo", e.Raw()) })
			srv.Inline().On("all", func(e *sio.Event) error { return srv.EmitRaw("all", e.Raw()) })
			s := serve(t, "127.0.0.1:0", srv, &Options{Loops: 1, NoIOUring: without, Logger: discard()})
			const clients, rounds = 150, 20
			xs := make([]*client, clients)
			for i := range xs {
				xs[i] = dial(t, s, "/socket.io/?EIO=4&transport=websocket")
				_, _, _ = xs[i].frame() // the open packet
				xs[i].text("40")
				_, _, _ = xs[i].frame()
			}
			for round := range rounds {
				for _, x := range xs {
					x.raw(masked(masked(nil, 1, fmt.Appendf(nil, `42["echo",%d]`, round)), 1, fmt.Appendf(nil, `42["echo",%d]`, -round)))
				}
				for _, x := range xs {
					x.want(fmt.Sprintf(`42["echo",%d]`, round))
					x.want(fmt.Sprintf(`42["echo",%d]`, -round))
				}
				xs[round].text(fmt.Sprintf(`42["all",%d]`, round))
				for _, x := range xs {
					x.want(fmt.Sprintf(`42["all",%d]`, round))
				}
			}
		})
	}
}

// TestLastWord: a client that says its last word, ends its stream and reads on
// gets the answer, alone or in a crowd.
func TestLastWord(t *testing.T) {
	srv, err := sio.New(&sio.Options{Logger: discard()})
	if err != nil {
		t.Fatal(err)
	}
	srv.Inline().On("echo", func(e *sio.Event) error { return e.Socket().EmitRaw("echo", e.Raw()) })
	srv.Inline().On("all", func(e *sio.Event) error { return srv.EmitRaw("all", e.Raw()) })
	s := serve(t, "127.0.0.1:0", srv, &Options{Loops: 1, Logger: discard()})
	held, goOn := make(chan bool), make(chan bool)
	srv.Inline().On("hold", func(*sio.Event) error { held <- true; <-goOn; return nil })
	join := func() *client {
		x := dial(t, s, "/socket.io/?EIO=4&transport=websocket")
		_, _, _ = x.frame()
		x.text("40")
		_, _, _ = x.frame()
		return x
	}
	for _, crowd := range []int{1, 30} {
		for round := range 20 {
			xs := make([]*client, crowd)
			for i := range xs {
				xs[i] = join()
			}
			z := join()
			(*s.core.loops.Load())[0].ask(t.Context(), func(l *loop) bool {
				l.due.crowd, l.due.many = true, true // all that is said waits for the round's end
				return true
			})
			z.text(`42["hold"]`) // so that all of them stand in one round
			<-held
			event := []string{`42["echo",1]`, `42["all",1]`}[round%2]
			for _, x := range xs {
				x.text(event)
				_ = x.c.(*net.TCPConn).CloseWrite()
			}
			goOn <- true
			for _, x := range xs {
				x.want(event)
				_ = x.c.Close()
			}
			_ = z.c.Close()
		}
	}
	for range 3 * probeEvery {
		x := wrap(t, connect(t, s))
		_, _ = io.WriteString(x.c, "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
		_ = x.c.(*net.TCPConn).CloseWrite()
		if status, _ := x.response(); status != 200 {
			t.Errorf("status %d", status)
		}
		_ = x.c.Close()
	}
}

// TestWithoutRing: the option is heeded, and where there is no ring, that is said
// once.
func TestWithoutRing(t *testing.T) {
	s := serve(t, "127.0.0.1:0", echoMux(), &Options{Loops: 2, NoIOUring: true})
	if n := s.Stats().Rings; n != 0 {
		t.Errorf("%d rings", n)
	}
	var log bytes.Buffer
	k := newCore(eio.NewMux(), Options{Loops: 1, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	for range 2 {
		b := bulk{core: k}
		b.without(syscall.ENOSYS)
	}
	if got := log.String(); strings.Count(got, "io_uring") != 1 || !strings.Contains(got, "function not implemented") {
		t.Errorf("logged: %q", got)
	}
}

// BenchmarkSendAll is a send over TCP, in company and, with "each", alone.
func BenchmarkSendAll(b *testing.B) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	far := make([]int, ringEntries)
	list := make([]eio.Outgoing, ringEntries)
	k := newCore(eio.NewMux(), Options{Loops: 1, Logger: discard()})
	with, without := &loop{core: k}, &loop{core: k}
	with.bulk.start(k)
	defer with.bulk.close()
	for i := range list {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			b.Fatal(err)
		}
		d, err := ln.Accept()
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _, _ = c.Close(), d.Close() }()
		far[i] = fdOf(b, d)
		list[i] = eio.Outgoing{Conn: &conn{fd: int32(fdOf(b, c)), l: with}, B: make([]byte, 70)}
	}
	in := make([]byte, 4096)
	for _, n := range []int{ringLeast, 10, 32, ringEntries} {
		for name, l := range map[string]*loop{"ring": with, "each": without} {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				for sent := 0; sent < b.N; sent += n {
					l.SendAll(list[:n])
					b.StopTimer()
					for i := range n {
						if list[i].N != 70 {
							b.Fatal(list[i])
						}
						_, _ = unix.Read(far[i], in)
					}
					b.StartTimer()
				}
			})
		}
	}
}
