//go:build !race && !pooldebug && !purego

package sio

import (
	"testing"

	"github.com/gobwas/ws"
)

// codecOps are the paths of the codec that must cost no allocation, beyond what
// is said. The rig's client throws away what it gets.
func codecOps(t testing.TB) map[string]struct {
	do    func()
	allow float64
} {
	r := newRig(t, 1, nil)
	in := r.io.Inline()
	var asked *Event
	in.On("kept", func(e *Event) error { asked = e.Clone(); return nil })
	in.On("ackraw", func(e *Event) error { return e.AckRaw(e.Raw()) })
	in.On("ackconst", func(e *Event) error { return e.Ack("constant", 1, nil, true) })
	p := &point{1, 2}
	in.On("ackptr", func(e *Event) error { return e.Ack(p) })
	On(in, "string", func(*Socket, string) error { return nil })
	On(in, "bytes", func(*Socket, []byte) error { return nil })
	On(in, "int", func(*Socket, int) error { return nil })
	On(in, "view", func(*Socket, view) error { return nil })
	On2(in, "two", func(*Socket, int, view) error { return nil })
	OnCall(in, "call", func(*Socket, int) (*point, error) { return p, nil })
	c := r.join(0)
	c.send(`421["kept"]`)
	c.mute = true
	_ = asked

	feed := func(packets ...string) func() {
		var frames, scratch []byte
		for i, p := range packets {
			op := ws.OpText
			if i > 0 {
				op = ws.OpBinary
			}
			frames = append(frames, frame(op, []byte(p))...)
		}
		return func() {
			scratch = append(scratch[:0], frames...) // it is unmasked in place
			c.feed(scratch)
		}
	}
	parse := func(s string) func() {
		src := []byte(s)
		return func() {
			if _, err := parsePacket(src, &defaultLimits); err != nil {
				t.Fatal(err)
			}
		}
	}
	dst := make([]byte, 0, 4096)
	bins := make([][]byte, 0, 4)
	attachment := []byte("attachment")
	args := []byte(`{"a":1},"b"`)
	typed := eventOf(`"text",12,`+ph0, "bin")
	return map[string]struct {
		do    func()
		allow float64
	}{
		"decode event":              {parse(`212["chat",{"text":"hello","n":[1,2.5,true]}]`), 0},
		"decode escaped names":      {parse(`51-["ch\u0061t",{"_pl\u0061ceholder":true,"n\u0075m":0}]`), 0},
		"decode connect":            {parse(`0/admin,{"token":"x"}`), 0},
		"event name":                {func() { eventName([]byte(`["chat",1]`), 7, nil) }, 0},
		"dispatch string":           {feed(`42["string","hello, world of strings"]`), 1}, // the string
		"dispatch []byte":           {feed(`451-["bytes",`+ph0+`]`, "attachment"), 0},
		"dispatch int":              {feed(`42["int",123456]`), 0},
		"dispatch a JSONParser":     {feed(`42["view",{"a":1}]`), 0},
		"dispatch two":              {feed(`42["two",1,{"a":1}]`), 0},
		"call":                      {feed(`427["call",1]`), 0},
		"ack raw":                   {feed(`427["ackraw",{"a":1}]`), 0},
		"ack constants":             {feed(`427["ackconst"]`), 0},
		"ack pointer":               {feed(`427["ackptr"]`), 0},
		"frame event":               {func() { dst = frameEvent(dst[:0], "/admin", 7, "event", args, nil) }, 0},
		"frame event, attachment":   {func() { dst = frameEvent(dst[:0], "/", -1, "event", args, append(bins, attachment)) }, 0},
		"frame ack":                 {func() { dst = frameAck(dst[:0], "/", 7, args, nil) }, 0},
		"append Appender":           {func() { dst, _ = appendArgs(dst[:0], []any{p}, &bins) }, 0},
		"append constants":          {func() { dst, _ = appendArgs(dst[:0], []any{"x", 1, nil, true, 1.0}, &bins) }, 0},
		"append []any with pointer": {func() { dst, _ = appendArgs(dst[:0], []any{p, "a\nb", "日本"}, &bins) }, 0},
		"bind []byte and int": {func() {
			var n int
			var b []byte
			_ = typed.Bind(new(string), &n, &b)
		}, 4},
		"reserved": {func() { _ = reserved("disconnecting") || reserved(args) }, 0},
	}
}

func TestCodecAllocs(t *testing.T) {
	for name, op := range codecOps(t) {
		for range 10 {
			op.do() // warm the pools
		}
		if n := testing.AllocsPerRun(200, op.do); n > op.allow {
			t.Errorf("%s: %v allocs, want %v", name, n, op.allow)
		}
	}
}
