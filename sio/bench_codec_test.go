package sio

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

var codecPackets = []struct{ name, src string }{
	{"connect", `0{"token":"abcdef"}`},
	{"event-small", `2["message",{"text":"hello, wide world","n":42,"ok":true,"x":1.5}]`}, // 64 bytes of payload
	{"event-string", `2["message","` + strings.Repeat("x", 50) + `"]`},
	{"event-ack", `212["message","hello"]`},
	{"ack", `312["bar"]`},
	{"event-binary", `51-["upload",{"_placeholder":true,"num":0}]`},
	{"event-1k", `2["message",[` + strings.Repeat(`{"id":12345,"name":"someone","tags":["a","b"]},`, 20) + `1]]`},
	{"event-64k", `2["message","` + strings.Repeat("x", 65000) + `"]`},
}

func BenchmarkDecode(b *testing.B) {
	for _, p := range codecPackets {
		b.Run(p.name, func(b *testing.B) {
			src := []byte(p.src)
			b.SetBytes(int64(len(src)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := parsePacket(src, &defaultLimits); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("event-1k-std-valid", func(b *testing.B) { // for comparison
		src := []byte(codecPackets[6].src[1:])
		b.SetBytes(int64(len(src)))
		for b.Loop() {
			json.Valid(src)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	dst := make([]byte, 0, 1<<17)
	args := []byte(`{"text":"hello, wide world","n":42,"ok":true,"x":1.5}`)
	var bins [][]byte
	long, p := strings.Repeat("hello world ", 100), &point{1, 2}
	m := map[string]any{"text": "hello", "n": 42}
	s := struct {
		Text string
		Data Binary
	}{"hello", Binary("x")}
	for _, op := range []struct {
		name string
		do   func()
	}{
		{"event-raw", func() { dst = frameEvent(dst[:0], "/", -1, "message", args, nil) }},
		{"ack-raw", func() { dst = frameAck(dst[:0], "/", 12, args, nil) }},
		{"args-string", func() { dst, _ = appendArgs(dst[:0], []any{"hello, world"}, &bins) }},
		{"args-string-1k", func() { dst = appendQuoted(dst[:0], long) }},
		{"args-appender", func() { dst, _ = appendArgs(dst[:0], []any{p}, &bins) }},
		{"args-map", func() { dst, _ = appendArgs(dst[:0], []any{m}, &bins) }},
		{"args-struct-binary", func() { bins = bins[:0]; dst, _ = appendArgs(dst[:0], []any{&s}, &bins) }},
	} {
		b.Run(op.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				op.do()
			}
		})
	}
}

// BenchmarkDispatch is bytes in, parse, handler and, where it asks for one, the
// acknowledgement out with the engine's flush; "session" has the engine's frame
// in, too.
func BenchmarkDispatch(b *testing.B) {
	r := newRig(b, 1, nil)
	in := r.io.Inline()
	in.On("raw", func(*Event) error { return nil })
	in.On("ack", func(e *Event) error { return e.AckRaw(e.Raw()) })
	On(in, "string", func(*Socket, string) error { return nil })
	var s *Socket
	in.On("me", func(e *Event) error { s = e.Socket(); return nil })
	c := r.join(0)
	c.send(`42["me"]`)
	c.mute = true
	h := handler{r.io}
	for _, p := range []struct{ name, src string }{
		{"raw", `2["raw","` + strings.Repeat("x", 50) + `"]`},
		{"string", `2["string","` + strings.Repeat("x", 50) + `"]`},
		{"ack-raw", `212["ack","` + strings.Repeat("x", 50) + `"]`},
	} {
		b.Run(p.name, func(b *testing.B) {
			src := []byte(p.src)
			b.ReportAllocs()
			for b.Loop() {
				h.OnMessage(s.client.session, src, false)
				c.l.l.Flush()
			}
		})
	}
	b.Run("session", func(b *testing.B) {
		f := frame(ws.OpText, []byte(`4212["ack","`+strings.Repeat("x", 50)+`"]`))
		scratch := make([]byte, len(f))
		b.ReportAllocs()
		for b.Loop() {
			copy(scratch, f)
			c.feed(scratch)
		}
	})
}

// BenchmarkCodec is the codec alone, without the server around it: parse, name,
// the typed argument or the acknowledgement.
func BenchmarkCodec(b *testing.B) {
	src := []byte(`212["message","` + strings.Repeat("x", 50) + `"]`)
	dst := make([]byte, 0, 1024)
	b.Run("parse-ack-raw", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			p, _ := parsePacket(src, &defaultLimits)
			_, args := eventName(p.data, p.first, nil)
			dst = frameAck(dst[:0], "/", p.id, args, nil)
		}
	})
	b.Run("parse-string", func(b *testing.B) {
		e := eventOf("")
		b.ReportAllocs()
		for b.Loop() {
			p, _ := parsePacket(src, &defaultLimits)
			e.name, e.args = eventName(p.data, p.first, nil)
			if _, err := Arg[string](e, 0); err != nil {
				b.Fatal(err)
			}
		}
	})
}
