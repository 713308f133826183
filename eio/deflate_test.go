package eio_test

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/wsframe"
)

const plainOffer = "permessage-deflate; client_max_window_bits"

// offering is an upgrade with extensions offered.
func offering(target, offers string) string {
	return strings.Replace(upgrade(target), "\r\n\r\n", "\r\nSec-WebSocket-Extensions: "+offers+"\r\n\r\n", 1)
}

// openDeflate opens a session on a websocket that negotiates compression.
func (w *world) openDeflate(offers string) *eiotest.Conn {
	w.t.Helper()
	c := w.d.Dial()
	c.WriteString(offering(base+"websocket", offers))
	if got := c.String(); !strings.Contains(got, "\r\nSec-WebSocket-Extensions: permessage-deflate; ") {
		w.t.Fatalf("no compression: %q", got)
	}
	w.h.take()
	return c
}

const flushed = "\x00\x00\xff\xff"

// packed compresses a message as a client does.
func packed(t testing.TB, p string) string {
	t.Helper()
	var b bytes.Buffer
	f, _ := flate.NewWriter(&b, 6)
	io.WriteString(f, p)
	f.Flush()
	return strings.TrimSuffix(b.String(), flushed)
}

// unpacked reads the messages of a run of server frames: "z" stands before one
// that was compressed.
func unpacked(t testing.TB, run string) (all []string) {
	t.Helper()
	for b := []byte(run); len(b) > 0; {
		zipped := b[0]&0x40 != 0
		op, p, rest, ok := wsframe.Next(b)
		if !ok {
			t.Fatalf("no frames: %q", b)
		}
		b = rest
		kind := map[wsframe.OpCode]string{1: "text ", 2: "binary ", 8: "close "}[op]
		if zipped {
			kind = "z" + kind
			in := flate.NewReader(strings.NewReader(string(p) + flushed + "\x01\x00\x00\xff\xff"))
			var err error
			if p, err = io.ReadAll(in); err != nil {
				t.Fatalf("%q: %v", b, err)
			}
		}
		all = append(all, kind+brief(string(p)))
	}
	return all
}

// brief is s, or how long it is.
func brief(s string) string {
	if len(s) > 40 {
		return fmt.Sprintf("%.4s… %d", s, len(s))
	}
	return s
}

func gets(t testing.TB, c *eiotest.Conn, want ...string) {
	t.Helper()
	if got := unpacked(t, c.String()); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestDeflateNegotiation(t *testing.T) {
	on := &eio.Options{PerMessageDeflate: &eio.Deflate{}}
	for _, c := range []struct {
		name  string
		o     *eio.Options
		offer string
		line  string // of the 101, "" for none
	}{
		{"off", nil, plainOffer, ""},
		{"not offered", on, "x-other", ""},
		{"the usual offer", on, plainOffer, "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
		{"in two lines", on, "x-other\r\nSec-WebSocket-Extensions: permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
		{"a bad offer where it is off", nil, "permessage-deflate; unknown", ""},
	} {
		w := newWorld(t, c.o)
		d := w.d.Dial()
		d.WriteString(offering(base+"websocket", c.offer))
		got := d.String()
		want := ""
		if c.line != "" {
			want = "\r\nSec-WebSocket-Extensions: " + c.line + "\r\n"
		}
		if !strings.HasPrefix(got, "HTTP/1.1 101 ") || !strings.Contains(got, want) || want == "" && strings.Contains(got, "Extensions") {
			t.Errorf("%s: %q", c.name, got)
		}
	}
	w := newWorld(t, on)
	for _, target := range []string{base + "websocket", func() string { _, s := w.openPolling(); return strings.Replace(s, "polling", "websocket", 1) }()} {
		d := w.d.Dial()
		d.WriteString(offering(target, "permessage-deflate; unknown"))
		expect(t, d, "HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\nContent-Length: 55\r\nConnection: close\r\n\r\n"+
			"Invalid or unacceptable Sec-WebSocket-Extensions header")
	}
}

func TestDeflateEcho(t *testing.T) {
	w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{Threshold: 100}})
	w.h.echo = true
	c := w.openDeflate(plainOffer)
	long := strings.Repeat("lorem ", 100)
	small := packed(t, "4hello")
	big := packed(t, "4"+long)
	c.WriteString(frame(0x41, true, small) + frame(0x41, false, big[:5]) + frame(9, true, "p") + frame(0, true, big[5:]) +
		frame(0x42, true, packed(t, long)) + text("4"+long) + frame(0x41, true, packed(t, "bAAEC")))
	got := c.String()
	gets := unpacked(t, got)
	want := []string{"text 4hello", "p", "ztext 4lor… 601", "zbinary lore… 600", "ztext 4lor… 601", "binary \x00\x01\x02"}
	if fmt.Sprint(gets) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", gets, want)
	}
	w.heard("text \"hello\"\ntext of 600\nbinary of 600\ntext of 600\nbinary \"\\x00\\x01\\x02\"")
	// Each message by itself, and the same bytes each time: no window is kept.
	c.WriteString(text("4" + long))
	one := c.String()
	c.WriteString(text("4" + long))
	if again := c.String(); again != one || len(one) > 60 {
		t.Errorf("%d bytes, then %q", len(one), again)
	}
	// A client without it hears the same, plain.
	d := w.openWS()
	d.WriteString(text("4" + long))
	expect(t, d, sent("4"+long))
}

