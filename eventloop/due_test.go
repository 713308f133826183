//go:build linux

package eventloop

import (
	"fmt"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// TestDue walks through the choice between the end of a read and the end of the
// round.
func TestDue(t *testing.T) {
	var d due
	read := func(posted bool) verdict {
		d.enter()
		if posted && d.wanted() {
			t.Error("a wake during a read rang")
		}
		d.leave()
		v := d.verdict()
		if v == dueNow {
			d.served()
		}
		return v
	}
	if v := read(false); v != dueNothing {
		t.Error("nothing was posted:", v)
	}
	for i := range probeEvery {
		if v := read(true); v != dueNow {
			t.Fatal(i, v)
		}
	}
	for round := range 3 { // a crowd is found, and found again
		if v := read(true); v != dueLater {
			t.Fatal(round, v)
		}
		if v := read(true); v != dueNothing {
			t.Fatal(round, v)
		}
		d.served()
	}
	if v := read(true); v != dueLater {
		t.Fatal(v)
	}
	d.served() // alone in its round: no crowd any more
	if v := read(true); v != dueNow {
		t.Fatal(v)
	}
	if !d.wanted() {
		t.Error("a wake between reads must ring")
	}
}

// TestDueAnswers walks through the same choice for what reads answer.
func TestDueAnswers(t *testing.T) {
	var d due
	for i := range probeEvery {
		if d.gathers() {
			t.Fatal("read", i, "waits, and nothing says that others come")
		}
	}
	for round, reads := range []int{manyHeld, 2 * manyHeld, manyHeld - 1} {
		for i := range reads { // the probe, then a crowd, then few
			if !d.gathers() {
				t.Fatalf("round %d: read %d does not wait", round, i)
			}
			if ring := d.hold(); ring != (i == 0) {
				t.Fatalf("round %d: read %d rings: %v", round, i, ring)
			}
		}
		d.served()
	}
	if d.gathers() {
		t.Error("waits after a round of few")
	}
	// One that waits for a round whose end is on its way anyway rings nobody.
	d.many, d.put = true, true
	if !d.gathers() || d.hold() {
		t.Error("rings twice in a round")
	}
}

// posted is a task that sends to one peer, as an emit from a handler does.
type posted struct {
	p    *eio.RawPeer
	data []byte
}

func (e *posted) Run(*eio.Loop) bool { e.p.Send(e.data, false); return false }

// BenchmarkPostedEcho is an echo through the loop's own inbox.
func BenchmarkPostedEcho(b *testing.B) {
	m := eio.NewMux()
	m.HandleWebsocket("/ws", 1000, func(p *eio.RawPeer, data []byte, _ bool) {
		(*eio.Peer)(p).Loop().Post(&posted{p, append([]byte(nil), data...)})
	})
	s := serve(b, "127.0.0.1:0", m, &Options{Loops: 1})
	for _, n := range []int{1, 16} {
		b.Run(fmt.Sprint("clients-", n), func(b *testing.B) {
			b.ReportAllocs()
			var xs []*client
			for range n {
				x := dial(b, s, "/ws")
				_ = x.c.SetDeadline(time.Time{})
				xs = append(xs, x)
			}
			for b.Loop() {
				for _, x := range xs {
					x.text("sixty-four bytes are what the load generator sends, more or less.")
				}
				for _, x := range xs {
					x.want("sixty-four bytes are what the load generator sends, more or less.")
				}
			}
		})
	}
}
