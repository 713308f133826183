package eio_test

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// task is a Task from a function.
type task func(l *eio.Loop) bool

func (f task) Run(l *eio.Loop) bool { return f(l) }

// droppable is a task that hears when it is dropped.
type droppable struct{ dropped *int }

func (droppable) Run(*eio.Loop) bool { return false }
func (d droppable) Dropped()         { *d.dropped++ }

func TestPostOrder(t *testing.T) {
	w := newWorld(t, nil)
	c := w.openWS()
	s := w.h.sessions[0]
	l := s.Loop()
	c.Sends = 0
	chunks := 0
	l.PostSend(s, message("1"), 0)
	l.Post(task(func(l *eio.Loop) bool {
		if l.Quiet() || !l.More() {
			t.Error("quiet with ops behind")
		}
		chunks++
		s.SendText([]byte(fmt.Sprint("2.", chunks)))
		return chunks < 3
	}))
	l.PostSend(s, message("3"), 0)
	c.Settle()
	expect(t, c, sent("41")+sent("42.1")+sent("42.2")+sent("42.3")+sent("43"))
	// Round one: 1 and 2.1; then 2.2; then 2.3 and 3.
	if c.Sends != 3 {
		t.Errorf("%d sends, want one a round", c.Sends)
	}
	c.Sends = 0
	l.PostSend(s, message("alone"), 0)
	l.Run()
	expect(t, c, sent("4alone"))
	if c.Sends != 1 || !l.Quiet() {
		t.Errorf("%d sends", c.Sends)
	}
}

func TestCoalescing(t *testing.T) {
	w := newWorld(t, nil)
	const n = 100
	conns := make([]interface {
		String() string
		Settle()
	}, 2)
	a, b := w.openWS(), w.openWS()
	conns[0], conns[1] = a, b
	a.Sends, b.Sends = 0, 0
	want := ""
	for i := range n {
		m := fmt.Sprint("m", i)
		for _, s := range w.h.sessions {
			s.Loop().PostSend(s, message(m), 0)
		}
		want += sent("4" + m)
	}
	a.Settle()
	for _, c := range conns {
		if got := c.String(); got != want {
			t.Errorf("got %q", got)
		}
	}
	if a.Sends != 1 || b.Sends != 1 {
		t.Errorf("%d and %d sends for %d messages of one round", a.Sends, b.Sends, n)
	}
}

func TestBacklog(t *testing.T) {
	w := newWorld(t, &eio.Options{MaxBacklog: 1000})
	c, healthy := w.openWS(), w.openWS()
	s := w.h.sessions[0]
	c.SetRoom(10)
	f := message(strings.Repeat("x", 500))
	v := message("v")
	defer v.Release()
	want := ""
	for range 2 {
		if !s.Send(f, 0) {
			t.Fatal("refused below the limit")
		}
		want += string(f.B)
	}
	c.Settle()
	if s.Send(v, eio.Volatile) {
		t.Error("a volatile message is queued")
	}
	if !s.Send(f, 0) {
		t.Error("refused at the limit: it may be passed once")
	}
	want += string(f.B)
	if got := s.Backlog(); got != 3*len(f.B)-10 {
		t.Errorf("backlog %d", got)
	}
	for range 20 { // the kernel takes it in small pieces
		c.SetRoom(37)
	}
	c.SetRoom(-1)
	expect(t, c, want)
	if s.Backlog() != 0 || !s.Send(v, eio.Volatile) {
		t.Error("not drained")
	}
	c.Settle()
	expect(t, c, sent("4v"))

	c.SetRoom(0)
	for s.Send(f, 0) {
		c.Settle()
	}
	w.heard("")
	c.Settle()
	w.heard("close slow client")
	if !c.Aborted() {
		t.Error("the connection lives")
	}
	w.h.sessions[1].SendText([]byte("fine"))
	healthy.Settle()
	expect(t, healthy, sent("4fine"))
	f.Release()
}

