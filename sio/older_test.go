package sio

import (
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// dialOlder makes a client of Socket.IO 2 on a websocket. It has read the open
// packet, and its sid is the session's.
func (r *rig) dialOlder(loop int) *rigClient {
	r.t.Helper()
	l := r.loops[loop]
	c := &rigClient{rigConn: &rigConn{l: l}, r: r}
	l.l.Accept(&c.peer, c.rigConn)
	c.feed([]byte(strings.Replace(upgradeRequest, "EIO=4", "EIO=3", 1)))
	_, rest, ok := strings.Cut(string(c.out), "\r\n\r\n")
	if !ok || !strings.HasPrefix(string(c.out), "HTTP/1.1 101") {
		r.t.Fatalf("upgrade answered %q", c.out)
	}
	open := regexp.MustCompile(`0\{"sid":"([^"]*)"[^}]*\}`).FindStringSubmatchIndex(rest)
	if open == nil {
		r.t.Fatalf("no open packet: %q", rest)
	}
	c.sid, c.out = rest[open[2]:open[3]], []byte(rest[open[1]:])
	return c
}

// joinOlder is dialOlder and the 40 that follows by itself.
func (r *rig) joinOlder(loop int) *rigClient {
	r.t.Helper()
	c := r.dialOlder(loop)
	c.expect("40")
	return c
}

func olderOptions() *Options { return &Options{AllowEIO3: true} }

func TestOlderConnect(t *testing.T) {
	r := newRig(t, 1, olderOptions())
	var auths, ids []string
	note := func(s *Socket) error {
		auths = append(auths, string(s.Handshake().Auth))
		ids = append(ids, s.ID())
		if s.Protocol() != 3 || s.Handshake().Query("x") != "1" {
			t.Errorf("protocol %d, query %q", s.Protocol(), s.Handshake().RawQuery())
		}
		return nil
	}
	r.io.OnConnect(note)
	r.io.Of("/admin").OnConnect(note)
	c := r.joinOlder(0)
	for _, p := range []string{"40/admin,", "41/admin,", "40/admin?token=a%20b&n=1&token=c+d%E2%82%AC&=&x,", "41/admin,", "40/admin?,", "41/admin", `40/admin,{"x":1}`} {
		c.send(p)
		if p[1] == '0' {
			c.expect("40/admin,")
		} else {
			c.expect()
		}
	}
	if want := []string{"{}", "{}", `{"token":"c d€","n":"1","":"","x":""}`, "{}", "{}"}; !slices.Equal(auths, want) {
		t.Errorf("auth %q, want %q", auths, want)
	}
	if want := []string{c.sid, "/admin#" + c.sid, "/admin#" + c.sid, "/admin#" + c.sid, "/admin#" + c.sid}; !slices.Equal(ids, want) {
		t.Errorf("ids %q, want %q", ids, want)
	}
	for _, auth := range auths {
		if !json.Valid([]byte(auth)) {
			t.Errorf("%q is no JSON", auth)
		}
	}
}

func TestOlderRefused(t *testing.T) {
	r := newRig(t, 1, olderOptions())
	var refusal error
	r.io.Of("/plain").Use(func(*Socket) error { return errors.New(`no "way"`) })
	r.io.Of("/data").Use(func(*Socket) error { return refusal })
	c := r.joinOlder(0)
	c.send("40/plain?a=1,")
	c.expect(`44/plain,"no \"way\""`)
	for _, tc := range []struct {
		data any
		want string
	}{
		{map[string]int{"c": 1}, `{"c":1}`}, {"text", `"text"`}, {1, "1"}, {[]int{}, "[]"}, {true, "true"},
		{nil, `"nope"`}, {false, `"nope"`}, {0, `"nope"`}, {"", `"nope"`}, {(*int)(nil), `"nope"`},
	} {
		refusal = &ConnectError{Message: "nope", Data: tc.data}
		c.send("40/data,")
		c.expect("44/data," + tc.want)
	}
	c.send("40/none,") // the reference's form, also for older clients
	c.expect(`44/none,{"message":"Invalid namespace"}`)
	if c.shut {
		t.Error("the connection should stay")
	}
}

// TestOlderRefusedRoot: a client that "/" does not want is told so, and may join
// another namespace; if it does not it has to go.
func TestOlderRefusedRoot(t *testing.T) {
	r := newRig(t, 1, olderOptions())
	r.io.Use(func(*Socket) error { return errors.New("nope") })
	r.io.Of("/open")
	c, other := r.dialOlder(0), r.dialOlder(0)
	c.expect(`44"nope"`)
	other.expect(`44"nope"`)
	c.send("40/open,")
	c.expect("40/open,")
	for range 30 {
		c.send("2")
		other.send("2")
		r.pass(2 * time.Second)
	}
	if c.read(); c.shut {
		t.Error("the one in /open should stay")
	}
	if other.read(); !other.shut {
		t.Error("the other one has joined nothing")
	}
}

func TestOlderViolations(t *testing.T) {
	for _, send := range []string{"40", "40/?x=1,", `42/admin,["x"]`, `42/admin?x=1,["x"]`, `44"x"`, "4abc", "3", `42["connect"]`} {
		r := newRig(t, 1, olderOptions())
		r.io.Of("/admin")
		c := r.joinOlder(0)
		c.send(send)
		r.settle()
		if c.read(); !c.shut {
			t.Errorf("%q is no reason to close", send)
		}
	}
}

func TestOlderEvents(t *testing.T) {
	r := newRig(t, 1, olderOptions())
	r.io.On("echo", func(e *Event) error {
		args, err := e.Args()
		if err != nil {
			return err
		}
		if e.WantsAck() {
			return e.Ack(args...)
		}
		return e.Socket().Emit("echo", args...)
	})
	r.io.Inline().On("now", func(e *Event) error {
		args, err := e.Args()
		if err != nil {
			return err
		}
		return e.Ack(args...)
	})
	c := r.joinOlder(0)
	c.send(`451-9["now",{"_placeholder":true,"num":0}]`, "bin:\x04\x07")
	c.expect(`461-9[{"_placeholder":true,"num":0}]`, "bin:\x04\x07")
	c.send(`42["echo",1,"€"]`, `427["echo",2]`,
		`451-["echo",{"_placeholder":true,"num":0}]`, "bin:\x04\x01\x02\xff",
		`451-8["echo",{"_placeholder":true,"num":0}]`, "b4AQL/", "2")
	r.settle()
	got := c.read()
	want := []string{"3", `42["echo",1,"€"]`, "437[2]", `451-["echo",{"_placeholder":true,"num":0}]`, "bin:\x04\x01\x02\xff",
		`461-8[{"_placeholder":true,"num":0}]`, "bin:\x04\x01\x02\xff"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var answer string
	r.off(func() {
		for s := range r.io.Sockets(t.Context()) {
			_ = r.io.To(s.ID).Emit("mine")
		}
	})
	for _, s := range r.sockets() {
		_ = s.EmitAck("ask", func(e *Event, err error) { answer = string(e.Raw()) })
	}
	c.expect(`42["mine"]`, `420["ask"]`)
	c.send(`430["yes"]`)
	r.settle()
	if answer != `"yes"` {
		t.Errorf("answer %q", answer)
	}
}

// sockets are the sockets of "/".
func (r *rig) sockets() (all []*Socket) {
	for _, l := range r.io.each() {
		if l == nil {
			continue
		}
		for _, s := range r.io.Namespace.on(l).slots {
			if s != nil {
				all = append(all, s)
			}
		}
	}
	return all
}

// TestOlderBroadcast: a broadcast reaches clients of both kinds, each in its own
// form, and an id is a room.
func TestOlderBroadcast(t *testing.T) {
	r := newRig(t, 2, olderOptions())
	older, newer := r.joinOlder(0), r.join(1)
	also := r.joinOlder(1)
	_ = r.io.Emit("x", []byte{1, 0xff})
	head := `451-["x",{"_placeholder":true,"num":0}]`
	older.expect(head, "bin:\x04\x01\xff")
	also.expect(head, "bin:\x04\x01\xff")
	newer.expect(head, "bin:\x01\xff")
	_ = r.io.To(older.sid).To(newer.sid).Emit("two")
	older.expect(`42["two"]`)
	newer.expect(`42["two"]`)
	also.expect()
	// The id of one client is a room that another one may join.
	for _, s := range r.sockets() {
		s.Join(older.sid)
	}
	r.settle()
	_ = r.io.To(older.sid).Emit("room")
	_ = r.io.To(older.sid).Emit("room")
	for _, c := range []*rigClient{older, newer, also} {
		c.expect(`42["room"]`, `42["room"]`)
	}
	_ = r.io.Except(older.sid).Emit("none")
	older.expect()
	also.hangUp()
	_ = r.io.To(also.sid).Emit("gone")
	for _, l := range r.io.Namespace.each() {
		if l != nil && l.older[also.sid] != nil {
			t.Error("a socket that has left is still found by its id")
		}
	}
}

func TestOlderDisconnect(t *testing.T) {
	r := newRig(t, 1, olderOptions())
	var why []Reason
	r.io.OnDisconnect(func(_ *Socket, reason Reason) { why = append(why, reason) })
	r.io.Of("/admin")
	c := r.joinOlder(0)
	c.send("40/admin,")
	c.expect("40/admin,")
	c.send("41")
	c.expect()
	r.io.Of("/admin").Disconnect(true)
	c.expect("41/admin,", "close")
	c = r.joinOlder(0)
	c.hangUp()
	c = r.joinOlder(0)
	r.pass(46 * time.Second)
	c.expect("close")
	if want := []Reason{ReasonClientDisconnect, eio.ReasonTransportClose, eio.ReasonPingTimeout}; !slices.Equal(why, want) {
		t.Errorf("reasons %q, want %q", why, want)
	}
}

// TestOlderRecovery: protocol 4 has no way to come back, and its query is none to
// somebody else's socket.
func TestOlderRecovery(t *testing.T) {
	o := olderOptions()
	o.Recovery = &Recovery{}
	r := newRig(t, 1, o)
	lost := r.dial(0)
	lost.send("40")
	r.settle()
	pid := regexp.MustCompile(`"pid":"([^"]*)"`).FindStringSubmatch(strings.Join(lost.read(), " "))
	if pid == nil {
		t.Fatal("no pid")
	}
	lost.hangUp()
	c := r.joinOlder(0)
	c.send("41", "40/?pid="+pid[1]+"&offset=x,")
	c.expect("40")
	for _, s := range r.sockets() {
		if s.ID() != c.sid || s.Recovered() {
			t.Errorf("came back as %q", s.ID())
		}
	}
	c.hangUp()
}

// TestOlderOff: nobody older is let in unless that was asked for.
func TestOlderOff(t *testing.T) {
	r := newRig(t, 1, nil)
	c := &rigConn{l: r.loops[0]}
	c.l.l.Accept(&c.peer, c)
	c.peer.Feed([]byte(strings.Replace(upgradeRequest, "EIO=4", "EIO=3", 1)))
	c.l.l.Flush()
	if got := string(c.out); !strings.HasPrefix(got, "HTTP/1.1 400 ") || !strings.HasSuffix(got, "Unsupported protocol version") {
		t.Errorf("%q", got)
	}
}

func TestQueryAuth(t *testing.T) {
	for query, want := range map[string]string{
		"": "{}", "a": `{"a":""}`, "a=1&b=2&a=3": `{"a":"3","b":"2"}`, "a=%zz&&=": `{"a":"%zz","":""}`, `a="\`: `{"a":"\"\\"}`, "a=%ff": `{"a":"` + "\ufffd" + `"}`,
	} {
		if got := string(queryAuth(query)); got != want {
			t.Errorf("%q: %s, want %s", query, got, want)
		}
	}
}

// FuzzOlder feeds packets to a server from an older client: none may panic, and
// what it makes of a query is JSON.
func FuzzOlder(f *testing.F) {
	for _, seed := range []string{"40/admin?token=a,", "40/admin?%,", "40?", "41/?", `42/admin?a,["x"]`, "40/admin?a=1&b=%e2%82,{}", "44", "451-/admin?x,[\"x\"]"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, packet string) {
		r := newRig(t, 1, olderOptions())
		r.io.Of("/admin").OnConnect(func(s *Socket) error {
			if !json.Valid(s.Handshake().Auth) {
				t.Errorf("%q made %q", packet, s.Handshake().Auth)
			}
			return nil
		})
		c := r.joinOlder(0)
		c.send(packet)
		r.settle()
		c.hangUp()
	})
}
