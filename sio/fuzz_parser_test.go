package sio

import (
	"bytes"
	"encoding/binary"
	"math"
	"reflect"
	"testing"
	"time"
)

// naiveMsgpack decodes the valid value at b, as simply as can be: into nil, bool,
// float64, string, Binary, []any and map[string]any, and gone for undefined.
func naiveMsgpack(b []byte) (v any, rest []byte) {
	c, b := b[0], b[1:]
	num := func(size int) (n uint64) {
		for _, x := range b[:size] {
			n = n<<8 | uint64(x)
		}
		b = b[size:]
		return n
	}
	take := func(n uint64) []byte { x := b[:n]; b = b[n:]; return x }
	text := func(n uint64) any { return string([]rune(string(take(n)))) }
	bin := func(n uint64) any { return append(Binary{}, take(n)...) }
	list := func(n uint64) any {
		l := []any{}
		for range n {
			if v, b = naiveMsgpack(b); v == (gone{}) {
				v = nil
			}
			l = append(l, v)
		}
		return l
	}
	dict := func(n uint64) any {
		m := map[string]any{}
		for range n {
			var k any
			k, b = naiveMsgpack(b)
			if v, b = naiveMsgpack(b); v != (gone{}) {
				m[k.(string)] = v
			}
		}
		return m
	}
	ext := func(n uint64) any {
		t := float64(int8(num(1)))
		switch {
		case t == 0 && c < 0xd0:
			return bin(n)
		case t == 0 && n == 1:
			b = b[1:]
			return gone{}
		case t == 0 && n == 8:
			ms := int64(num(8))
			if math.Abs(float64(ms)) > maxDate {
				return nil
			}
			return time.UnixMilli(ms).UTC()
		}
		return []any{t, bin(n)}
	}
	switch {
	case c < 0x80 || c >= 0xe0:
		return float64(int8(c)), b
	case c < 0x90:
		v = dict(uint64(c & 15))
	case c < 0xa0:
		v = list(uint64(c & 15))
	case c < 0xc0:
		v = text(uint64(c & 31))
	case c == 0xc2 || c == 0xc3:
		v = c == 0xc3
	case c >= 0xc4 && c <= 0xc6:
		v = bin(num(1 << (c - 0xc4)))
	case c >= 0xc7 && c <= 0xc9:
		v = ext(num(1 << (c - 0xc7)))
	case c == 0xca:
		v = float(float64(math.Float32frombits(uint32(num(4)))))
	case c == 0xcb:
		v = float(math.Float64frombits(num(8)))
	case c >= 0xcc && c <= 0xcf:
		v = float64(num(1 << (c - 0xcc)))
	case c >= 0xd0 && c <= 0xd3:
		size := 1 << (c - 0xd0)
		v = float64(int64(num(size)<<(64-8*size)) >> (64 - 8*size))
	case c >= 0xd4 && c <= 0xd8:
		v = ext(1 << (c - 0xd4))
	case c >= 0xd9 && c <= 0xdb:
		v = text(num(1 << (c - 0xd9)))
	case c == 0xdc || c == 0xdd:
		v = list(num(2 << (c - 0xdc)))
	case c == 0xde || c == 0xdf:
		v = dict(num(2 << (c - 0xde)))
	}
	return v, b
}

type gone struct{}

// float is what JSON can hold of f.
func float(f float64) any {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return f
}

func mpPacket(t testing.TB, src []byte) (*Packet, bool) {
	t.Helper()
	p := &Packet{ID: -1, MaxDepth: 100, MaxAttachments: 20}
	whole, err := MsgpackParser{}.Decode(p, src, true)
	if whole != (err == nil) {
		t.Fatalf("%x: whole %v, %v", src, whole, err)
	}
	if p.Data != nil && err == nil && len(p.Data) > 0 && !valid(p.Data, 200) {
		t.Fatalf("%x became %q", src, p.Data)
	}
	return p, err == nil && p.Check() == nil
}

