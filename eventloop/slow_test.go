//go:build linux

package eventloop

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// crowd is a Socket.IO server on loops with clients that read and some that do
// not, while one goroutine sends 4 KB to all.
type crowd struct {
	io       *sio.Server
	fast     []*client
	slow     []*client
	sockets  []*sio.Socket // of the slow ones
	reasons  chan sio.Reason
	drained  chan struct{}
	body     string
	received sync.WaitGroup
}

func newCrowd(t *testing.T, o *sio.Options) *crowd {
	t.Helper()
	o.Logger = discard()
	io, err := sio.New(o)
	if err != nil {
		t.Fatal(err)
	}
	w := &crowd{io: io, reasons: make(chan sio.Reason, 100), drained: make(chan struct{}, 100), body: strings.Repeat("x", 4<<10)}
	connected := make(chan *sio.Socket, 1)
	io.OnConnect(func(s *sio.Socket) error { connected <- s; return nil })
	io.OnDisconnect(func(_ *sio.Socket, why sio.Reason) { w.reasons <- why })
	io.OnDrain(func(*sio.Socket) {
		select {
		case w.drained <- struct{}{}:
		default:
		}
	})
	s := serve(t, "127.0.0.1:0", io, nil)
	t.Cleanup(func() { // before the loops end
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := io.Close(ctx); err != nil {
			t.Error("close:", err)
		}
	})
	join := func() *client {
		x := dial(t, s, "/socket.io/?EIO=4&transport=websocket")
		_, _, _ = x.frame() // the open packet
		x.text("40")
		_, _, _ = x.frame()
		return x
	}
	for range 30 {
		w.fast = append(w.fast, join())
		<-connected
	}
	for range 3 {
		x := join()
		w.slow = append(w.slow, x)
		w.sockets = append(w.sockets, <-connected)
	}
	return w
}

// reads has x read the events up to the last one, each in its turn.
func (w *crowd) reads(x *client, last int) {
	for i := range last + 1 {
		x.want(fmt.Sprintf(`42["m",%d,"%s"]`, i, w.body))
	}
}

// sendsUntil sends to all until ok, and gives the number of the last event. The
// clients that read have got all of it then.
func (w *crowd) sendsUntil(t *testing.T, ok func() bool) (last int) {
	t.Helper()
	for i, end := 0, time.Now().Add(patience); ; i++ {
		if err := w.io.EmitRaw("m", fmt.Appendf(nil, `%d,"%s"`, i, w.body)); err != nil {
			t.Fatal(err)
		}
		for _, x := range w.fast {
			x.want(fmt.Sprintf(`42["m",%d,"%s"]`, i, w.body))
		}
		if ok() {
			return i
		}
		if time.Now().After(end) {
			t.Fatal("it does not happen")
		}
	}
}

// TestSlowCut: those that do not read are cut for it, and nobody else notices.
func TestSlowCut(t *testing.T) {
	w := newCrowd(t, &sio.Options{MaxBacklog: 256 << 10})
	w.sendsUntil(t, func() bool { return len(w.reasons) == len(w.slow) })
	for range w.slow {
		if why := <-w.reasons; why != sio.ReasonSlow {
			t.Errorf("cut as %q", why)
		}
	}
	if n := w.io.Len(); n != len(w.fast) {
		t.Errorf("%d sockets are left", n)
	}
}

// TestSlowCatchUp: those that read again in time have missed nothing.
func TestSlowCatchUp(t *testing.T) {
	w := newCrowd(t, &sio.Options{MaxBacklog: 64 << 20})
	last := w.sendsUntil(t, func() bool {
		held := 0
		for _, s := range w.sockets {
			if s.Backlog() > 300<<10 {
				held++
			}
		}
		return held == len(w.slow)
	})
	for _, x := range w.slow {
		w.received.Go(func() { w.reads(x, last) })
	}
	w.received.Wait()
	for range w.slow {
		<-w.drained
	}
	waitFor(t, "the backlog to be empty", func() bool {
		return w.sockets[0].Backlog()+w.sockets[1].Backlog()+w.sockets[2].Backlog() == 0
	})
}

// TestSlowProducer: one that is told waits, and what it was let send arrives
// whole and in order, with a backlog that never passes its limit.
func TestSlowProducer(t *testing.T) {
	const limit, events = 64 << 10, 2000 // 8 MB
	w := newCrowd(t, &sio.Options{MaxBacklog: limit, WhenSlow: sio.Refuse})
	s, x := w.sockets[0], w.slow[0]
	refused, peak := 0, 0
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	w.received.Go(func() {
		for i := range events {
			for s.EmitRaw("m", fmt.Appendf(nil, `%d,"%s"`, i, w.body)) == sio.ErrSlow {
				refused++
				select {
				case <-w.drained:
				case <-ctx.Done():
					t.Error("not told to go on")
					return
				}
			}
			peak = max(peak, s.Backlog())
		}
	})
	waitFor(t, "a backlog", func() bool { return w.io.Stats().Refused > 0 })
	w.reads(x, events-1)
	w.received.Wait()
	if refused == 0 || peak > limit+2*len(w.body) {
		t.Errorf("refused %d times, backlog up to %d", refused, peak)
	}
}
