package eio_test

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
)

// diary writes down what hooks hear.
type diary struct{ lines []string }

func (d *diary) packet(name string) func(*eio.Session, eio.PacketType, []byte, bool) {
	return func(_ *eio.Session, t eio.PacketType, data []byte, binary bool) {
		if t == eio.PacketOpen {
			data = data[:1]
		}
		d.lines = append(d.lines, fmt.Sprintf("%s %v %q %v", name, t, data, binary))
	}
}

func (d *diary) session(name string) func(*eio.Session) {
	return func(*eio.Session) { d.lines = append(d.lines, name) }
}

func (d *diary) hooks() *eio.Hooks {
	return &eio.Hooks{
		Open: d.session("open"), Packet: d.packet("packet"), PacketCreate: d.packet("create"),
		Flush: d.session("flush"), Drain: d.session("drain"), Heartbeat: d.session("heartbeat"),
		Upgrading: d.session("upgrading"), Upgrade: d.session("upgrade"),
		Close: func(_ *eio.Session, r eio.Reason, detail string, unsent []eio.Unsent) {
			d.lines = append(d.lines, fmt.Sprintf("close %s %q %s", r, detail, unsentText(unsent)))
		},
	}
}

func unsentText(unsent []eio.Unsent) (list []string) {
	for _, u := range unsent {
		list = append(list, fmt.Sprintf("{%s %v}", u.Data, u.Binary))
	}
	return list
}

func (d *diary) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(d.lines, want) {
		t.Errorf("heard\n  %s\nwant\n  %s", strings.Join(d.lines, "\n  "), strings.Join(want, "\n  "))
	}
	d.lines = nil
}

// TestHooks follows one session from its handshake over an upgrade to its end.
func TestHooks(t *testing.T) {
	d := &diary{}
	w := newWorld(t, &eio.Options{Hooks: d.hooks(), InitialPacket: "hi"})
	c, target := w.openPolling()
	s := w.h.sessions[0]
	d.expect(t, `create open "{" false`, `create message "hi" false`, "open")
	s.SendText([]byte("one"))
	s.SendBinary([]byte{1, 2})
	d.expect(t, `create message "one" false`, `create message "\x01\x02" true`)
	c.WriteString(get(target))
	expect(t, c, polled("4one\x1ebAQI="))
	d.expect(t, "flush", "drain")
	c2 := w.d.Dial()
	c2.WriteString(post(target, "4in\x1ebAQI="))
	d.expect(t, `packet message "in" false`, `packet message "\x01\x02" true`)
	s.SendText([]byte("kept"))
	d.expect(t, `create message "kept" false`)
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
	d.expect(t, "upgrading")
	ws.WriteString(text("5"))
	d.expect(t, "upgrade", "flush", "drain")
	expect(t, ws, switching+sent("3probe")+sent("4kept"))
	w.d.Advance(w.e.Options().PingInterval + 100*ms)
	d.expect(t, `create ping "" false`, "flush", "drain")
	ws.WriteString(text("3"))
	d.expect(t, `packet pong "" false`, "heartbeat")
	ws.WriteString(text("4in"))
	d.expect(t, `packet message "in" false`)
	ws.Close()
	d.expect(t, `close transport close "" []`)
	if got := w.h.take(); !strings.HasSuffix(got, "close transport close") {
		t.Errorf("the handler heard %q", got)
	}
}

// TestHooksPanic holds that a hook that panics costs nobody anything.
func TestHooksPanic(t *testing.T) {
	boom := func(*eio.Session) { panic("boom") }
	w := newWorld(t, &eio.Options{Hooks: &eio.Hooks{
		Open: boom, Flush: boom, Drain: boom,
		Packet:       func(*eio.Session, eio.PacketType, []byte, bool) { panic("boom") },
		PacketCreate: func(*eio.Session, eio.PacketType, []byte, bool) { panic("boom") },
		Close:        func(*eio.Session, eio.Reason, string, []eio.Unsent) { panic("boom") },
	}})
	w.mux.Logger = slog.New(slog.DiscardHandler)
	w.h.echo = true
	c := w.openWS()
	c.WriteString(text("4hello"))
	expect(t, c, sent("4hello"))
	c.Close()
	w.heard("text \"hello\"\nclose transport close")
}

