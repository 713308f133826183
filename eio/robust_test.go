package eio_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
)

// bomb is a connection whose next Send panics.
type bomb struct {
	eio.Conn
	armed bool
}

func (b *bomb) Send(p []byte) (int, error) {
	if b.armed {
		b.armed = false
		panic("on purpose")
	}
	return b.Conn.Send(p)
}

// TestPanicInFlush: a send that panics ends its own connection and costs the
// others of its round nothing, neither their bytes nor the rounds to come.
func TestPanicInFlush(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	l := w.d.Loop(0)
	inner := w.d.Dial()
	b := &bomb{Conn: inner.Server()}
	var p eio.Peer
	l.Accept(&p, b)
	p.Feed([]byte(upgrade(base + "websocket")))
	l.Flush()
	c := w.openWS()
	for round := range 2 {
		b.armed = round == 0 // then it is gone
		for range 2 {
			for _, s := range w.h.sessions {
				l.PostSend(s, message("x"), 0)
			}
		}
		w.d.Run()
		if got := c.String(); got != sent("4x")+sent("4x") || b.armed {
			t.Errorf("round %d: got %q", round, got)
		}
	}
	p.Closed(nil)
}

// TestPanicInHooks: a session whose hooks panic is as if it had never been.
func TestPanicInHooks(t *testing.T) {
	boom := true
	panics := func() {
		if boom {
			panic("on purpose")
		}
	}
	n := 0
	for name, o := range map[string]*eio.Options{
		"headers":  {InitialHeaders: func(*eio.Request, http.Header) { panics() }},
		"id":       {GenerateID: func(*eio.Request) (string, error) { panics(); n++; return fmt.Sprint("id", n), nil }},
		"allow":    {AllowRequest: func(*eio.Request) error { panics(); return nil }},
		"use":      {Use: []func(*eio.Request, http.Header) error{func(*eio.Request, http.Header) error { panics(); return nil }}},
		"open":     {},
		"open sid": {GenerateID: func(*eio.Request) (string, error) { n++; return fmt.Sprint("id", n), nil }},
	} {
		w := newWorld(t, o)
		w.mux.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
		boom = true
		if strings.HasPrefix(name, "open") {
			w.h.onOpen = func(*eio.Session) error { panics(); return nil }
		}
		for range 3 {
			for _, head := range []string{get(base + "polling"), upgrade(base + "websocket")} {
				c := w.d.Dial()
				c.WriteString(head)
				if m := sidRE.FindStringSubmatch(c.String()); m != nil { // told, then ended
					c.WriteString(get(base + "polling&sid=" + m[1]))
					if got := c.String(); strings.Contains(got, "200 OK") {
						t.Errorf("%s: the session goes on: %q", name, got)
					}
				}
			}
		}
		if n := w.e.Clients(); n != 0 {
			t.Errorf("%s: %d sessions left", name, n)
		}
		if log := w.h.take(); strings.Count(log, "open") != strings.Count(log, "close forced close: panic") {
			t.Errorf("%s: heard %q", name, log)
		}
		boom = false
		w.openWS()
		w.openPolling()
		if n := w.e.Clients(); n != 2 {
			t.Errorf("%s: %d sessions, want 2", name, n)
		}
	}
}

// TestPanicInSend: what stands behind an op that panics is done nevertheless.
func TestPanicInSend(t *testing.T) {
	w := newWorld(t, nil)
	w.mux.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
	c := w.openWS()
	l := w.d.Loop(0)
	broken := message("x")
	l.PostSend(nil, broken, 0) // no session: a nil dereference
	for range 3 {
		l.PostSend(w.h.sessions[0], message("x"), 0)
	}
	w.d.Run()
	expect(t, c, sent("4x")+sent("4x")+sent("4x"))
	l.PostSend(w.h.sessions[0], message("y"), 0)
	w.d.Run()
	expect(t, c, sent("4y"))
	broken.Release() // its op died before it could
}

// TestRunAfterStop is for the race detector: a driver may still call Run while
// those who post to a stopped loop clear its inbox.
func TestRunAfterStop(t *testing.T) {
	w := newWorld(t, nil)
	l := w.d.Loop(0)
	var posters sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		posters.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					l.Post(task(func(*eio.Loop) bool { return false }))
				}
			}
		})
	}
	for range 100 {
		l.Run()
	}
	l.Stop()
	for range 1000 {
		l.Run()
	}
	close(stop)
	posters.Wait()
	ran := false
	l.Post(task(func(*eio.Loop) bool { ran = true; return false }))
	l.Run()
	if ran {
		t.Error("a stopped loop runs tasks")
	}
}

// TestBrokenInCork: when the bytes in the cork cannot be sent, what that makes
// the server say to others is neither lost nor mixed up with them.
func TestBrokenInCork(t *testing.T) {
	w := newWorld(t, nil)
	_, target := w.openPolling()
	probe := w.d.Dial()
	probe.WriteString(upgrade(asWebsocket(target)))
	expect(t, probe, switching)
	c := w.d.Dial()
	c.Feed([]byte("POST " + target + " HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"))
	c.Err = io.ErrClosedPipe
	probe.Feed([]byte(text("2probe"))) // the 3probe takes the cork over
	probe.Settle()
	if got := probe.String(); !strings.Contains(got, "\x88\x00") || strings.Contains(got, "HTTP") {
		t.Errorf("the candidate got %q", got)
	}
	w.heard("close transport error: data request connection closed prematurely")
	w.d.Advance(50 * ms)
	if w.mux.Stats().Panics != 0 {
		t.Error("a panic")
	}
}
