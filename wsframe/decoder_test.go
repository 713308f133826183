package wsframe

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/pool"
)

func TestDecoderIsSmall(t *testing.T) {
	if n := unsafe.Sizeof(Decoder{}); n > 16 {
		t.Errorf("an idle Decoder has %d bytes, want at most 16", n)
	}
	var d Decoder
	in := frames("81 whole", "01 in ", "80 pieces", "89 ping")
	for range 2 {
		var e echo
		e.feed(t, slices.Clone(in))
		if e.d.s != nil || e.d.Busy() || e.d.Dead() {
			t.Error("the decoder holds on to something after whole messages")
		}
		for _, b := range slices.Clone(in) {
			e.feed(t, []byte{b})
		}
		if e.d.s != nil {
			t.Error("the decoder holds on to something after messages in pieces")
		}
	}
	if _, n, err := d.Next(nil); n != 0 || err != nil || d.s != nil {
		t.Errorf("Next(nil) of an idle decoder: %d, %v", n, err)
	}
}

// TestDecoderView shows where a payload lies: in the caller's bytes where the
// frame is whole, else in the decoder's.
func TestDecoderView(t *testing.T) {
	inside := func(b, room []byte) bool {
		return len(b) > 0 && uintptr(unsafe.Pointer(&b[0])) >= uintptr(unsafe.Pointer(&room[0])) &&
			uintptr(unsafe.Pointer(&b[0])) < uintptr(unsafe.Pointer(&room[0]))+uintptr(len(room))
	}
	next := func(d *Decoder, p []byte) Message {
		t.Helper()
		m, _, err := d.Next(p)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	var d Decoder
	defer d.Release()
	in := frames("81 hello")
	if m := next(&d, in); !inside(m.Payload, in) || cap(m.Payload) != 5 {
		t.Error("a whole frame was copied")
	}
	in = frames("82 hello")
	next(&d, in[:3])
	if m := next(&d, in[3:]); !inside(m.Payload, in) || string(m.Payload) != "hello" || cap(m.Payload) != 5 {
		t.Error("a frame of which only the header was cut was copied")
	}
	in = frames("82 hello")
	next(&d, in[:8])
	m := next(&d, in[8:])
	if inside(m.Payload, in) || string(m.Payload) != "hello" {
		t.Error("a payload in pieces must be gathered")
	}
	in = frames("89 hello")
	next(&d, in[:8])
	m = next(&d, in[8:])
	if inside(m.Payload, in) || string(m.Payload) != "hello" {
		t.Error("a control frame in pieces must be gathered")
	}
}

func TestDecoderLimit(t *testing.T) {
	for _, c := range []struct {
		name string
		max  uint32
		in   []byte
		want []string
	}{
		{"just fits", 10, frames("81 0123456789"), []string{`text "0123456789"`}},
		{"one too many", 10, frames("81 0123456789a"), []string{"close 1009"}},
		{"fragments that fit", 10, frames("02 01234", "80 56789"), []string{`binary "0123456789"`}},
		{"fragments too long", 10, frames("02 01234", "80 56789a"), []string{"close 1009"}},
		{"fragments too long at once", 10, frames("02 01234", "00 56789a"), []string{"close 1009"}},
		{"control frames do not count", 10, frames("02 01234", "89 a longer ping", "80 56789"), []string{`pong "a longer ping"`, `binary "0123456789"`}},
		{"the default fits", 0, frames("82 " + strings.Repeat("x", DefaultMax)), []string{show(2, bytes.Repeat([]byte("x"), DefaultMax))}},
		{"the default refuses", 0, frames("82 " + strings.Repeat("x", DefaultMax+1)), []string{"close 1009"}},
	} {
		for _, cut := range cuts {
			if len(c.in) > 1000 && cut.next(100) == 1 {
				continue // slow, and shown by the small ones
			}
			if got := converse(t, c.in, Decoder{Max: c.max}, cut.next).said(t); !slices.Equal(got, c.want) {
				t.Errorf("%s, %s: got %q, want %q", c.name, cut.name, got, c.want)
			}
		}
	}
}

// TestDecoderClaims shows that a header costs nothing: neither one that claims
// too much, which is refused before its payload comes, nor one within limits.
func TestDecoderClaims(t *testing.T) {
	huge := append(AppendHeader(nil, ws.OpBinary, true, 1<<62), testKey[:]...)
	huge[1] |= bitMask
	var e echo
	e.feed(t, huge)
	if got := e.said(t); !slices.Equal(got, []string{"close 1009"}) {
		t.Errorf("got %q, want close 1009 at the header", got)
	}
	var d Decoder
	defer d.Release()
	claim := frames("82 " + strings.Repeat("x", 900000))[:14]
	if _, _, err := d.Next(claim); err != nil || d.s.buf != nil {
		t.Errorf("a header within limits: %v, buffer %v", err, d.s.buf)
	}
	if _, _, err := d.Next(make([]byte, 3000)); err != nil || cap(d.s.buf.B) > 2*pool.MaxPooled {
		t.Errorf("3000 bytes of a claim of 900000 hold %d, %v", cap(d.s.buf.B), err)
	}
	d.Release()
	// And the buffer ends as large as the message, not twice that.
	in := frames("82 " + strings.Repeat("x", 100000))
	for _, p := range [][]byte{in[:90000], in[90000:]} {
		if _, _, err := d.Next(p); err != nil {
			t.Fatal(err)
		}
	}
	if n := cap(d.s.buf.B); n != 100000 {
		t.Errorf("a message of 100000 bytes is held in %d", n)
	}
}

func TestDecoderUnmasked(t *testing.T) {
	for _, in := range []string{"8100", "8105", "817e", "8900", "8800", "8000"} {
		var e echo
		e.feed(t, unhex(t, in)) // two bytes are enough to know
		if got := e.said(t); !slices.Equal(got, []string{failed}) || e.err != errUnmasked {
			t.Errorf("%s: got %q, %v; want 1002 for the missing mask", in, got, e.err)
		}
	}
}

// TestDecoderEarly shows that two bytes are enough for all that they say.
func TestDecoderEarly(t *testing.T) {
	for in, want := range map[string]error{
		"83 80": errReserved, "8b 80": errReserved, "91 80": errRsv, "09 80": errControlFin,
		"89 fe": errControlLong, "88 ff": errControlLong, "80 80": errContinuation, "00 ff": errContinuation,
	} {
		for _, cut := range cuts {
			if e := converse(t, unhex(t, in), Decoder{}, cut.next); e.err != want {
				t.Errorf("%s, %s: %v, want %v", in, cut.name, e.err, want)
			}
		}
	}
	if e := converse(t, append(frames("01 a"), unhex(t, "81 80")...), Decoder{}, cuts[0].next); e.err != errInterleaved {
		t.Errorf("text within text: %v", e.err)
	}
}

func TestDecoderDiscardsAfterTheEnd(t *testing.T) {
	for _, end := range [][]byte{frames(bye), frames("83"), frames("81 \xff")} {
		for _, cut := range cuts {
			e := &echo{}
			in := slices.Clone(end)
			for len(in) > 0 && !e.done {
				k := min(cut.next(len(in)), len(in))
				e.feed(t, in[:k])
				in = in[k:]
			}
			said := len(e.out)
			if !e.done || said == 0 {
				t.Fatalf("% x, %s: no end", end, cut.name)
			}
			e.feed(t, frames("81 more", "89", "83"))
			if !e.d.Dead() || len(e.out) != said || e.d.Busy() {
				t.Errorf("% x, %s: the decoder goes on after the end", end, cut.name)
			}
			e.d.Release()
			e.feed(t, frames("81 new"))
			if e.d.Dead() || len(e.out) == said {
				t.Error("a released decoder is not as new")
			}
		}
	}
}

func TestDecoderDeflateOption(t *testing.T) {
	on := Decoder{Deflate: true}
	var ce *CloseError
	for _, c := range []struct {
		in   []byte
		comp []bool
		bad  bool
	}{
		{frames("c1 \xff\xfe", "81 ok", "c2 x"), []bool{true, false, true}, false}, // deflated text is not UTF-8
		{frames("41 \xff", "89 ping", "80 \xfe", "81 ok"), []bool{false, true, false}, false},
		{frames("41 \xff", "c0 \xfe"), nil, true}, // RSV1 on a continuation
		{frames("c9 ping"), nil, true},
		{frames("e1 x"), nil, true},
		{frames("a1 x"), nil, true},
		{frames("c1 x", "81 \xff"), []bool{true}, true}, // the flag ends with its message
	} {
		for _, cut := range cuts {
			d := on
			var comp []bool
			var err error
			in := slices.Clone(c.in)
			for len(in) > 0 && err == nil {
				piece := in[:min(cut.next(len(in)), len(in))]
				in = in[len(piece):]
				for {
					m, n, e := d.Next(piece)
					if err = e; e != nil || m.Op == 0 {
						break
					}
					comp = append(comp, m.Compressed)
					piece = piece[n:]
				}
			}
			if !slices.Equal(comp, c.comp) || errors.As(err, &ce) != c.bad {
				t.Errorf("% x, %s: %v, %v", c.in, cut.name, comp, err)
			}
			d.Release()
		}
	}
}

// TestDecoderRelease gives back what is held in each state; TestMain counts.
func TestDecoderRelease(t *testing.T) {
	in := frames("01 some", "89 ping", "80 pieces", "82 "+strings.Repeat("x", 300), bye)
	for i := range in {
		var e echo
		e.feed(t, slices.Clone(in[:i]))
		e.d.Release()
		if e.d != (Decoder{}) {
			t.Fatalf("cut at %d: not as new", i)
		}
		e.d.Release() // twice is harmless
	}
}