// TestBurst is one large burst to a client that reads: it is no slow client.
func TestBurst(t *testing.T) {
	w := newWorld(t, nil)
	c := w.openWS()
	c.Discard = true
	c.Bytes = 0
	s := w.h.sessions[0]
	for range 100_000 {
		s.Loop().PostSend(s, message(strings.Repeat("x", 50)), 0)
	}
	c.Settle()
	w.heard("")
	if c.Bytes != 100_000*(2+51) {
		t.Errorf("%d bytes", c.Bytes)
	}
}

type drainer struct {
	recorder
	drained int
}

func (d *drainer) OnDrain(*eio.Session) { d.drained++ }

func TestDrain(t *testing.T) {
	h := &drainer{}
	w := newWorld(t, nil)
	e, err := eio.NewEngine(&eio.Options{Path: "/d"}, h)
	if err != nil {
		t.Fatal(err)
	}
	w.mux.Handle(e)
	c := w.d.Dial()
	c.WriteString(upgrade("/d/?EIO=4&transport=websocket"))
	c.SetRoom(5)
	h.sessions[0].SendText([]byte("hello"))
	c.Settle()
	if h.drained != 0 {
		t.Error("drained while blocked")
	}
	c.SetRoom(-1)
	if h.drained != 1 {
		t.Errorf("drained %d times", h.drained)
	}
}

func TestPanics(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	c, healthy := w.openWS(), w.openWS()
	w.h.onMsg = func(_ *eio.Session, p []byte, _ bool) {
		if string(p) == "boom" {
			panic("on purpose")
		}
	}
	c.WriteString(text("4boom") + text("4late"))
	if !c.Closing() {
		t.Error("the connection lives")
	}
	w.heard("text \"boom\"\nclose forced close: panic")
	l := w.d.Loop(0)
	l.Post(task(func(*eio.Loop) bool { panic("on purpose") }))
	l.Wheel().After(10, fireFunc(func(*eio.Loop) { panic("on purpose") }))
	w.h.onClose = func(*eio.Session) { panic("on purpose") }
	w.openWS().Close()
	w.d.Advance(time.Second)
	w.h.take()
	healthy.WriteString(text("4a"))
	w.heard(`text "a"`)
}

type fireFunc func(l *eio.Loop)

func (f fireFunc) Fire(l *eio.Loop) { f(l) }

func TestOnOpenRefuses(t *testing.T) {
	w := newWorld(t, nil)
	w.h.onOpen = func(*eio.Session) error { return errors.New("no") }
	c := w.d.Dial()
	c.WriteString(upgrade(base + "websocket"))
	if got := c.String(); !strings.HasSuffix(got, "\x88\x00") {
		t.Errorf("got %q", got)
	}
	w.heard("open\nclose forced close: no")
}

func TestStall(t *testing.T) {
	w := newWorld(t, nil)
	var stalls []string
	w.mux.OnStall = func(d time.Duration, what string) { stalls = append(stalls, fmt.Sprint(d, " ", what)) }
	w.h.onMsg = func(s *eio.Session, p []byte, _ bool) {
		s.Loop().Doing("event " + string(p))
		if p[0] == 's' {
			w.d.Sleep(150 * ms)
		}
	}
	c := w.openWS()
	c.WriteString(text("4fast"))
	c.WriteString(text("4fast") + text("4slow") + text("4fast"))
	w.d.Loop(0).Post(task(func(*eio.Loop) bool { w.d.Sleep(time.Second); return false }))
	w.d.Run()
	if got := strings.Join(stalls, ", "); got != "150ms event slow, 1s " {
		t.Errorf("heard %q", got)
	}
}

