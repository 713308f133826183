//go:build !race && !pooldebug && !purego

package sio

import (
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/wsframe"
)

// TestParserAllocs: a packet in, its handler, and its answer or a broadcast out.
func TestParserAllocs(t *testing.T) {
	for name, c := range map[string]struct {
		parser         Parser
		connect, event string
		op             ws.OpCode
	}{
		"msgpack": {MsgpackParser{}, mp(mpConnect), mp("84 'type' 02 'nsp' '/' 'data' 94 'x' 81 'text' 'hello' cb3ff8000000000000 c4020102 'id' 03"), ws.OpBinary},
		"json":    {JSONPacketParser{}, `4{"type":0,"nsp":"/"}`, `4{"type":2,"nsp":"/","data":["x",{"text":"hello"},1.5],"id":3}`, ws.OpText},
	} {
		r := newRig(t, 1, &Options{Parser: c.parser})
		r.io.Inline().On("x", func(e *Event) error {
			if err := r.io.EmitRaw("all", []byte(`{"a":[1,2,"three"]}`)); err != nil {
				return err
			}
			return e.ack(e.Raw(), e.bins)
		})
		client, _ := r.joinWith(c.connect)
		client.mute = true
		event := frame(c.op, []byte(strings.TrimPrefix(c.event, "bin:")))
		var scratch []byte
		do := func() {
			scratch = append(scratch[:0], event...) // it is unmasked in place
			client.feed(scratch)
			r.loops[0].l.Run()
		}
		for range 10 {
			do()
		}
		if n := testing.AllocsPerRun(200, do); n > 0 {
			t.Errorf("%s: %v allocs", name, n)
		}
		if client.sends < 200 {
			t.Errorf("%s: %d sends", name, client.sends)
		}
	}
}

// BenchmarkParsers decodes and encodes the same event by each parser.
func BenchmarkParsers(b *testing.B) {
	nsp, event := "/", "chat"
	args := []byte(`{"text":"hello, world of strings","n":[1,2.5,true],"user":{"id":12345,"name":"somebody"}}`)
	dst := make([]byte, 0, 4096)
	b.Run("default/encode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			dst = frameEvent(dst[:0], nsp, 7, event, args, nil)
		}
	})
	packet := []byte(`27["chat",` + string(args) + `]`)
	b.Run("default/decode", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := parsePacket(packet, &defaultLimits); err != nil {
				b.Fatal(err)
			}
		}
	})
	p := &Packet{Type: EventPacket, Namespace: rootNamespace, ID: 7, Data: []byte(`["chat",` + string(args) + `]`)}
	for name, parser := range map[string]Parser{"msgpack": MsgpackParser{}, "json": JSONPacketParser{}} {
		s := &Server{parser: parser}
		b.Run(name+"/encode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = s.frameEvent(dst[:0], nsp, 7, event, args, nil)
			}
		})
		var m Messages
		_ = parser.Encode(&m, p)
		_, n, err := wsframe.ParseHeader(m.b)
		if err != nil {
			b.Fatal(err)
		}
		message := m.b[n:]
		if name == "json" {
			message = message[1:]
		}
		q := &Packet{}
		b.Run(name+"/decode", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				*q = Packet{Buf: q.Buf, Attachments: q.Attachments[:0], MaxDepth: 512, MaxAttachments: 10}
				if whole, err := parser.Decode(q, message, name == "msgpack"); !whole || q.Check() != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