// FuzzMsgpack feeds the decoder, holds what it says against a naive one, and
// sends it round through the encoder.
func FuzzMsgpack(f *testing.F) {
	for _, s := range []string{
		mpConnect, "84 'type' 02 'nsp' '/' 'data' 92 'x' 01 'id' 03", "83 'type' 04 'nsp' '/nope' 'data' 81 'message' 'no'",
		"83 'type' 02 'nsp' '/' 'data' 96 'x' cb3ff8000000000000 ca3fc00000 d3ffffffffffffff00 cfffffffffffffffff d1ff7f",
		"83 'type' 02 'nsp' '/' 'data' 97 'x' c40201ff c7020001ff d40000 d70000000000000003e8 d6ff00000001 81 'u' d40000",
		"83 'type' 02 'nsp' '/' 'data' 93 'x' 82 'a' 01 'a' 02 d903e697a5", "83 'type' 02 'nsp' '/' 'data' 93 'x' c400 82 '_placeholder' c3 'num' 00",
		"83 'type' 03 'nsp' '/' 'data' dd00000002 c0 df00000001 'k' db00000001 22", "83 'type' 02 'nsp' '/' 'data' 92 'x' d7007fffffffffffffff",
		"83 'type' 02 'nsp' '/' 'data' 94 'x' a1ff a10a d700ffff000000000000", "82 'type' c1 'nsp' '/'", "83 'type' 02 'nsp' '/' 'data' 92 'x' ddffffffff",
	} {
		f.Add([]byte(mp(s)[4:]))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, ok := mpPacket(t, src)
		if !ok {
			return
		}
		if p.Data != nil && !bytes.Contains(src, []byte("_placeholder")) {
			whole, _ := naiveMsgpack(src)
			got, err := decodeAny(p.Data, p.Attachments)
			if want := whole.(map[string]any)["data"]; err != nil || !sameValue(got, want) {
				t.Fatalf("%x: %#v, %v; want %#v", src, got, err, want)
			}
		}
		again := packMsgpack(t, p)
		q, ok := mpPacket(t, again)
		if !ok || q.Type != p.Type || q.ID != p.ID && !(p.Type != EventPacket && p.Type != ConnectErrorPacket) || !bytes.Equal(q.Namespace, p.Namespace) {
			t.Fatalf("%x went round as %x", src, again)
		}
		if third := packMsgpack(t, q); !bytes.Equal(again, third) {
			t.Fatalf("%x and then %x", again, third)
		}
	})
}

func packMsgpack(t testing.TB, p *Packet) []byte {
	var m Messages
	if err := (MsgpackParser{}).Encode(&m, &Packet{Type: p.Type, Namespace: p.Namespace, ID: p.ID, Data: p.Data, Attachments: p.Attachments}); err != nil {
		t.Fatal(err)
	}
	if m.b[0] != 0x82 { // a binary frame, of which the header is cut off
		t.Fatalf("frame %x", m.b)
	}
	switch n := m.b[1]; n {
	case 127:
		return m.b[2+8 : 2+8+binary.BigEndian.Uint64(m.b[2:])]
	case 126:
		return m.b[4:]
	default:
		return m.b[2:]
	}
}

// sameValue compares what came through JSON with what the naive decoder gives; a
// Date is its text there.
func sameValue(got, want any) bool {
	switch w := want.(type) {
	case time.Time:
		s, ok := got.(string)
		return ok && (w.Year() < 0 || w.Year() > 9999 || s == w.Format("2006-01-02T15:04:05.000Z"))
	case []any:
		g, ok := got.([]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for i := range w {
			if !sameValue(g[i], w[i]) {
				return false
			}
		}
		return true
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok || len(g) != len(w) {
			return false
		}
		for k := range w {
			if !sameValue(g[k], w[k]) {
				return false
			}
		}
		return true
	}
	return reflect.DeepEqual(got, want)
}
