//go:build linux && !race

package eventloop

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
	"golang.org/x/sys/unix"
)

// TestAllocs sends echoes over a real socket, by system calls that allocate
// nothing on this side, and counts what the whole process allocates: the way
// from the kernel through gnet, the engine and back is free.
func TestAllocs(t *testing.T) {
	m := echoMux()
	m.HandleWebsocket("/posted", 1000, func() func(*eio.RawPeer, []byte, bool) {
		var one reply
		return func(p *eio.RawPeer, data []byte, _ bool) {
			one.p, one.data = p, append(one.data[:0], data...)
			(*eio.Peer)(p).Loop().Post(&one)
		}
	}())
	s := serve(t, "127.0.0.1:0", m, &Options{Loops: 1})
	for name, path := range map[string]string{"echo": "/ws", "posted echo": "/posted"} {
		x := dial(t, s, path)
		fd := fdOf(t, x.c)
		out := masked(nil, 1, []byte(strings.Repeat("e", 64)))
		in := make([]byte, 200)
		echo := func() {
			if _, err := unix.Write(fd, out); err != nil {
				t.Error(err)
			}
			if n, err := unix.Read(fd, in); n != 66 || err != nil {
				t.Error(n, err)
			}
		}
		for range 200 {
			echo()
		}
		// The ticking goroutine is gnet's, and its time.Timer is free as well.
		if n := testing.AllocsPerRun(500, echo); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
}

type reply struct {
	p    *eio.RawPeer
	data []byte
}

func (r *reply) Run(*eio.Loop) bool { r.p.Send(r.data, false); return false }

// waker counts the wakes of a loop, for BenchmarkWake.
type waker struct {
	gnet.BuiltinEventEngine
	el   chan gnet.EventLoop
	done chan struct{}
}

func (w *waker) OnOpen(c gnet.Conn) ([]byte, gnet.Action) {
	w.el <- c.EventLoop()
	return nil, gnet.None
}

func (w *waker) OnTraffic(c gnet.Conn) gnet.Action {
	_, _ = c.Next(-1)
	w.done <- struct{}{}
	return gnet.None
}

func (w *waker) Run(context.Context) error {
	w.done <- struct{}{}
	return nil
}

// BenchmarkWake compares the ways to call a gnet loop, there and back: its own
// Execute, a socketpair and an eventfd enrolled in it.
func BenchmarkWake(b *testing.B) {
	h := &waker{el: make(chan gnet.EventLoop, 1), done: make(chan struct{}, 1)}
	cli, err := gnet.NewClient(h, gnet.WithLogger(gnetLog{discard()}))
	if err != nil {
		b.Fatal(err)
	}
	if err := cli.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = cli.Stop() }()
	pair, far, err := socketpair()
	if err != nil {
		b.Fatal(err)
	}
	defer closeFD(far)
	efd, watched, err := newWake()
	if err != nil {
		b.Fatal(err)
	}
	defer efd.close()
	var el gnet.EventLoop
	for _, c := range []net.Conn{pair, watched} {
		if _, err := cli.Enroll(c); err != nil {
			b.Fatal(err)
		}
		el = <-h.el
	}
	bg := context.Background()
	for _, v := range []struct {
		name string
		wake func()
	}{
		{"execute", func() { _ = el.Execute(bg, h) }},
		{"socketpair", func() { _, _ = send(int32(far), wakeOne[:1]) }},
		{"eventfd", efd.ring},
	} {
		b.Run(v.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				v.wake()
				<-h.done
			}
		})
	}
	time.Sleep(time.Millisecond)
}

// TestSendAllAllocs: to send to many costs nothing.
func TestSendAllAllocs(t *testing.T) {
	k := newCore(eio.NewMux(), Options{Loops: 1, Logger: discard()})
	l := &loop{core: k}
	l.bulk.start(k)
	defer l.bulk.close()
	list := make([]eio.Outgoing, 2*ringEntries)
	for i := range list {
		near, _ := pair(t)
		list[i] = eio.Outgoing{Conn: &conn{fd: near, l: l}, B: []byte("hello")}
	}
	if n := testing.AllocsPerRun(20, func() { l.SendAll(list) }); n != 0 {
		t.Errorf("%v allocs, want 0", n)
	}
}
