package eio

import (
	"bytes"
	"strconv"
	"testing"

	"github.com/sio-fast/sio-fast/wsframe"
)

// BenchmarkPayload packs what waits for a polling client into a payload, and walks
// such a one, as Engine.IO 4 and as revision 3 have it: ten messages, one of them
// binary where it says so.
func BenchmarkPayload(b *testing.B) {
	message := append([]byte("4"), bytes.Repeat([]byte("x"), 64)...)
	var texts, mixed []byte
	for i := range 10 {
		texts = wsframe.AppendFrame(texts, wsframe.OpText, message)
		if i < 9 {
			mixed = wsframe.AppendFrame(mixed, wsframe.OpText, message)
		}
	}
	mixed = wsframe.AppendFrame(mixed, wsframe.OpBinary, message[1:])
	dst := make([]byte, 0, 4096)
	run := func(name string, op func()) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				op()
			}
		})
	}
	for _, c := range []struct {
		name   string
		frames []byte
	}{{"text", texts}, {"binary", mixed}} {
		run("out-"+c.name, func() { payloadSize(c.frames); appendPayload(dst, c.frames, false) })
		run("out-revision-3-"+c.name, func() { appendPayload3(dst, c.frames, hasBinary(c.frames)) })
	}
	body := appendPayload(nil, texts, false)
	body3 := appendPayload3(nil, texts, false)
	scratch := make([]byte, max(len(body), len(body3))) // packets are decoded in place
	walk := func(next func() (payloadPacket, bool, error)) {
		n := 0
		for _, ok, err := next(); ok || err != nil; _, ok, err = next() {
			if n++; err != nil {
				b.Fatal(err)
			}
		}
		if n != 10 {
			b.Fatal(strconv.Itoa(n) + " packets")
		}
	}
	run("in-text", func() {
		l, _ := newPayload(scratch[:copy(scratch, body)], 16)
		walk(l.next)
	})
	run("in-revision-3-text", func() {
		l, _ := newPayload3(scratch[:copy(scratch, body3)], false, 16)
		walk(l.next)
	})
}
