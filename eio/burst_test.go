package eio_test

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/wsframe"
)

// spread is a task that sends to several sessions, some of them more than once.
type spread struct {
	to   []*eio.Session
	data string
	fl   eio.SendFlags
	took func(s *eio.Session, data string)
}

func (x *spread) Run(*eio.Loop) bool {
	f := message(x.data)
	defer f.Release()
	for _, s := range x.to {
		if s.Send(f, x.fl) {
			x.took(s, x.data)
		}
	}
	return false
}

// hall is a crowd of websockets and what each of them must get.
type hall struct {
	*world
	r     *rand.Rand
	conns []*eiotest.Conn
	at    map[*eio.Session]int
	want  []strings.Builder
	ended []bool
	said  int
}

func newHall(t *testing.T, seed uint64, n int) *hall {
	h := &hall{world: newWorld(t, nil), r: rand.New(rand.NewPCG(seed, 1)), at: map[*eio.Session]int{},
		want: make([]strings.Builder, n), ended: make([]bool, n)}
	for i := range n {
		h.conns = append(h.conns, h.openWS())
		h.at[h.h.sessions[i]] = i
	}
	h.h.onMsg = func(s *eio.Session, p []byte, _ bool) {
		if s.SendText(p) {
			h.took(s, string(p))
		}
	}
	return h
}

func (h *hall) took(s *eio.Session, data string) { h.want[h.at[s]].WriteString(sent("4" + data)) }

// word is a message, mostly short.
func (h *hall) word() string {
	h.said++
	n := h.r.IntN(100)
	if h.r.IntN(10) == 0 {
		n = h.r.IntN(30_000)
	}
	return fmt.Sprint(h.said, strings.Repeat("x", n))
}

func (h *hall) some() (list []*eio.Session) {
	for range 1 + h.r.IntN(2*len(h.conns)) {
		list = append(list, h.h.sessions[h.r.IntN(len(h.conns))])
	}
	return list
}

// step does one thing that may happen to a crowd.
func (h *hall) step() {
	l, i := h.d.Loop(0), h.r.IntN(len(h.conns))
	c, s := h.conns[i], h.h.sessions[i]
	switch h.r.IntN(12) {
	case 0, 1: // alone in the inbox: sent at once
		l.Post(&spread{to: h.some(), data: h.word(), took: h.took})
		h.d.Run()
	case 2: // with others behind it: queued
		for range 3 {
			l.Post(&spread{to: h.some(), data: h.word(), took: h.took})
		}
		h.d.Run()
	case 3:
		if data := h.word(); !s.Closed() {
			h.took(s, data)
			l.PostSend(s, message(data), 0)
			h.d.Run()
		}
	case 4, 5, 6, 7: // a read, whose answer may wait
		for range 1 + h.r.IntN(3) {
			c.Feed([]byte(text("4" + h.word())))
		}
		if h.r.IntN(4) > 0 {
			l.FlushLater()
		} else {
			l.Flush()
		}
	case 8:
		c.SetRoom(h.r.IntN(2000))
	case 9:
		c.SetRoom(-1)
	case 10:
		if h.r.IntN(20) == 0 && !s.Closed() {
			h.ended[i] = true
			s.Close(eio.ReasonForced)
			h.want[i].Write(wsframe.Close)
		}
	case 11:
		l.Flush()
		h.d.Run()
	}
}

// TestBurstOracle has all that sends happen to a crowd in any order, and the kernel
// take what it likes: each client gets what was accepted for it, once and in
// order.
func TestBurstOracle(t *testing.T) {
	for seed := range uint64(12) {
		h := newHall(t, seed, 150)
		for i := range 400 {
			if seed%3 == 0 && i == 200 { // from here on they are counted
				h.h.sessions[0].WhenSent(func() {})
			}
			h.step()
		}
		h.d.Loop(0).Flush()
		h.d.Run()
		for i, c := range h.conns {
			c.SetRoom(-1)
			h.d.Settle()
			if got, want := c.String(), h.want[i].String(); got != want {
				t.Fatalf("seed %d: client %d got %d bytes, want %d (closed: %v)", seed, i, len(got), len(want), h.ended[i])
			}
		}
	}
}

