package eio_test

import (
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/pool"
)

// FuzzPeer feeds hostile bytes to a fresh connection, to an open websocket, to
// a candidate for an upgrade and to one more connection of a polling session,
// whole and in pieces. None of it may panic, disturb the session beside it, or
// leave anything behind.
func FuzzPeer(f *testing.F) {
	target := base + "polling&sid=SID"
	for _, seed := range []string{
		get(base + "polling"), upgrade(base + "websocket"), get(target), post(target, "4hello\x1ebAAEC"),
		get(target) + get(target), post(target, "1"), method("PUT", target),
		upgrade(base + "websocket&sid=SID"), text("2probe") + text("5") + text("4hello"),
		frame(1, false, "4a") + frame(9, true, "x") + frame(0, true, "b"), frame(8, true, "\x03\xe8"),
		bin("\x00\x01"), text("bAAEC"), text("3"), text("1"),
		"POST " + target + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4th\r\n0\r\n\r\n" + get("/"),
		"POST /other HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\n",
		upgrade("/raw") + text("x"),
	} {
		f.Add(seed, uint8(0))
		f.Add(seed, uint8(7))
	}
	for _, packet := range []string{"4a", "2probe", "5", "3", "4a\x1ebAAEC\x1e1", "bAA", "6"} {
		f.Add(packet, uint8(1<<6))
		f.Add(packet, uint8(2<<6|5))
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.Fuzz(func(t *testing.T, data string, cut uint8) {
		before := pool.Outstanding()
		w := newWorld(t, &eio.Options{MaxPayload: 1000, CORS: &eio.CORS{}, Cookie: &eio.Cookie{}})
		w.mux.Logger = logger
		w.mux.HandleWebsocket("/raw", 1000, func(p *eio.RawPeer, b []byte, binary bool) { p.Send(b, binary) })
		w.h.echo = true
		healthy := w.openWS()
		ws := w.openWS()
		poll, target := w.openPolling()
		poll.WriteString(get(target))
		_, other := w.openPolling()
		candidate := w.d.Dial()
		candidate.WriteString(upgrade(asWebsocket(other)))
		sid := target[strings.Index(target, "sid=")+4:]
		data = strings.ReplaceAll(data, "SID", sid)
		switch cut >> 6 { // what a client with good manners would send around it
		case 1:
			data = text(data) + text("4")
		case 2:
			data = post(target, data)
		}
		cut &= 1<<6 - 1
		conns := []*eiotest.Conn{w.d.Dial(), ws, candidate, w.d.Dial()}
		for _, c := range conns {
			if cut == 0 {
				c.WriteString(data)
				continue
			}
			for rest := data; rest != ""; {
				n := min(int(cut), len(rest))
				c.WriteString(rest[:n])
				rest = rest[n:]
			}
		}
		healthy.Take()
		healthy.WriteString(text("4still here"))
		expect(t, healthy, sent("4still here"))
		w.d.Advance(100 * time.Millisecond)
		for _, c := range append(conns, healthy, poll) {
			c.Close()
		}
		w.d.Advance(11 * time.Second)
		for _, s := range w.h.sessions {
			s.Terminate()
		}
		w.d.Loop(0).Flush()
		w.d.Settle()
		if n := w.e.Clients(); n != 0 {
			t.Errorf("%d clients left", n)
		}
		opened := strings.Count(strings.Join(w.h.log, "\n"), "close ")
		if opened < len(w.h.sessions) {
			t.Errorf("%d sessions, %d closes", len(w.h.sessions), opened)
		}
		w.d.Stop()
		w.d.Settle()
		if n := pool.Outstanding(); n != before {
			t.Errorf("%d pooled values not put back: %v", n-before, pool.Leaks())
		}
	})
}
