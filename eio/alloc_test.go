//go:build !race && !pooldebug

package eio_test

import (
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/pool"
)

func TestAllocs(t *testing.T) {
	h := &silent{echo: true}
	d, conns := crowd(t, 1000, h)
	l := d.Loop(0)
	c, s := conns[0], h.sessions[0]
	small, binary := []byte(text("4"+strings.Repeat("x", 64))), []byte(bin("0123456789"))
	burst := []byte(strings.Repeat(string(small), 20))
	cut := len(small) / 2
	buf := make([]byte, 0, 4096)
	feed := func(b []byte) {
		buf = append(buf[:0], b...) // Feed unmasks in place
		c.Feed(buf)
	}
	made := message("shared")
	defer made.Release()
	f := pool.CopyShared(made.B) // in a buffer of its own size: it will be held up
	defer f.Release()
	tasks := [...]*fanout{{to: h.sessions}, {to: h.sessions}, {to: h.sessions}}
	broadcast := func(n int) {
		for _, t := range tasks[:n] {
			f.Retain()
			t.f = f
			l.Post(t)
		}
		l.Run()
	}
	payload := []byte("payload")
	ping := []byte(text("3"))
	for name, op := range map[string]func(){
		"echo text":            func() { feed(small); l.Flush() },
		"echo binary":          func() { feed(binary); l.Flush() },
		"echo burst":           func() { feed(burst); l.Flush() },
		"echo in two pieces":   func() { feed(small[:cut]); l.Flush(); feed(small[cut:]); l.Flush() },
		"echoes that wait":     func() { answers(conns[:150], small); l.Flush() },
		"pong":                 func() { feed(ping) },
		"send":                 func() { s.Send(f, 0); l.Flush() },
		"send text and binary": func() { s.SendText(payload); s.SendBinary(payload); l.Flush() },
		"post and send":        func() { f.Retain(); l.PostSend(s, f, 0); l.Run() },
		"broadcast":            func() { broadcast(1) },
		"three broadcasts":     func() { broadcast(3) },
		"blocked and drained": func() {
			c.SetRoom(7)
			s.Send(f, 0)
			s.SendText(payload)
			l.Flush()
			if s.Backlog() == 0 {
				t.Error("not blocked")
			}
			c.SetRoom(-1)
		},
		"heartbeats": func() { d.Sleep(25e9); l.Tick(d.Now()); feed(ping); pongs(conns[1:], ping) },
	} {
		op() // warm the pools
		op()
		if n := testing.AllocsPerRun(100, op); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
	if e := s.Engine(); e.Clients() != 1000 {
		t.Errorf("%d clients left", e.Clients())
	}
}

// answers has each of conns be answered once, and the answers wait.
func answers(conns []*eiotest.Conn, in []byte) {
	for _, c := range conns {
		c.Feed(answerBuf[:copy(answerBuf[:], in)])
		c.Peer().Loop().FlushLater()
	}
}

var pongBuf, answerBuf [128]byte

func pongs(conns []*eiotest.Conn, pong []byte) {
	for _, c := range conns {
		c.Feed(pongBuf[:copy(pongBuf[:], pong)])
	}
}

// TestPollAllocs: a poll costs nothing either, beyond what the test does.
func TestPollAllocs(t *testing.T) {
	w := newWorld(t, nil)
	_, target := w.openPolling()
	s := w.h.sessions[0]
	w.h.onMsg = nil
	getter, poster := w.d.Dial(), w.d.Dial()
	getter.Discard, poster.Discard = true, true
	poll, pong := []byte(get(target)), []byte(post(target, "3"))
	payload := []byte("payload")
	l := w.d.Loop(0)
	op := func() {
		getter.Feed(poll)
		s.SendText(payload)
		l.Flush()
		poster.Feed(pong)
		l.Flush()
	}
	op()
	op()
	if n := testing.AllocsPerRun(100, op); n != 0 {
		t.Errorf("poll: %v allocs, want 0", n)
	}
}