func TestStop(t *testing.T) {
	w := newWorld(t, nil)
	c := w.openWS()
	s := w.h.sessions[0]
	l := w.d.Loop(0)
	dropped := 0
	l.Post(droppable{&dropped})
	l.PostSend(s, message("late"), 0)
	l.Stop()
	l.Post(droppable{&dropped})
	l.PostSend(s, message("late"), 0)
	if dropped != 2 {
		t.Errorf("%d tasks heard that they are dropped", dropped)
	}
	expect(t, c, "\x88\x00")
	w.heard("close server shutting down")
}

// TestPosters has many goroutines post at once; each one's order holds.
func TestPosters(t *testing.T) {
	w := newWorld(t, nil)
	c := w.openWS()
	s := w.h.sessions[0]
	const posters, each = 8, 500
	for i := range posters {
		go func() {
			for j := range each {
				f := pool.NewShared()
				f.B = append(f.B, sent(fmt.Sprintf("4%d.%d;", i, j))...)
				s.Loop().PostSend(s, f, 0)
			}
		}()
	}
	var got strings.Builder
	n := 0
	if !w.d.Wait(func() bool {
		out := c.String()
		n += strings.Count(out, ";")
		got.WriteString(out)
		return n == posters*each
	}) {
		t.Fatalf("%d messages came", n)
	}
	for i := range posters {
		last := -1
		for j := range each {
			at := strings.Index(got.String(), fmt.Sprintf("4%d.%d;", i, j))
			if at < last {
				t.Fatalf("poster %d: message %d came too early", i, j)
			}
			last = at
		}
	}
}

func TestWheel(t *testing.T) {
	w := newWorld(t, nil)
	wheel := w.d.Loop(0).Wheel()
	var fired []int64
	at := func(ms int64) eio.TimerID {
		return wheel.After(ms, fireFunc(func(l *eio.Loop) { fired = append(fired, ms) }))
	}
	at(10_000)
	at(0)
	gone := at(200)
	at(500)
	at(4096 + 500) // the same bucket, the next turn
	if !wheel.Cancel(gone) || wheel.Cancel(gone) || wheel.Cancel(0) {
		t.Error("Cancel")
	}
	var again fireFunc
	n := 0
	again = func(l *eio.Loop) {
		if n++; n < 5 {
			l.Wheel().After(0, again)
		}
	}
	wheel.After(0, again)
	w.d.Advance(50 * ms)
	if n != 1 {
		t.Errorf("fired %d times in one tick", n)
	}
	w.d.Advance(950 * ms)
	if got := fmt.Sprint(fired, n, wheel.Len()); got != "[0 500] 5 2" {
		t.Error(got)
	}
	w.d.Sleep(time.Hour) // a loop that was away
	w.d.Advance(50 * ms)
	if got := fmt.Sprint(fired, wheel.Len()); got != "[0 500 4596 10000] 0" && got != "[0 500 10000 4596] 0" {
		t.Error(got)
	}
}

// TestSendFromClose: what a handler sends when it hears of a close goes out at
// once, without another event.
func TestSendFromClose(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.openWS(), w.openWS()
	w.h.onClose = func(*eio.Session) { w.h.sessions[1].SendText([]byte("a has left")) }
	a.Peer().Closed(nil)
	expect(t, b, sent("4a has left"))
	a.Close()
}

func TestStats(t *testing.T) {
	w := newWorldLoops(t, nil, 2)
	c := w.openWS()
	c.WriteString(text("4a") + text("4b"))
	w.openPolling()
	f := message("v")
	w.h.sessions[1].Send(f, eio.Volatile)
	f.Release()
	w.d.DialLoop(1).WriteString(get(base + "x"))
	w.d.Advance(50 * ms)
	got := w.mux.Stats()
	if got.BytesIn == 0 || got.BytesOut == 0 {
		t.Errorf("%d bytes in, %d out", got.BytesIn, got.BytesOut)
	}
	got.BytesIn, got.BytesOut = 0, 0
	if want := (eio.Stats{Connections: 3, Sessions: 2, Refused: 1, Messages: 2, VolatileDropped: 1, Open: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