// TestUnsent holds that a close hook gets the messages that were not sent (E19),
// also where the kernel has taken half of one.
func TestUnsent(t *testing.T) {
	for room, want := range map[int]string{
		0:  `["{first false}" "{\x01 true}" "{last false}"]`,
		3:  `["{first false}" "{\x01 true}" "{last false}"]`,
		8:  `["{\x01 true}" "{last false}"]`,
		10: `["{\x01 true}" "{last false}"]`,
		11: `["{last false}"]`,
	} {
		var got []string
		w := newWorld(t, &eio.Options{Hooks: &eio.Hooks{Close: func(_ *eio.Session, _ eio.Reason, _ string, unsent []eio.Unsent) {
			got = unsentText(unsent)
		}}})
		c := w.openWS()
		c.SetRoom(room)
		s := w.h.sessions[0]
		s.SendText([]byte("first"))
		s.SendBinary([]byte{1})
		c.Settle()
		s.SendText([]byte("last"))
		c.Settle()
		c.Close()
		if g := fmt.Sprintf("%q", got); g != want {
			t.Errorf("room for %d bytes: %s, want %s", room, g, want)
		}
	}
	d := &diary{}
	w := newWorld(t, &eio.Options{Hooks: d.hooks()})
	_, target := w.openPolling()
	w.h.sessions[0].SendText([]byte("kept"))
	d.lines = nil
	w.d.Dial().WriteString(post(target, "1"))
	d.expect(t, `packet close "" false`, `close transport close "" [{kept false}]`)
}

// TestWhenSent holds the send callbacks (E18): once, in order, when what was
// sent before has gone, never after the end.
func TestWhenSent(t *testing.T) {
	w := newWorld(t, nil)
	var done []string
	note := func(s string) func() { return func() { done = append(done, s) } }
	expectDone := func(want ...string) {
		t.Helper()
		if !slices.Equal(done, want) {
			t.Errorf("called %q, want %q", done, want)
		}
		done = nil
	}
	c := w.openWS()
	s := w.h.sessions[0]
	s.WhenSent(note("nothing"))
	s.SendText([]byte("a"))
	s.WhenSent(note("a"))
	expectDone()
	c.Settle()
	expectDone("nothing", "a")
	c.SetRoom(3)
	s.SendText([]byte("first"))
	s.WhenSent(note("1"))
	s.WhenSent(note("2"))
	s.SendText(make([]byte, 40_000))
	s.WhenSent(note("3"))
	c.Settle()
	expectDone()
	c.SetRoom(10)
	expectDone("1", "2")
	c.SetRoom(-1)
	expectDone("3")
	c.SetRoom(0)
	s.SendText([]byte("never"))
	s.WhenSent(note("never"))
	c.Settle()
	c.Close()
	s.WhenSent(note("closed"))
	w.d.Run()
	expectDone()

	p, target := w.openPolling()
	s = w.h.sessions[1]
	s.SendText([]byte("a"))
	s.WhenSent(note("a"))
	w.d.Run()
	expectDone()
	p.WriteString(get(target))
	expectDone("a")
	s.SendText([]byte("b"))
	s.WhenSent(note("b"))
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)) + text("2probe"))
	expectDone()
	ws.WriteString(text("5"))
	expectDone("b")
	expect(t, ws, switching+sent("3probe")+sent("4b"))
}

// TestInitialPacket holds the message that comes with the open packet (T55).
func TestInitialPacket(t *testing.T) {
	w := newWorld(t, &eio.Options{InitialPacket: "hi", AllowEIO3: true})
	c := w.d.Dial()
	c.WriteString(get(base + "polling"))
	if got := c.String(); !strings.HasSuffix(got, "}\x1e4hi") {
		t.Errorf("polling: %q", got)
	}
	c = w.d.Dial()
	c.WriteString(get("/engine.io/?EIO=3&transport=polling"))
	if got := c.String(); !strings.HasSuffix(got, "}3:4hi") {
		t.Errorf("an older client: %q", got)
	}
	c = w.d.Dial()
	c.WriteString(upgrade(base + "websocket"))
	if got := c.String(); !strings.HasSuffix(got, "}"+sent("4hi")) {
		t.Errorf("websocket: %q", got)
	}
}

// TestNoFilter holds the header for old Internet Explorers (T53): on every
// answer of a polling session, and for nobody else.
func TestNoFilter(t *testing.T) {
	for agent, want := range map[string]bool{
		"Mozilla/4.0 (compatible;MSIE 8.0; Windows NT 6.1)":        true,
		"Mozilla/5.0 (Windows NT 6.1; Trident/7.0; rv:11.0) Gecko": true,
		"Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0":            false,
	} {
		w := newWorld(t, nil)
		c := w.d.Dial()
		as := func(request string) string {
			return strings.Replace(request, "\r\n", "\r\nUser-Agent: "+agent+"\r\n", 1)
		}
		ask := func(request string) string {
			t.Helper()
			c.WriteString(as(request))
			got := c.String()
			if strings.Contains(got, "\r\nX-XSS-Protection: 0\r\n") != want {
				t.Errorf("%s: %q", agent, got)
			}
			return got
		}
		sid := sidRE.FindStringSubmatch(ask(get(base + "polling")))
		target := base + "polling&sid=" + sid[1]
		w.h.sessions[0].SendText([]byte("a"))
		ask(get(target))
		ask(post(target, "4a"))
		ws := w.d.Dial()
		ws.WriteString(as(upgrade(asWebsocket(target))))
		expect(t, ws, switching)
	}
}
