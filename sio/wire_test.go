package sio

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestAcceptReject is what the reference accepts and refuses, packet by packet:
// "reject" is the end of the connection with an empty close frame.
func TestAcceptReject(t *testing.T) {
	const gone = "close"
	eleven := `["x"` + strings.Repeat(`,{"_placeholder":true,"num":0}`, 11) + `]`
	for _, c := range []struct {
		in   string // without the engine's 4; several messages divided by "␞"
		want string // what "/" sees and is sent, divided by "␞"
	}{
		{`abc`, gone}, {`999`, gone}, {``, gone},
		{`0/other,[]`, gone}, {`0/other,"x"`, gone}, {`0/admin,"x"`, gone},
		{`1{}`, gone}, {`1/admin,{}`, gone},
		{`2{}`, gone}, {`2[]`, gone}, {`2[null]`, gone}, {`2[true]`, gone}, {`2[{}]`, gone}, {`2"x"`, gone}, {`2["x"`, gone},
		{`2`, ``}, {`3`, ``},
		{`2["connect"]`, gone}, {`2["connect_error"]`, gone}, {`2["disconnect"]`, gone}, {`2["disconnecting"]`, gone},
		{`2["newListener"]`, gone}, {`2["removeListener"]`, gone}, {`2["\u0063onnect"]`, gone},
		{`2[5,1]`, `42["any","5","1"]`}, {`2[1.5]`, `42["any","1.5",""]`}, {`2[""]`, `42["any","",""]`},
		{`2 ["x"]`, `42["any","x",""]`}, {`2["x", {"a" : 1}]`, `42["any","x","{\"a\" : 1}"]`},
		{`2abc["x"]`, gone}, {`21.5["x"]`, gone}, {`211-["a"]`, gone},
		{`3{}`, gone}, {`3[]`, ``}, {`3999[]`, ``}, {`37["x"]`, ``},
		{`5`, gone}, {`51`, gone}, {`5a-`, gone}, {`51.23-`, gone}, {`50-["x"]`, gone},
		{`511-` + eleven, gone},
		{`51-["x",{"_placeholder":true,"num":1}]␞bin:a`, gone},
		{`51-["x",{"_placeholder":true,"num":-1}]␞bin:a`, gone},
		{`51-["x",{"_placeholder":true,"num":"0"}]␞bin:a`, gone},
		{`51-["x",{"_placeholder":true,"num":0}]␞2["y"]`, gone},
		{`2["x"]␞bin:a`, `42["any","x",""]␞` + gone},
		{`0`, gone}, {`2/admin,["x"]`, gone}, {`1/admin`, gone}, {`3/admin,1[]`, gone}, {`4{"message":"m"}`, gone},
		{`2["e"` + "\x00" + `]`, gone},
		{`0/nope`, `44/nope,{"message":"Invalid namespace"}`},
		{`0/nope,{"a":1}`, `44/nope,{"message":"Invalid namespace"}`},
		{`212["x"]`, `42["any","x",""]`},
		{`2["x"]`, `42["any","x",""]`},
		{`2/,["x"]`, `42["any","x",""]`},
		{`1`, ``}, {`1␞2["x"]`, gone},
		{`1␞0`, `40{"sid":"SID"}`},
	} {
		t.Run(c.in, func(t *testing.T) {
			r := newRig(t, 1, nil)
			r.io.OnAny(func(e *Event) error { return e.Socket().Emit("any", e.Name(), string(e.Raw())) })
			healthy, cl := r.join(0), r.join(0)
			for _, m := range strings.Split(c.in, "␞") {
				if !strings.HasPrefix(m, "bin:") {
					m = "4" + m
				}
				cl.send(m)
				r.settle()
			}
			var want []string
			if c.want != "" {
				want = strings.Split(c.want, "␞")
			}
			cl.expect(want...)
			healthy.send(`42["still"]`)
			healthy.expect(`42["any","still",""]`)
		})
	}
}