// TestDeflateHostile sends what no client should.
func TestDeflateHostile(t *testing.T) {
	bomb := packed(t, strings.Repeat("0", 8<<20))
	for _, c := range []struct{ name, in, out, heard string }{
		{"bomb", frame(0x42, true, bomb), "\x88\x02\x03\xf1", "close transport error: wsframe: 1009 message too big"},
		{"one byte too long", frame(0x42, true, packed(t, strings.Repeat("0", 1_000_001))), "\x88\x02\x03\xf1", "close transport error: wsframe: 1009 message too big"},
		{"garbage", frame(0x41, true, "\xff\xff\xff\xff"), "\x88\x02\x03\xef", "close transport error: wsframe: 1007 invalid deflate data"},
		{"cut off", frame(0x42, true, packed(t, strings.Repeat("hello world", 50))[:6]), "\x88\x02\x03\xef", "close transport error: wsframe: 1007 invalid deflate data"},
		{"not UTF-8", frame(0x41, true, packed(t, "4\xff")), "\x88\x02\x03\xef", "close transport error: wsframe: 1007 text not UTF-8"},
		{"RSV1 in the middle", frame(0x41, false, "a") + frame(0x40, true, "b"), "\x88\x02\x03\xea", "close transport error: wsframe: 1002 reserved bits set"},
		{"RSV1 on a ping", frame(0x49, true, "a"), "\x88\x02\x03\xea", "close transport error: wsframe: 1002 reserved bits set"},
		{"RSV2", frame(0x21, true, "a"), "\x88\x02\x03\xea", "close transport error: wsframe: 1002 reserved bits set"},
		{"an empty packet", frame(0x41, true, "\x00"), "\x88\x00", "close parse error"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
			d := w.openDeflate(plainOffer)
			d.WriteString(c.in)
			expect(t, d, c.out)
			w.heard(c.heard)
			d.WriteString(frame(0x41, true, packed(t, "4late")))
			expect(t, d, "")
			w.heard("")
		})
	}
	w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
	d := w.openWS() // it offered nothing
	d.WriteString(frame(0x41, true, packed(t, "4x")))
	expect(t, d, "\x88\x02\x03\xea")
	w.heard("close transport error: wsframe: 1002 reserved bits set")
	if d = w.openDeflate(plainOffer); w.e.Clients() != 1 {
		t.Error(w.e.Clients())
	}
	d.WriteString(frame(0x42, true, packed(t, strings.Repeat("0", 1_000_000)))) // just what is allowed
	w.heard("binary of 1000000")
}

// TestDeflateShared: one compression for all who negotiated it, plain bytes for
// the others, for what is not to be compressed, and for a window too small.
func TestDeflateShared(t *testing.T) {
	w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
	a, b, plain := w.openDeflate(plainOffer), w.openDeflate("permessage-deflate"), w.openWS()
	narrow := w.openDeflate("permessage-deflate; server_max_window_bits=10")
	all := w.e
	sessions := w.h.sessions
	f := message(strings.Repeat("lorem ", 200))
	v := all.Deflated(f)
	if v == f || all.Deflated(f) != v {
		t.Error("not made once")
	}
	for _, s := range sessions {
		s.Send(f, 0)
		s.Send(f, eio.NoCompress)
	}
	f.Release()
	a.Settle()
	gets(t, a, "ztext 4lor… 1201", "text 4lor… 1201")
	gets(t, b, "ztext 4lor… 1201", "text 4lor… 1201")
	gets(t, plain, "text 4lor… 1201", "text 4lor… 1201")
	gets(t, narrow, "text 4lor… 1201", "text 4lor… 1201")
	f = message(strings.Repeat("lorem ", 170)) // fits into 1024 bytes, and is just below the threshold
	sessions[3].Send(f, 0)
	f.Release()
	narrow.Settle()
	gets(t, narrow, "text 4lor… 1021")
	f = message(strings.Repeat("x", 1023))
	sessions[3].Send(f, 0)
	f.Release()
	narrow.Settle()
	gets(t, narrow, "ztext 4xxx… 1024")
	if f = message("small"); all.Deflated(f) != f {
		t.Error("a small message was compressed")
	}
	f.Release()
}

