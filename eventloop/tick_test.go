//go:build linux

package eventloop

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
)

// enrolling is a loop of gnet that takes connections and does nothing.
type enrolling struct{ gnet.EventLoop }

func (enrolling) Enroll(_ context.Context, far net.Conn) (<-chan gnet.RegisteredResult, error) {
	done := make(chan gnet.RegisteredResult)
	close(done)
	return done, far.Close()
}

// A loop that is made after the ticks have begun has its first one at once, not
// when the ticks next look at all loops.
func TestTickFindsANewLoop(t *testing.T) {
	k := newCore(eio.NewMux(), Options{Loops: 1, Logger: discard()})
	if sleep := k.tick(0); sleep != janitorEvery*time.Millisecond {
		t.Fatalf("no loops, and sleeps %v", sleep)
	}
	l, err := k.loopFor(enrolling{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.free()
	select {
	case <-k.soon:
	default:
		t.Fatal("the ticks are not told of a new loop")
	}
	if sleep := k.tick(time.Millisecond); sleep != l.eio.TickEvery() {
		t.Errorf("a new loop, and sleeps %v; want %v", sleep, l.eio.TickEvery())
	}
	if l.tickDue.Load() == 0 {
		t.Error("a new loop has no tick")
	}
}
