package eio_test

import (
	"strings"
	"testing"
	"time"
)

func TestWebsocketHandshake(t *testing.T) {
	w := newWorld(t, nil)
	c := w.d.Dial()
	c.WriteString(upgrade(base + "websocket"))
	got := c.String()
	sid := sidRE.FindStringSubmatch(got)
	if sid == nil || len(sid[1]) != 20 {
		t.Fatalf("got %q", got)
	}
	want := switching + sent(`0{"sid":"`+sid[1]+`","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`)
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if c.Sends != 1 {
		t.Errorf("%d sends, want one for the 101 and the open packet", c.Sends)
	}
	w.heard("open")
	if s := w.h.sessions[0]; s.ID() != sid[1] || s.Transport().String() != "websocket" {
		t.Errorf("session %q on %v", s.ID(), s.Transport())
	}
}

func TestWebsocketEcho(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c := w.openWS()
	c.Sends = 0
	c.WriteString(text("4hello") + bin("\x00\x01\x02") + text("4"))
	expect(t, c, sent("4hello")+sentBin("\x00\x01\x02")+sent("4"))
	w.heard("text \"hello\"\nbinary \"\\x00\\x01\\x02\"\ntext \"\"")
	if c.Sends != 1 {
		t.Errorf("%d sends, want 1: what one read causes leaves together", c.Sends)
	}
	c.WriteString(text("bAAEC")) // EIO4 with b64: base64 in a text frame
	expect(t, c, sentBin("\x00\x01\x02"))
}

func TestWebsocketCloses(t *testing.T) {
	for _, tc := range []struct{ name, in, out, heard string }{
		{"client close", frame(8, true, "\x03\xe8"), "\x88\x02\x03\xe8", "close transport close"},
		{"client close without a code", frame(8, true, ""), "\x88\x00", "close transport close"},
		{"packet close", text("1"), "\x88\x00", "close transport close"},
		{"packet ping", text("2"), "\x88\x00", "close transport error: invalid heartbeat direction"},
		{"unknown packet", text("abc"), "\x88\x00", "close parse error"},
		{"empty text", text(""), "\x88\x00", "close parse error"},
		{"unmasked", "\x81\x01a", "\x88\x02\x03\xea", "close transport error: wsframe: 1002 frame not masked"},
		{"not UTF-8", text("4\xff"), "\x88\x02\x03\xef", "close transport error: wsframe: 1007 text not UTF-8"},
		{"too big", text("4" + strings.Repeat("a", 1_000_000)), "\x88\x02\x03\xf1", "close transport error: wsframe: 1009 message too big"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := newWorld(t, nil)
			c := w.openWS()
			c.WriteString(tc.in + text("4late"))
			expect(t, c, tc.out)
			w.heard(tc.heard)
			if w.e.Clients() != 0 {
				t.Errorf("%d clients left", w.e.Clients())
			}
			w.d.Advance(6 * time.Second)
			if !c.Closing() {
				t.Error("the connection stays open")
			}
			expect(t, c, "")
		})
	}
}

func TestWebsocketFragments(t *testing.T) {
	w := newWorld(t, nil)
	c := w.openWS()
	c.WriteString(frame(1, false, "40") + frame(9, true, "hi") + frame(0, true, `{"a":1}`))
	expect(t, c, "\x8a\x02hi")
	w.heard(`text "0{\"a\":1}"`)
}
