package sio

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

// TestSocketIDs: an id is made for each join, and is never the session's.
func TestSocketIDs(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Of("/a")
	var sessions []string
	r.io.OnConnect(func(s *Socket) error { sessions = append(sessions, s.Session().ID()); return nil })
	c := r.join(0)
	ids := []string{c.sid}
	for _, p := range []string{"40/a", "41/a", "40/a"} {
		c.send(p)
		if p == "40/a" {
			c.expect(`40/a,{"sid":"SID"}`)
			ids = append(ids, c.sid)
		}
	}
	ids = append(ids, sessions...)
	slices.Sort(ids)
	if n := len(slices.Compact(ids)); n != 4 || len(sessions) != 1 {
		t.Errorf("%d ids, want those of three joins and of one session", n)
	}
}

// TestStaticNamespaces: one namespace of a name, with "/" among them, each told
// once when it is made.
func TestStaticNamespaces(t *testing.T) {
	r := newRig(t, 1, nil)
	var made []string
	r.io.OnNamespace(func(n *Namespace) { made = append(made, n.Name()) })
	a := r.io.Of("a")
	if r.io.Of("/a") != a || r.io.Of("/") != r.io.Namespace || a.Name() != "/a" || a.Server() != r.io {
		t.Error("Of makes another one")
	}
	if r.io.Of("/b") == a || !slices.Equal(made, []string{"/a", "/b"}) {
		t.Errorf("made %q", made)
	}
}

// TestParents: of the parents that accept a name the first has the child; a child
// has what was registered on its parent when it was made, and nothing later; and
// Of makes children of patterns alone.
func TestParents(t *testing.T) {
	r := newRig(t, 1, nil)
	say := func(n *Namespace, what string) {
		n.OnConnect(func(s *Socket) error { return s.Emit(what) })
	}
	first := r.io.OfFunc(func(name string, _ *Handshake) bool { return strings.HasPrefix(name, "/f") })
	second := r.io.OfPattern(regexp.MustCompile("^/[fg]"))
	say(first, "first")
	say(second, "second")
	c := r.dial(0)
	c.send("40/f1")
	c.expect(`40/f1,{"sid":"SID"}`, `42/f1,["first"]`)
	c.send("40/g1")
	c.expect(`40/g1,{"sid":"SID"}`, `42/g1,["second"]`)
	say(second, "late")
	d := r.dial(0)
	d.send("40/g1")
	d.expect(`40/g1,{"sid":"SID"}`, `42/g1,["second"]`)
	d.send("40/g2")
	d.expect(`40/g2,{"sid":"SID"}`, `42/g2,["second"]`, `42/g2,["late"]`)
	if p := r.io.Of("/f2").parent; p != second {
		t.Error("a function was asked, where nobody has connected")
	}
}

// TestConnectingSocket: a socket whose middlewares still run is in nobody's list.
func TestConnectingSocket(t *testing.T) {
	r := newRig(t, 1, nil)
	gate := make(chan struct{})
	r.io.Use(func(*Socket) error { <-gate; return nil })
	c := r.dial(0)
	c.send("40")
	_ = r.io.Emit("early")
	r.off(func() {
		for s := range r.io.Sockets(t.Context()) {
			t.Errorf("found %q", s.ID)
		}
		if n := r.io.Len(); n != 0 {
			t.Errorf("%d sockets", n)
		}
		close(gate)
	})
	c.expect(`40{"sid":"SID"}`)
	if n := r.io.Len(); n != 1 {
		t.Errorf("%d sockets", n)
	}
}

// TestReservedNames: none of the names that mean something else goes out.
func TestReservedNames(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.join(0)
	s := r.socket(c)
	for _, name := range []string{"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"} {
		_, many := r.io.Timeout(time.Second).AllAcks(t.Context(), name)
		for how, err := range map[string]error{
			"emit":       s.Emit(name),
			"raw":        s.EmitRaw(name, nil),
			"flags":      s.Volatile().Emit(name),
			"ack":        s.EmitAck(name, func(*Event, error) { t.Error("called") }),
			"all":        r.io.Emit(name),
			"room":       r.io.To(c.sid).EmitRaw(name, nil),
			"many acks":  many,
			"others":     s.Broadcast().Emit(name),
			"by Prepare": func() error { _, err := Prepare(name); return err }(),
		} {
			if !errors.Is(err, ErrReserved) {
				t.Errorf("%s, %s: %v", name, how, err)
			}
		}
	}
	_ = s.Emit("message", "fine")
	_ = s.Emit("error")
	c.expect(`42["message","fine"]`, `42["error"]`)
}