// TestSession is the sample session of the protocol, byte for byte, with all
// that goes out in the order of the wire.
func TestSession(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.OnConnect(func(s *Socket) error { return s.Emit("auth", s.Handshake().Auth) })
	r.io.On("message", func(e *Event) error { return e.Socket().EmitRaw("message-back", e.Raw()) })
	r.io.On("message-with-ack", func(e *Event) error { return e.AckRaw(e.Raw()) })
	On(r.io, "bin", func(s *Socket, b []byte) error { return s.Emit("bin-back", b, map[string]any{"b": b}) })
	On(r.io, "bins", func(s *Socket, _ string) error { return nil })
	r.io.Of("admin").OnConnect(func(s *Socket) error { return s.Emit("hello") })

	c := r.dial(0)
	c.send("40")
	c.expect(`40{"sid":"SID"}`, `42["auth",{}]`)
	c.send(`40/admin,{"token":"x"}`)
	c.expect(`40/admin,{"sid":"SID"}`, `42/admin,["hello"]`)
	c.send(`42["message",1,"2",{"3":[true]}]`)
	c.expect(`42["message-back",1,"2",{"3":[true]}]`)
	c.send(`42456["message-with-ack",1,"2",{"3":[false]}]`)
	c.expect(`43456[1,"2",{"3":[false]}]`)
	c.send(`42/admin,7["nobody"]`)
	c.expect()
	c.send(`451-["bin",{"_placeholder":true,"num":0}]`, "bin:\x01\x02\x03")
	c.expect(`452-["bin-back",{"_placeholder":true,"num":0},{"b":{"_placeholder":true,"num":1}}]`,
		"bin:\x01\x02\x03", "bin:\x01\x02\x03")
	c.send("41/admin,")
	c.expect()
	c.send(`42["message"]`)
	c.expect(`42["message-back"]`)
	c.send("41")
	c.expect()
	c.send(`40{"again":true}`)
	c.expect(`40{"sid":"SID"}`, `42["auth",{"again":true}]`)
}

// TestPipelined holds that what follows a CONNECT in the same read is served
// where nobody has to be asked, and is a violation where somebody has.
func TestPipelined(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.On("x", func(e *Event) error { return e.Ack() })
	r.io.Of("slow").Use(func(*Socket) error { return nil })
	c := r.dial(0)
	c.send("40", `421["x"]`)
	c.expect(`40{"sid":"SID"}`, `431[]`)
	c.send("40/slow,", `42/slow,["x"]`)
	c.expect("close")
}

func TestConnectTimeout(t *testing.T) {
	r := newRig(t, 1, &Options{ConnectTimeout: time.Second, PingInterval: time.Hour})
	var why []Reason
	r.io.OnDisconnect(func(_ *Socket, w Reason) { why = append(why, w) })
	idle, joined, left := r.dial(0), r.join(0), r.join(0)
	left.send("41")
	r.pass(900 * time.Millisecond)
	idle.expect()
	r.pass(300 * time.Millisecond)
	idle.expect("close")
	joined.expect()
	r.pass(10 * time.Second) // "clears for good once one was joined"
	joined.expect()
	left.expect()
	if len(why) != 1 || why[0] != ReasonClientDisconnect {
		t.Errorf("disconnects: %q", why)
	}
}

func TestTooManyNamespaces(t *testing.T) {
	r := newRig(t, 1, &Options{MaxNamespaces: 2})
	for _, n := range []string{"/a", "/b", "/c"} {
		r.io.Of(n)
	}
	c := r.dial(0)
	c.send("40/a", "40/b", "40/c")
	c.expect(`40/a,{"sid":"SID"}`, `40/b,{"sid":"SID"}`, `44/c,{"message":"Too many namespaces"}`)
	c.send("41/a", "40/c")
	c.expect(`40/c,{"sid":"SID"}`)
}

// TestJoinAndLeaveForever holds that a client that joins and leaves without end
// has no more handlers running than it may have namespaces.
func TestJoinAndLeaveForever(t *testing.T) {
	const most = 4
	r := newRig(t, 1, &Options{MaxNamespaces: most})
	gate := make(chan struct{})
	var running, peak atomic.Int32
	r.io.OnConnect(func(*Socket) error { return nil })
	r.io.OnDisconnect(func(*Socket, Reason) {
		peak.Store(max(peak.Load(), running.Add(1)))
		<-gate
		running.Add(-1)
	})
	c := r.dial(0)
	for range 50 {
		c.send("40")
		r.until(func() bool { r.round(); return len(c.out) > 0 })
		if strings.HasPrefix(c.read()[0], "40") {
			c.send("41")
		}
	}
	r.until(func() bool { return running.Load() == most })
	c.send("40")
	if got := c.read(); len(got) != 1 || got[0] != `44{"message":"Too many namespaces"}` {
		t.Errorf("got %q", got)
	}
	close(gate)
	r.settle()
	c.send("40")
	c.expect(`40{"sid":"SID"}`)
	if n := peak.Load(); n != most {
		t.Errorf("%d handlers ran at a time, want %d", n, most)
	}
}
