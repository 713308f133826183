//go:build linux

package eventloop

import (
	"fmt"
	"io"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// longest is a fan-out of as many chunks as it takes for a client that has no part
// in it to be answered; or, if it is not, for as long as one is patient.
type longest struct {
	members  []*eio.RawPeer
	begun    chan struct{}
	answered atomic.Bool
	chunks   int
	until    time.Time
	ended    chan bool // whether it was answered in time
}

// Run sends to all members, which is one chunk.
func (f *longest) Run(*eio.Loop) (again bool) {
	if f.chunks++; f.chunks == 1 {
		close(f.begun)
	}
	for _, p := range f.members {
		p.Send([]byte("to all"), false)
	}
	answered := f.answered.Load()
	if !answered && time.Now().Before(f.until) {
		return true
	}
	f.ended <- answered
	return false
}

// TestBreath: between the chunks of a fan-out that stays at the head of its loop's
// inbox the loop reads, and what it reads is answered, not only handled: with the
// ring and without, for a client alone and where all that is said waits for the
// round's end.
func TestBreath(t *testing.T) {
	for _, without := range []bool{false, true} {
		for _, crowd := range []bool{false, true} {
			t.Run(fmt.Sprintf("without ring %v, crowd %v", without, crowd), func(t *testing.T) {
				breathe(t, &Options{Loops: 1, NoIOUring: without, Logger: discard()}, crowd)
			})
		}
	}
}

func breathe(t *testing.T, o *Options, crowd bool) {
	const members = 50
	f := &longest{begun: make(chan struct{}), ended: make(chan bool, 1)}
	mux := eio.NewMux()
	mux.HandleWebsocket("/in", 1<<20, func(p *eio.RawPeer, data []byte, _ bool) {
		f.members = append(f.members, p) // on the loop, as is what reads it
		p.Send(data, false)
	})
	mux.HandleWebsocket("/ws", 1<<20, func(p *eio.RawPeer, data []byte, binary bool) { p.Send(data, binary) })
	s := serve(t, "127.0.0.1:0", mux, o)
	for range members {
		x := dial(t, s, "/in")
		x.text("in")
		x.want("in")
		go func() { _, _ = io.Copy(io.Discard, x.c) }() // until the test ends, and with it x.c
	}
	foreign := dial(t, s, "/ws")
	l := s.core.all()[0]
	if !l.ask(t.Context(), func(l *loop) bool {
		if crowd {
			l.due.crowd, l.due.many = true, true
		}
		return true
	}) {
		t.Fatal("the loop does not answer")
	}
	f.until = time.Now().Add(patience / 2)
	mux.Loops()[0].Post(f)
	<-f.begun
	foreign.text("within")
	foreign.want("within")
	f.answered.Store(true)
	if !<-f.ended {
		t.Errorf("answered only after the fan-out, of %d chunks", f.chunks)
	}
	if f.chunks < 2 {
		t.Errorf("%d chunks", f.chunks)
	}
	t.Logf("answered within %d chunks of %d members", f.chunks, members)
}