// TestAckCounter: a namespace counts its acks from 0, for single sockets and
// broadcasts together, and keeps nothing of those that never came.
func TestAckCounter(t *testing.T) {
	r := newRig(t, 1, &Options{PingInterval: time.Hour})
	a, b := r.join(0), r.join(0)
	sa, sb := r.socket(a), r.socket(b)
	other := r.io.Of("/other")
	b.send("40/other")
	b.expect(`40/other,{"sid":"SID"}`)
	_ = sa.Timeout(time.Second).EmitAck("q", func(*Event, error) {})
	_ = r.io.Timeout(time.Second).Acks(t.Context(), "all")
	_ = sb.Timeout(time.Second).EmitAck("q", func(*Event, error) {})
	_ = other.Timeout(time.Second).Acks(t.Context(), "there")
	a.expect(`420["q"]`, `421["all"]`)
	b.expect(`421["all"]`, `422["q"]`, `42/other,0["there"]`)
	r.pass(2 * time.Second)
	for _, s := range []*Socket{sa, sb, r.socketIn(other, b)} {
		if n := s.extra().ackCount; n != 0 {
			t.Errorf("%d acks are still waited for", n)
		}
	}
}

// socketIn finds the socket of c in n.
func (r *rig) socketIn(n *Namespace, c *rigClient) *Socket {
	for _, l := range n.each() {
		if s := l.byID(c.sid); s != nil {
			return s
		}
	}
	r.t.Fatalf("no socket %q", c.sid)
	return nil
}

// TestBroadcastIsAValue: what is built on a selection leaves it as it was.
func TestBroadcastIsAValue(t *testing.T) {
	r := newRig(t, 1, nil)
	a, b := r.join(0), r.join(0)
	r.socket(a).Join("room", "quiet")
	r.socket(b).Join("room")
	room := r.io.To("room")
	for i, other := range []Broadcast{
		room.To("none"), room.In("none"), room.Except("quiet"), room.Compress(false), room.Volatile(), room.Local(),
		room.Timeout(time.Second), room.WhenSlow(Refuse), room.To("a").To("b").To("c").To("d").Except("quiet"),
	} {
		if _ = other.Emit("other", i); reflect.DeepEqual(other, room) && i != 5 { // Local: there is one server
			t.Errorf("%d is the same", i)
		}
	}
	a.read()
	r.settle()
	a.read()
	b.read()
	_ = room.Emit("all")
	a.expect(`42["all"]`)
	b.expect(`42["all"]`)
	_ = room.Except("quiet").Local().Emit("b")
	a.expect()
	b.expect(`42["b"]`)
}

// counted counts how often it is encoded.
type counted struct{ n *int }

func (c counted) AppendJSON(dst []byte) []byte { *c.n++; return append(dst, `"counted"`...) }

// TestEncodedOnce: a broadcast is encoded once, on however many loops.
func TestEncodedOnce(t *testing.T) {
	r := newRig(t, 3, nil)
	var clients []*rigClient
	for i := range 9 {
		clients = append(clients, r.join(i%3))
	}
	n := 0
	_ = r.io.Emit("x", counted{&n})
	for _, c := range clients {
		c.expect(`42["x","counted"]`)
	}
	if n != 1 {
		t.Errorf("encoded %d times", n)
	}
}

// TestOff: a socket's own handler can go again, its namespace's stays.
func TestOff(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.On("x", func(e *Event) error { return e.Socket().Emit("all") })
	r.io.OnConnect(func(s *Socket) error {
		s.On("x", func(*Event) error { s.Off("x"); return s.Emit("once") })
		return nil
	})
	c := r.join(0)
	c.send(`42["x"]`)
	c.expect(`42["all"]`, `42["once"]`)
	c.send(`42["x"]`)
	c.expect(`42["all"]`)
}

// TestRefusalWithBinary: the data of a refusal is JSON alone, there are no
// attachments to a CONNECT_ERROR.
func TestRefusalWithBinary(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Use(func(*Socket) error {
		return &ConnectError{Message: "no", Data: map[string]any{"a": []byte("hi"), "b": Binary("yo")}}
	})
	c := r.dial(0)
	c.send("40")
	c.expect(`44{"message":"no","data":{"a":"aGk=","b":"eW8="}}`)
}

// TestBadPacketIsTold: what is no packet is told to each socket of its client, and
// ends the connection for one reason, over either transport.
func TestBadPacketIsTold(t *testing.T) {
	for _, packet := range []string{"4abc", `42["x"`, `451-["x",{"_placeholder":true,"num":1}]`} {
		r := newRig(t, 1, nil)
		var told []string
		var why []Reason
		for _, n := range []*Namespace{r.io.Namespace, r.io.Of("/a")} {
			n.OnError(func(s *Socket, event string, err error) { told = append(told, s.Namespace().Name()+" "+event) })
		}
		r.io.OnDisconnect(func(_ *Socket, w Reason) { why = append(why, w) })
		c := r.join(0)
		c.send("40/a")
		c.expect(`40/a,{"sid":"SID"}`)
		c.send(packet, "bin:x")
		c.expect("close")
		p := r.poll()
		p.do("POST", packet)
		r.pass(31 * time.Second)
		if !slices.Equal(told, []string{"/ error", "/a error", "/ error"}) || !slices.Equal(why, []Reason{ReasonForced, ReasonForced}) {
			t.Errorf("%s: told %q, reasons %q", packet, told, why)
		}
	}
}

