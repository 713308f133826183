package eio_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

func TestHistogram(t *testing.T) {
	w := newWorld(t, nil)
	l := w.d.Loop(0)
	bounds := eio.HistogramBounds()
	l.Late(-1)
	l.Late(0)
	l.Late(bounds[0])
	l.Late(bounds[0] + 1)
	l.Late(bounds[len(bounds)-1] + 1)
	old := read(w).Lag
	if h := old; h.Buckets[0] != 3 || h.Buckets[1] != 1 || h.Buckets[len(bounds)] != 1 || h.Count() != 5 {
		t.Errorf("%v", h)
	}
	var sum time.Duration
	for range 1000 {
		d := time.Duration(rand.Int64N(int64(10 * time.Millisecond)))
		sum += d
		l.Late(d)
	}
	h := read(w).Lag.Since(old)
	if h.Count() != 1000 || h.Sum != sum {
		t.Errorf("%d counted, %v in all, want 1000, %v", h.Count(), h.Sum, sum)
	}
	last := time.Duration(0)
	for _, q := range []float64{0, 0.01, 0.5, 0.9, 0.99, 1} {
		got, want := h.Quantile(q), time.Duration(q*float64(10*time.Millisecond))
		if got < last || (got-want).Abs() > time.Millisecond {
			t.Errorf("quantile %v of evenly spread: %v, want about %v", q, got, want)
		}
		last = got
	}
	var none, long eio.Histogram
	long.Buckets[len(bounds)] = 1
	if none.Quantile(0.5) != 0 || long.Quantile(0.5) != bounds[len(bounds)-1] {
		t.Errorf("%v %v", none.Quantile(0.5), long.Quantile(0.5))
	}
}

// read gives the figures after they were published.
func read(w *world) eio.Stats {
	w.d.Advance(50 * ms)
	return w.mux.Stats()
}

// TestStatsLag: the peak is that of the last second, and a loop that is held up
// shows it while it is.
func TestStatsLag(t *testing.T) {
	w := newWorldLoops(t, nil, 2)
	w.d.Advance(50 * ms)
	w.d.Loop(1).Late(30 * ms)
	w.d.Loop(1).Late(10 * ms)
	w.d.Advance(50 * ms)
	if a, b := w.d.Loop(0).Stats().LagPeak, w.d.Loop(1).Stats().LagPeak; a != 0 || b != 30*ms {
		t.Errorf("peaks %v, %v", a, b)
	}
	for range 60 {
		w.d.Loop(1).Late(ms)
		w.d.Advance(50 * ms)
	}
	if got := w.mux.Stats().LagPeak; got != ms {
		t.Errorf("three seconds later: %v", got)
	}
	w.d.Sleep(5 * time.Second)
	if got := w.mux.Stats().LagPeak; got < 4900*ms || got > 5*time.Second {
		t.Errorf("held up for 5 s: %v", got)
	}
}

// TestStatsBacklog: the loops know the sum of what all sessions hold back.
func TestStatsBacklog(t *testing.T) {
	w := newWorld(t, &eio.Options{MaxBacklog: 5000})
	ws := w.openWS()
	w.openPolling()
	other := w.openWS()
	f := message("some text of a length that is not a power of anything")
	defer f.Release()
	want := func(when string) {
		t.Helper()
		sum := 0
		for _, s := range w.h.sessions {
			sum += s.Backlog()
		}
		if got := read(w); got.Backlog != sum {
			t.Errorf("%s: %d bytes, the sessions say %d", when, got.Backlog, sum)
		}
	}
	want("idle")
	ws.SetRoom(17)
	other.SetRoom(100)
	for range 30 {
		for _, s := range w.h.sessions {
			s.Send(f, 0)
			s.SendText([]byte("own"))
		}
		w.d.Loop(0).Flush()
	}
	want("blocked")
	if w.mux.Stats().Backlog < 1000 {
		t.Error("nothing is held back")
	}
	ws.SetRoom(500)
	want("taken in part")
	ws.SetRoom(-1)
	want("taken by one")
	other.SetRoom(0)
	for i := 0; i < 200 && !w.h.sessions[2].Closed(); i++ {
		w.h.sessions[2].Send(f, 0)
	}
	other.Settle()
	want("cut")
	got := read(w)
	if got.SlowClosed != 1 || got.Open != 2 || got.Sessions != 3 {
		t.Errorf("%+v", got)
	}
	w.h.sessions[2].Send(f, 0)
	if read(w).ClosedDropped != 1 {
		t.Errorf("%+v", got)
	}
}