// TestBurstWaits: what a read answers, and what else is said meanwhile, waits
// for the end of the round where the driver asks for that, and no longer.
func TestBurstWaits(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	l := w.d.Loop(0)
	var cs []*eiotest.Conn
	for range 3 {
		cs = append(cs, w.openWS())
	}
	for i, c := range cs {
		c.Feed([]byte(text(fmt.Sprint("4", i))))
		if !l.FlushLater() {
			t.Error("nothing waits")
		}
	}
	for _, c := range cs {
		expect(t, c, "")
	}
	l.Flush()
	for i, c := range cs {
		expect(t, c, sent(fmt.Sprint("4", i)))
	}
	if l.FlushLater() {
		t.Error("something waits")
	}
	// A second read of the same client sends the first answer, and so does its end.
	for range 2 {
		cs[0].Feed([]byte(text("4a")))
		l.FlushLater()
	}
	expect(t, cs[0], sent("4a"))
	w.h.sessions[0].Close(eio.ReasonForced)
	l.Flush()
	expect(t, cs[0], sent("4a")+string(wsframe.Close))
	cs[1].Feed([]byte(text("4b")))
	l.FlushLater()
	w.h.take()
	cs[1].CloseWith(errors.New("reset"))
	if got := w.h.take(); got != "close transport close: reset" {
		t.Errorf("heard %q", got)
	}
	cs[2].Feed([]byte(text("4c")))
	l.FlushLater()
	w.d.Advance(l.TickEvery())
	expect(t, cs[2], sent("4c"))
}

// TestBurstBroken: connections that fail in a broadcast end, each for itself, and
// the others get it.
func TestBurstBroken(t *testing.T) {
	w := newWorld(t, nil)
	var cs []*eiotest.Conn
	for range 200 {
		cs = append(cs, w.openWS())
	}
	for i, c := range cs {
		if i%7 == 0 {
			c.Err = errors.New("broken pipe")
		}
	}
	w.d.Loop(0).Post(&spread{to: w.h.sessions, data: "x", took: func(*eio.Session, string) {}})
	w.d.Run()
	w.d.Settle()
	for i, c := range cs {
		switch i % 7 {
		case 0:
			if !c.Closing() || !w.h.sessions[i].Closed() {
				t.Errorf("client %d lives on", i)
			}
		default:
			expect(t, c, sent("4x"))
		}
	}
	if got, want := strings.Count(w.h.take(), "close transport close: broken pipe"), (len(cs)+6)/7; got != want {
		t.Errorf("%d sessions ended, want %d", got, want)
	}
	lost := uint64(0)
	for _, n := range read(w).Discarded.All() {
		lost += n
	}
	if want := uint64((len(cs)+6)/7) * uint64(len(sent("4x"))); lost != want {
		t.Errorf("%d bytes were thrown away, want %d", lost, want)
	}
}

// fragile is a driver whose SendAll may panic.
type fragile struct{ armed bool }

func (*fragile) Wake() {}

func (f *fragile) SendAll(list []eio.Outgoing) {
	if f.armed {
		panic("on purpose")
	}
	for i := range list {
		list[i].N, list[i].Err = list[i].Conn.Send(list[i].B)
	}
}

// TestBurstPanics: where a driver panics nobody knows what was sent; those
// connections end, and the loop goes on.
func TestBurstPanics(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.Logger = slog.New(slog.DiscardHandler)
	f := new(fragile)
	l := w.mux.NewLoop(f)
	for _, armed := range []bool{true, false} {
		var cs []*eiotest.Conn
		var ps [2]eio.Peer
		for i := range ps {
			c := w.d.Dial()
			l.Accept(&ps[i], c.Server())
			ps[i].Feed([]byte(upgrade(base + "websocket")))
			l.Flush()
			c.Take()
			cs = append(cs, c)
		}
		f.armed = armed
		l.Post(&spread{to: w.h.sessions, data: "x", took: func(*eio.Session, string) {}})
		l.Run()
		f.armed = false
		for i, c := range cs {
			if got := c.String(); c.Aborted() != armed || (got == sent("4x")) == armed {
				t.Errorf("aborted: %v, got %q", c.Aborted(), got)
			}
			ps[i].Closed(nil)
		}
	}
	l.Stop()
}