// TestDetail: who hears of an end may read what the engine says of it.
func TestDetail(t *testing.T) {
	r := newRig(t, 1, nil)
	var details []string
	r.io.OnDisconnecting(func(s *Socket, _ Reason) { details = append(details, s.Detail()) })
	r.io.OnDisconnect(func(s *Socket, _ Reason) { details = append(details, s.Detail()) })
	c := r.join(0)
	c.feed([]byte("\x81\x01a"))
	r.settle()
	p := r.poll()
	p.do("POST", "\x1e")
	d := r.join(0)
	d.send("41")
	r.settle()
	const frame, payload = "wsframe: 1002 frame not masked", "eio: bad packet in a payload"
	if want := []string{frame, frame, payload, payload, "", ""}; !slices.Equal(details, want) {
		t.Errorf("details %q, want %q", details, want)
	}
}

// TestRemoteAsk: one socket's answer, by what a listing has found.
func TestRemoteAsk(t *testing.T) {
	r := newRig(t, 2, &Options{PingInterval: time.Hour})
	a, b := r.join(0), r.join(1)
	var found RemoteSocket
	r.off(func() {
		for s := range r.io.To(a.sid).Sockets(t.Context()) {
			found = s
		}
	})
	r.socket(b).Join(a.sid) // and is asked as well, but its answer is not a's
	r.settle()
	for i, want := range []string{`"a",2`, ErrAckTimeout.Error(), ErrDisconnected.Error()} {
		var got string
		done := make(chan struct{})
		go func() {
			defer close(done)
			ctx, cancel := context.WithTimeout(t.Context(), []time.Duration{time.Hour, 20 * time.Millisecond, time.Hour}[i])
			defer cancel()
			reply, err := found.Ask(ctx, "name?", 1)
			if got = string(reply.Raw()); err != nil {
				got = err.Error()
			}
		}()
		if i < 2 {
			r.until(func() bool { return len(a.out) > 0 && len(b.out) > 0 })
			a.expect(fmt.Sprintf(`42%d["name?",1]`, i))
			b.expect(fmt.Sprintf(`42%d["name?",1]`, i))
		}
		if i == 0 {
			b.send(`430["b"]`)
			r.settle()
			a.send(`430["a",2]`)
		}
		r.off(func() { <-done })
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if i == 1 {
			a.hangUp()
			b.hangUp()
		}
	}
	if _, err := found.Ask(t.Context(), "q"); !errors.Is(err, ErrNeedTimeout) {
		t.Errorf("without a deadline: %v", err)
	}
}

// TestBundleOfAnotherOrigin: pages that may talk to the server may load its
// client, as a module too.
func TestBundleOfAnotherOrigin(t *testing.T) {
	files := fstest.MapFS{"socket.io.esm.min.js": {Data: []byte("/* Socket.IO v4.8.4 */")}}
	one := &CORS{Origins: []string{"http://a.example"}, Credentials: true}
	for name, cors := range map[string]*CORS{
		"none": nil, "one": one, "any": {},
		"asked": {PerRequest: func(r *Request) *CORS {
			if r.Path() != "/socket.io/socket.io.esm.min.js" {
				return nil
			}
			return one
		}},
	} {
		srv, err := New(&Options{ClientBundle: files, CORS: cors, DisableHTTPCompression: true})
		if err != nil {
			t.Fatal(err)
		}
		for origin, want := range map[string]http.Header{
			"http://a.example": {"Access-Control-Allow-Origin": {"http://a.example"}, "Vary": {"Origin"}, "Access-Control-Allow-Credentials": {"true"}},
			"http://b.example": {"Vary": {"Origin"}, "Access-Control-Allow-Credentials": {"true"}},
		} {
			switch name {
			case "none":
				want = nil
			case "any":
				want = http.Header{"Access-Control-Allow-Origin": {"*"}}
			}
			for status, tag := range map[int]string{200: "", 304: `"4.8.4"`} {
				q := httptest.NewRequest("GET", "/socket.io/socket.io.esm.min.js", nil)
				q.Header.Set("Origin", origin)
				q.Header.Set("If-None-Match", tag)
				w := httptest.NewRecorder()
				srv.ServeHTTP(w, q)
				got := w.Header()
				for k := range got {
					if k != "Vary" && !strings.HasPrefix(k, "Access-") {
						delete(got, k)
					}
				}
				if w.Code != status || len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
					t.Errorf("%s, %s: %d %v, want %v", name, origin, w.Code, got, want)
				}
			}
		}
		_ = srv.Close(t.Context())
	}
}
