//go:build linux

package eventloop

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// TestTurn: the clock is looked at once in so many reads, and a turn ends before
// the scheduler would end it.
func TestTurn(t *testing.T) {
	const forced = 10 * time.Millisecond // runtime.forcePreemptNS
	if turnTime >= forced {
		t.Errorf("a turn of %v: the scheduler ends it after %v", turnTime, forced)
	}
	var u turn
	for i := 1; i < turnReads; i++ {
		if u.read() {
			t.Fatalf("looks at the clock after %d reads", i)
		}
	}
	if !u.read() {
		t.Fatalf("does not look after %d reads", turnReads)
	}
	for i, step := range []struct {
		now  time.Duration
		over bool
	}{
		{turnTime - 1, false}, {turnTime, true}, {turnTime + 1, false},
		{2*turnTime - 1, false}, {2 * turnTime, true}, {time.Hour, true}, {time.Hour + 1, false},
	} {
		if over := u.over(step.now); over != step.over {
			t.Errorf("step %d at %v: %v", i, step.now, over)
		}
		if u.reads != 0 {
			t.Errorf("step %d: %d reads are still counted", i, u.reads)
		}
	}
}

// TestStepsAside: a loop that only reads steps aside, too.
func TestStepsAside(t *testing.T) {
	var (
		on    atomic.Pointer[loop]
		n, at int // messages, and which was the first after the loop stepped aside; loop only
	)
	mux := eio.NewMux()
	mux.HandleWebsocket("/ws", 1<<20, func(p *eio.RawPeer, data []byte, binary bool) {
		l := on.Load()
		switch n++; {
		case n == 1:
			l.turn = turn{began: -time.Hour}
		case at == 0 && l.turn.began > 0:
			at = n
		}
		p.Send(data, binary)
	})
	s := serve(t, "127.0.0.1:0", mux, &Options{Loops: 1, NoIOUring: true})
	l := s.core.all()[0]
	on.Store(l)
	x := dial(t, s, "/ws")
	for range turnReads + 1 {
		x.text("word")
		x.want("word")
	}
	found := make(chan int, 1)
	if !l.ask(t.Context(), func(*loop) bool { found <- at; return true }) {
		t.Fatal("the loop does not answer")
	}
	if at := <-found; at == 0 || at > turnReads+1 {
		t.Errorf("first seen to have stepped aside at message %d, want at most %d", at, turnReads+1)
	}
}

// TestStepsAsideEmptyHanded: answers that wait for the round's end do not wait
// for whoever runs while the loop steps aside.
func TestStepsAsideEmptyHanded(t *testing.T) {
	var (
		on atomic.Pointer[loop]
		c  *conn // the client's; loop only
	)
	mux := eio.NewMux()
	mux.HandleWebsocket("/ws", 1<<20, func(p *eio.RawPeer, data []byte, binary bool) {
		c = on.Load().current
		p.Send(data, binary)
	})
	s := serve(t, "127.0.0.1:0", mux, &Options{Loops: 1, Logger: discard()})
	if s.Stats().Rings == 0 {
		t.Log("no io_uring here, and without one nothing waits")
		return
	}
	l := s.core.all()[0]
	on.Store(l)
	x := dial(t, s, "/ws")
	x.text("first")
	x.want("first")
	if !l.ask(t.Context(), func(l *loop) bool {
		l.due.crowd, l.due.many = true, true // whatever else is due waits, too
		l.feed(c, masked(nil, 1, []byte("second")))
		if !l.held {
			t.Error("nothing waits")
		}
		l.turn = turn{began: -time.Hour}
		l.breathe()
		return !l.held
	}) {
		t.Error("an answer waits while the loop steps aside")
	}
	x.want("second")
}
