package sio

import (
	"regexp"
	"strings"
	"testing"
	"time"
)

// FuzzClient lets a client say anything, message by message ("␞" between them,
// "bin:" before a binary one), to a server with all kinds of handlers. Whatever
// it says, a healthy client beside it is served, and nothing of it is left when
// it has gone.
func FuzzClient(f *testing.F) {
	for _, seed := range []string{
		"40", "41", `42["any"]`, `42["any",1]␞421["ack",{"a":[]}]`, `451-["bin",{"_placeholder":true,"num":0}]␞bin:abc`,
		`40/dyn-1,{"token":"x"}␞42/dyn-1,["join","room"]␞41/dyn-1`, `430["x"]␞461-0[{"_placeholder":true,"num":0}]␞bin:`,
		`40/mw␞42["ask"]␞430[]␞431[]`, `42["join","a"]␞42["join","b"]␞42["leave","a"]␞42["say","b"]`, `42["kick"]␞42["any"]`,
		"40/nope,␞44", "42␞43␞45", `452-["x",{"_placeholder":true,"num":1}]␞bin:a␞bin:b`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, script string) {
		r := newRig(t, 1, &Options{CleanupEmpty: true, PingInterval: time.Hour})
		kinds := func(n *Namespace) {
			n.OnAny(func(e *Event) error { _, err := e.Args(); return err })
			On(n, "join", func(s *Socket, room string) error { s.Join(room); return nil })
			On(n, "leave", func(s *Socket, room string) error { s.Leave(room); return nil })
			On(n, "say", func(s *Socket, room string) error { return s.To(room).Emit("said", s.Rooms()) })
			On(n, "bin", func(s *Socket, b []byte) error { return s.Emit("bin", b) })
			n.Inline().On("ack", func(e *Event) error { return e.AckRaw(e.Raw()) })
			n.On("kick", func(e *Event) error { e.Socket().Disconnect(e.WantsAck()); return nil })
			n.On("ask", func(e *Event) error {
				return e.Socket().Timeout(time.Second).EmitAck("q", func(*Event, error) {})
			})
		}
		kinds(r.io.Namespace)
		kinds(r.io.OfPattern(regexp.MustCompile(`^/dyn-`)))
		r.io.Of("/mw").Use(func(s *Socket) error { s.Join("mw"); return s.Handshake().Bind(new(struct{ A int })) })
		healthy, c := r.join(0), r.join(0)
		for m := range strings.SplitSeq(script, "␞") {
			if c.closed || len(m) > 1<<12 {
				break
			}
			c.send(m)
			if len(m)%3 == 0 {
				r.settle()
			}
		}
		r.settle()
		if !c.closed {
			c.hangUp()
		}
		r.settle()
		healthy.read()
		healthy.send(`421["ack",1]`)
		healthy.expect(`431[1]`)
		if st := r.io.Stats(); st.Sockets != 1 || st.Clients != 1 || st.Panics != 0 {
			t.Errorf("left over: %+v", st)
		}
		l := r.io.Namespace.on(r.io.each()[0])
		if n := r.loops[0].l.Wheel().Len(); n != 0 || len(l.rooms) != 0 {
			t.Errorf("%d timers, %d rooms left", n, len(l.rooms))
		}
	})
}
