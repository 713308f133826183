package eio_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
)

func TestPollingHandshake(t *testing.T) {
	w := newWorld(t, nil)
	c := w.d.Dial()
	c.WriteString(get(base + "polling"))
	got := c.String()
	sid := sidRE.FindStringSubmatch(got)
	if sid == nil {
		t.Fatalf("got %q", got)
	}
	want := polled(`0{"sid":"` + sid[1] + `","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`)
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if !strings.Contains(got, "Content-Length: 118\r\n") {
		t.Errorf("the length of the reference is 118: %q", got)
	}
}

func TestPollingMessages(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c, target := w.openPolling()
	c.WriteString(get(target))
	expect(t, c, "") // it waits
	c2 := w.d.Dial()
	c2.WriteString(post(target, "4hello\x1ebAAEC\x1e4"))
	expect(t, c2, posted)
	expect(t, c, polled("4hello\x1ebAAEC\x1e4")) // one answer with everything
	w.heard("text \"hello\"\nbinary \"\\x00\\x01\\x02\"\ntext \"\"")
	// Without a waiting GET the packets wait, and the next GET gets them.
	c2.WriteString(post(target, "4a") + post(target, "4b"))
	expect(t, c2, posted+posted)
	c.WriteString(get(target))
	expect(t, c, polled("4a\x1e4b"))
}

func TestPollingLargeAnswer(t *testing.T) {
	w := newWorld(t, nil)
	c, target := w.openPolling()
	big := strings.Repeat("x", 300_000)
	w.h.sessions[0].SendText([]byte(big))
	w.h.sessions[0].SendBinary([]byte("\x00"))
	c.WriteString(get(target))
	expect(t, c, polled("4"+big+"\x1ebAA=="))
}

// TestPollingEdges is the table of edge sequences of the wire reference.
func TestPollingEdges(t *testing.T) {
	octets := func(target string) string {
		return strings.Replace(post(target, "4a"), "text/plain;charset=UTF-8", "application/octet-stream", 1)
	}
	for _, tc := range []struct {
		name    string
		waiting string // what the waiting GET gets; "-": no GET waits
		send    func(target string) string
		want    string
		heard   string
	}{
		{"second GET", polled("1"), get, empty400, "close transport error: overlap from client"},
		{"octet-stream", polled("1"), octets, empty400, "close transport error: invalid content"},
		{"bad packet", polled("1"), func(s string) string { return post(s, "abc") }, posted, "close parse error: eio: bad packet in a payload"},
		{"empty body", "-", func(s string) string { return post(s, "") }, posted, "close parse error: eio: bad packet in a payload"},
		{"close", polled("6"), func(s string) string { return post(s, "1") }, posted, "close transport close"},
		{"ping", polled("1"), func(s string) string { return post(s, "2") }, posted, "close transport error: invalid heartbeat direction"},
		{"pong", "", func(s string) string { return post(s, "3") }, posted, ""},
		{"noop, upgrade, open", "", func(s string) string { return post(s, "6\x1e5\x1e0") }, posted, ""},
		{"PUT", "", func(s string) string { return "PUT " + s + " HTTP/1.1\r\nHost: x\r\n\r\n" }, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n", ""},
		{"packets after a close", "-", func(s string) string { return post(s, "4a\x1e1\x1e4b") }, posted, "text \"a\"\nclose transport close"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, nil)
			c, target := w.openPolling()
			if tc.waiting != "-" {
				c.WriteString(get(target))
			}
			c2 := w.d.Dial()
			c2.WriteString(tc.send(target))
			expect(t, c2, tc.want)
			if tc.waiting != "-" {
				expect(t, c, tc.waiting)
			}
			w.heard(tc.heard)
			if strings.Contains(tc.heard, "close") {
				c2.WriteString(post(target, "4a"))
				expect(t, c2, refused(400, `{"code":1,"message":"Session ID unknown"}`))
			}
		})
	}
}

// refused is an error answer.
func refused(status int, body string) string {
	text := map[int]string{400: "Bad Request", 403: "Forbidden"}[status]
	return fmt.Sprintf("HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", status, text, len(body), body)
}

func TestPollingOverlappingPosts(t *testing.T) {
	w := newWorld(t, nil)
	c, target := w.openPolling()
	whole := post(target, "4hello")
	c.WriteString(whole[:len(whole)-3])
	c2 := w.d.Dial()
	c2.WriteString(whole)
	expect(t, c2, empty400)
	expect(t, c, "")
	if !c.Aborted() {
		t.Error("the first POST's connection lives")
	}
	w.heard("close transport error: data request overlap from client")
}