// TestStatsSent: each message counts once, on whatever way it goes, and each
// end by its reason.
func TestStatsSent(t *testing.T) {
	w := newWorld(t, nil)
	a, poller := w.openWS(), w.d.Dial()
	_, target := w.openPolling()
	f := message("text")
	defer f.Release()
	for _, s := range w.h.sessions {
		s.Send(f, 0)
		s.SendText([]byte("own"))
		s.SendBinary([]byte("own"))
	}
	poller.WriteString(get(target))
	w.d.Loop(0).Carried(4)
	if got := read(w); got.Sent != 6+4 {
		t.Errorf("%d sent, want 10", got.Sent)
	}
	// What is queued when the session upgrades is not sent twice.
	w.h.sessions[1].Send(f, 0)
	probe := w.d.Dial()
	sid := target[len(base+"polling&sid="):]
	probe.WriteString(upgrade(base + "websocket&sid=" + sid))
	probe.WriteString(text("2probe") + text("5"))
	if got := read(w); got.Sent != 11 || w.h.sessions[1].Transport() != eio.Websocket {
		t.Errorf("after the upgrade: %d sent, want 11, over %v", got.Sent, w.h.sessions[1].Transport())
	}
	a.Close()
	w.h.sessions[1].Close("of my own")
	ends := map[eio.Reason]uint64{}
	closed := read(w).Closed
	for r, n := range closed.All() {
		if n > 0 {
			ends[r] = n
		}
	}
	if len(ends) != 2 || ends[eio.ReasonTransportClose] != 1 || ends[eio.ReasonOther] != 1 {
		t.Errorf("%v", ends)
	}
}

// TestStatsDiscarded: what a session has taken and its client never got counts by
// the reason of its end, on either transport, and nothing else does.
func TestStatsDiscarded(t *testing.T) {
	w := newWorld(t, &eio.Options{MaxBacklog: 5000})
	f := message(strings.Repeat("x", 1000))
	defer f.Release()
	lost := func(r eio.Reason) uint64 {
		t.Helper()
		for reason, n := range read(w).Discarded.All() {
			if reason == r {
				return n
			}
		}
		t.Fatalf("no %q", r)
		return 0
	}
	last := func() *eio.Session { return w.h.sessions[len(w.h.sessions)-1] }
	hold := func(s *eio.Session) uint64 {
		for range 3 {
			s.Send(f, 0)
		}
		w.d.Loop(0).Flush()
		return uint64(s.Backlog())
	}

	w.openWS().Close()
	if got := read(w).Discarded; got != (eio.Closes{}) {
		t.Errorf("of one that had everything: %v", got)
	}
	slow := w.openWS()
	slow.SetRoom(1500)
	s, held := last(), uint64(0)
	for !s.Closed() {
		held = uint64(s.Backlog())
		s.Send(f, 0)
		w.d.Loop(0).Flush()
	}
	slow.Settle()
	if n := lost(eio.ReasonSlow); n != held || n < 5000 {
		t.Errorf("slow: %d, want %d", n, held)
	}
	gone := w.openWS()
	gone.SetRoom(100)
	want := hold(last())
	gone.Close()
	if n := lost(eio.ReasonTransportClose); n != want || n < 2000 {
		t.Errorf("gone: %d, want %d", n, want)
	}
	w.openPolling()
	want = hold(last())
	last().Close(eio.ReasonForced)
	w.d.Advance(time.Minute) // nobody asks for it
	if n := lost(eio.ReasonForced); n != want || n < 3000 {
		t.Errorf("a polling session closed: %d, want %d", n, want)
	}
	// An orderly close still sends what there is; the reason stays with what the
	// client never reads.
	polite := w.openWS()
	polite.SetRoom(100)
	want = hold(last())
	last().Close(eio.ReasonShutdown)
	if n := lost(eio.ReasonShutdown); n != 0 {
		t.Errorf("before its time: %d", n)
	}
	w.d.Advance(time.Minute)
	if n := lost(eio.ReasonShutdown); n < want || n > want+10 { // and the close frame
		t.Errorf("closed in an orderly way: %d, want %d", n, want)
	}
}