// TestBurstDrops: a volatile message finds out who is held up by the broadcast
// before it, although that was gathered.
func TestBurstDrops(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.openWS(), w.openWS()
	a.SetRoom(2)
	l := w.d.Loop(0)
	n := 0
	for _, fl := range []eio.SendFlags{0, eio.Volatile} {
		l.Post(&spread{to: w.h.sessions, data: "xyz", fl: fl, took: func(*eio.Session, string) { n++ }})
		w.d.Run()
	}
	a.SetRoom(-1)
	expect(t, a, sent("4xyz"))
	expect(t, b, sent("4xyz")+sent("4xyz"))
	if n != 3 {
		t.Errorf("%d accepted, want 3", n)
	}
}

// say sends a text message.
func say(s *eio.Session, data string, fl eio.SendFlags) bool {
	f := message(data)
	defer f.Release()
	return s.Send(f, fl)
}

// TestBurstPolicies: the second message of one task finds out what the kernel made
// of the first, although that was gathered.
func TestBurstPolicies(t *testing.T) {
	w := newWorld(t, nil)
	a, b := w.openWS(), w.openWS()
	a.SetRoom(3)
	b.Err = errors.New("broken pipe")
	w.d.Loop(0).Post(task(func(*eio.Loop) bool {
		s := w.h.sessions[0]
		say(s, "xyz", 0)
		if n := s.Backlog(); n != len(sent("4xyz")) && n != len(sent("4xyz"))-3 {
			t.Errorf("a backlog of %d bytes", n)
		}
		if say(s, "v", eio.Volatile) {
			t.Error("a volatile message was taken")
		}
		s = w.h.sessions[1]
		say(s, "x", 0)
		if say(s, "y", 0) || !s.Closed() {
			t.Error("a message was taken after the connection broke")
		}
		return false
	}))
	w.d.Run()
	a.SetRoom(-1)
	expect(t, a, sent("4xyz"))
	expect(t, b, "")
}

// TestBurstHooks: WhenSent counts what is in the burst.
func TestBurstHooks(t *testing.T) {
	w := newWorld(t, nil)
	a := w.openWS()
	a.SetRoom(3)
	var heard []string
	w.d.Loop(0).Post(task(func(*eio.Loop) bool {
		s := w.h.sessions[0]
		for _, m := range []string{"4a", "4b"} {
			say(s, m[1:], 0)
			s.WhenSent(func() { heard = append(heard, m) })
		}
		return false
	}))
	w.d.Run()
	if len(heard) != 0 {
		t.Errorf("heard %q while the kernel is full", heard)
	}
	a.SetRoom(-1)
	w.d.Settle()
	expect(t, a, sent("4a")+sent("4b"))
	if !slices.Equal(heard, []string{"4a", "4b"}) {
		t.Errorf("heard %q", heard)
	}
}

// TestBurstWaitsNotLong: reads that take their time do not hold up the answers of
// those before.
func TestBurstWaitsNotLong(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	a, b := w.openWS(), w.openWS()
	a.Feed([]byte(text("4a")))
	if !w.d.Loop(0).FlushLater() {
		t.Fatal("nothing waits")
	}
	for end := time.Now().Add(10 * time.Millisecond); time.Now().Before(end); {
	}
	b.Feed([]byte(text("4b")))
	if w.d.Loop(0).FlushLater() {
		t.Error("something waits")
	}
	expect(t, a, sent("4a"))
	expect(t, b, sent("4b"))
}