// TestDeflateHeldUp: a client that does not read holds the compressed bytes.
func TestDeflateHeldUp(t *testing.T) {
	w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
	c := w.openDeflate(plainOffer)
	s := w.h.sessions[0]
	c.SetRoom(10)
	var want []string
	for i := range 20 {
		f := message(fmt.Sprint(i) + strings.Repeat("lorem ", 2000))
		s.Send(f, 0)
		f.Release()
		want = append(want, fmt.Sprintf("ztext 4%.3s… %d", fmt.Sprint(i)+"lor", 12001+len(fmt.Sprint(i))))
	}
	c.Settle()
	if n := s.Backlog(); n == 0 || n > 5000 {
		t.Errorf("%d bytes held", n)
	}
	c.SetRoom(-1)
	gets(t, c, want...)
}

func TestDeflateBase64(t *testing.T) {
	w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
	c := w.d.Dial()
	c.WriteString(offering(base+"websocket&b64=1", plainOffer))
	c.Take()
	w.h.sessions[0].SendBinary(make([]byte, 3000))
	c.Settle()
	gets(t, c, "ztext bAAA… 4001")
}

// TestDeflateUpgrade: what waited on polling goes compressed after the upgrade,
// unless it was not to be.
func TestDeflateUpgrade(t *testing.T) {
	for _, fl := range []eio.SendFlags{0, eio.NoCompress} {
		w := newWorld(t, &eio.Options{PerMessageDeflate: &eio.Deflate{}})
		_, target := w.openPolling()
		c := w.d.Dial()
		c.WriteString(offering(strings.Replace(target, "polling", "websocket", 1), plainOffer))
		c.Take()
		c.WriteString(frame(0x41, true, packed(t, "2probe")))
		gets(t, c, "text 3probe")
		f := message(strings.Repeat("lorem ", 200))
		w.h.sessions[0].Send(f, fl)
		f.Release()
		c.WriteString(text("5"))
		want := "ztext 4lor… 1201"
		if fl != 0 {
			want = want[1:]
		}
		gets(t, c, want)
	}
}

func TestDeflateEndpoint(t *testing.T) {
	w := newWorld(t, nil)
	echo := func(p *eio.RawPeer, data []byte, binary bool) { p.Send(data, binary) }
	w.mux.HandleWebsocket("/plain", 1<<20, echo)
	w.mux.PerMessageDeflate = &eio.Deflate{Threshold: -1, Level: 99}
	w.mux.HandleWebsocket("/ws", 1<<20, echo)
	c := w.d.Dial()
	c.WriteString(offering("/ws", plainOffer))
	if got := c.String(); !strings.Contains(got, "Extensions: permessage-deflate;") {
		t.Fatalf("%q", got)
	}
	long := strings.Repeat("lorem ", 200)
	c.WriteString(frame(0x41, true, packed(t, long)) + text("x") + bin(long))
	gets(t, c, "ztext lore… 1200", "text x", "zbinary lore… 1200")
	c.WriteString(frame(0x42, true, packed(t, strings.Repeat("0", 1<<20+1))))
	expect(t, c, "\x88\x02\x03\xf1")
	c = w.d.Dial()
	c.WriteString(offering("/plain", plainOffer))
	expect(t, c, switching)
}

func TestDeflateOptions(t *testing.T) {
	for want, o := range map[string]*eio.Options{
		"eio: Options.PerMessageDeflate.Threshold is negative: -1":  {PerMessageDeflate: &eio.Deflate{Threshold: -1}},
		"eio: Options.PerMessageDeflate.Level is 10; want 1 to 9":   {PerMessageDeflate: &eio.Deflate{Level: 10}},
		"eio: Options.HTTPCompression.Level is -1; want 1 to 9":     {HTTPCompression: &eio.Deflate{Level: -1}},
		"eio: Options.HTTPCompression.Threshold is negative: -1024": {HTTPCompression: &eio.Deflate{Threshold: -1024}, DisableHTTPCompression: true},
	} {
		if _, err := eio.NewEngine(o, &recorder{}); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