func TestPollingTooLarge(t *testing.T) {
	const tooLarge = "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
	w := newWorld(t, &eio.Options{MaxPayload: 100})
	_, target := w.openPolling()
	c := w.d.Dial()
	c.WriteString(post(target, "4"+strings.Repeat("x", 99)))
	expect(t, c, posted)
	w.h.take()
	c.WriteString(post(target, "4"+strings.Repeat("x", 100)))
	expect(t, c, tooLarge)
	c = w.d.Dial()
	head := "POST " + target + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
	c.WriteString(head + "32\r\n4" + strings.Repeat("x", 49) + "\r\n33\r\n")
	expect(t, c, tooLarge)
	if !c.HalfClosed() || c.Closing() {
		t.Error("the client must be heard out")
	}
	c.WriteString(strings.Repeat("x", 51) + "\r\n0\r\n\r\n")
	expect(t, c, "")
	w.d.Advance(time.Second)
	if !c.Closing() {
		t.Error("the connection stays open")
	}
	// The session lives on.
	c = w.d.Dial()
	c.WriteString(head + "1\r\n4\r\n2\r\nok\r\n0\r\n\r\n")
	expect(t, c, posted)
	w.heard(`text "ok"`)
}

func TestPollingAborts(t *testing.T) {
	w := newWorld(t, nil)
	c, target := w.openPolling()
	c.WriteString(get(target))
	c.Close()
	w.heard("close transport error: poll connection closed prematurely")

	c, target = w.openPolling()
	c.WriteString(strings.TrimSuffix(post(target, "4hello"), "lo"))
	c2 := w.d.Dial()
	c2.WriteString(get(target))
	c.Close()
	w.heard("close transport error: data request connection closed prematurely")
	expect(t, c2, polled("1"))

	// A client that does not keep its connections is no abort.
	c, target = w.openPolling()
	c.WriteString("GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
	w.h.sessions[2].SendText([]byte("a"))
	w.d.Loop(0).Flush()
	w.d.Settle()
	expect(t, c, strings.Replace(polled("4a"), "cache-control", "Connection: close\r\ncache-control", 1))
	if !c.Closing() {
		t.Error("the connection stays open")
	}
	w.heard("")
}

func TestPollingServerClose(t *testing.T) {
	newOne := func(t *testing.T) (*world, *eiotest.Conn, string, *eio.Session) {
		w := newWorld(t, nil)
		c, target := w.openPolling()
		return w, c, target, w.h.sessions[0]
	}
	t.Run("a GET waits", func(t *testing.T) {
		w, c, target, s := newOne(t)
		c.WriteString(get(target))
		s.Close(eio.ReasonForced)
		c.Settle()
		expect(t, c, polled("1"))
		w.heard("close forced close")
	})
	t.Run("a GET waits, packets are queued", func(t *testing.T) {
		w, c, target, s := newOne(t)
		c.WriteString(get(target))
		s.SendText([]byte("1"))
		s.Close(eio.ReasonForced)
		c.Settle()
		expect(t, c, polled("41"))
		w.heard("")
		c.WriteString(get(target))
		expect(t, c, polled("6\x1e1"))
		w.heard("close forced close")
	})
	t.Run("no GET", func(t *testing.T) {
		w, c, target, s := newOne(t)
		s.SendText([]byte("a"))
		s.Close(eio.ReasonForced)
		if s.SendText([]byte("late")) {
			t.Error("sent while closing")
		}
		c.WriteString(post(target, "4late"))
		expect(t, c, posted)
		w.heard("")
		c.WriteString(get(target))
		expect(t, c, polled("4a"))
		w.heard("")
		c.WriteString(get(target))
		expect(t, c, polled("6\x1e1"))
		w.heard("close forced close")
	})
	t.Run("no GET ever", func(t *testing.T) {
		w, _, _, s := newOne(t)
		s.Close(eio.ReasonForced)
		w.d.Advance(29 * time.Second)
		w.heard("")
		w.d.Advance(2 * time.Second)
		w.heard("close forced close")
	})
	t.Run("in a payload", func(t *testing.T) {
		w, c, target, s := newOne(t)
		w.h.onMsg = func(*eio.Session, []byte, bool) { s.Close(eio.ReasonForced) }
		c.WriteString(post(target, "4a\x1e4b"))
		expect(t, c, posted)
		w.heard(`text "a"`)
		c.WriteString(get(target))
		expect(t, c, polled("6\x1e1"))
	})
}

func TestPollingVolatile(t *testing.T) {
	w := newWorld(t, nil)
	c, target := w.openPolling()
	s := w.h.sessions[0]
	f := message("v")
	defer f.Release()
	if s.Send(f, eio.Volatile) {
		t.Error("a volatile message waits for a poll")
	}
	c.WriteString(get(target))
	if !s.Send(f, eio.Volatile) || s.Send(f, eio.Volatile) {
		t.Error("want the first volatile message sent, the second dropped")
	}
	c.Settle()
	expect(t, c, polled("4v"))
}

func TestPollingRechunked(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c, target := w.openPolling()
	script := post(target, "4one\x1e4two") + get(target) +
		"POST " + target + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n4th\r\n3\r\nree\r\n0\r\n\r\n" +
		get(target) + post(target, "3") + get(target)[:10]
	want := posted + polled("4one\x1e4two") + posted + polled("4three") + posted
	c.WriteString(script)
	expect(t, c, want)
	c2 := w.d.Dial()
	c2.WriteBytewise([]byte(script))
	expect(t, c2, want)
	for seed := range 50 {
		c := w.d.Dial()
		for _, piece := range cuts(script, seed) {
			c.WriteString(piece)
		}
		expect(t, c, want)
	}
}
