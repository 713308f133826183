package eio_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// TestIdlePolling: however many sessions one connection opens, a loop keeps
// only so much of those that do not poll, and those that do notice nothing.
func TestIdlePolling(t *testing.T) {
	w := newWorld(t, nil)
	w.d.Mux.MaxIdlePolling = 40_000
	waits, waiting := w.openPolling()
	waits.WriteString(get(waiting))
	_, busy := w.openPolling()
	talker := w.d.Dial()
	flood := w.d.Dial()
	for range 50 {
		flood.WriteString(strings.Repeat(get(base+"polling"), 20))
		flood.Take()
		talker.WriteString(post(busy, "3"))
		expect(t, talker, posted)
	}
	if n := w.e.Clients(); n < 30 || n > 42 {
		t.Errorf("%d sessions are left of 1002", n)
	}
	first := w.h.sessions[2].ID()
	flood.WriteString(get(base + "polling&sid=" + first))
	expect(t, flood, refused(400, `{"code":1,"message":"Session ID unknown"}`))
	last := w.h.sessions[len(w.h.sessions)-1]
	last.SendText([]byte("hello"))
	flood.WriteString(get(base + "polling&sid=" + last.ID()))
	expect(t, flood, polled("4hello"))
	w.h.sessions[0].SendText([]byte("still here"))
	waits.Settle()
	expect(t, waits, polled("4still here"))
	for i, s := range w.h.sessions { // whichever way they end, the list is in order
		if i%2 == 0 {
			s.Terminate()
		} else {
			s.Close(eio.ReasonForced)
		}
	}
	flood.Settle()
	_, target := w.openPolling()
	flood.WriteString(get(target))
	expect(t, flood, "")
}

// TestBacklogOfSmall: what a client that does not read makes the server hold is
// near what is counted, however small the messages are.
func TestBacklogOfSmall(t *testing.T) {
	w := newWorld(t, &eio.Options{MaxBacklog: 1 << 20})
	c := w.openWS()
	c.SetRoom(0)
	w.openPolling()
	large := message(strings.Repeat("x", 60_000))
	large.Release() // its buffer is pooled, and may be the next message's
	for i, s := range w.h.sessions[:2] {
		before := pool.Outstanding()
		for n := range 50_000 {
			f := message(fmt.Sprint(n % 10))
			if !s.Send(f, 0) {
				t.Fatalf("session %d: closed at %d messages, %d bytes", i, n, s.Backlog())
			}
			f.Release()
		}
		c.Settle()
		if held := pool.Outstanding() - before; pool.Outstanding() > 0 && held > 40 {
			t.Errorf("session %d: %d buffers for %d bytes", i, held, s.Backlog())
		}
		if n := s.Backlog(); n < 50_000*4 || n > 50_000*4+64 {
			t.Errorf("session %d: a backlog of %d", i, n)
		}
	}
	c.SetRoom(-1)
	if n := strings.Count(c.String(), "\x81\x02"+"4"); n != 50_000 {
		t.Errorf("%d messages came", n)
	}
}

// TestHeldUpInTheMiddle: what is put together when a client stops reading in the
// middle of a message loses nothing and repeats nothing.
func TestHeldUpInTheMiddle(t *testing.T) {
	for _, room := range []int{0, 1, 3, 5, 600, 2011, 20_000, 40_005} {
		w := newWorld(t, nil)
		c := w.openWS()
		c.SetRoom(room)
		want := ""
		send := func(n int) {
			text := strings.Repeat("x", n)
			f := message(text)
			w.h.sessions[0].Send(f, 0)
			f.Release()
			want += sent("4" + text)
		}
		for i := range 600 {
			send([]int{1, 2, 200, 3, 5000, 0, 1}[i%7])
		}
		c.Settle()
		send(7)
		w.h.sessions[0].SendText([]byte("own"))
		want += sent("4own")
		for range 5 {
			c.SetRoom(333)
		}
		send(8)
		c.SetRoom(-1)
		expect(t, c, want)
	}
}
