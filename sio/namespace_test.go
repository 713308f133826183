package sio

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestMiddleware(t *testing.T) {
	r := newRig(t, 1, nil)
	var seen []string
	n := r.io.Of("/chain")
	n.Use(func(s *Socket) error {
		if s.Connected() {
			t.Error("connected in a middleware")
		}
		s.Join("a", "b")
		seen = append(seen, "first")
		var auth struct{ Stop bool }
		if err := s.Handshake().Bind(&auth); err != nil {
			return err
		}
		if auth.Stop {
			return &ConnectError{Message: "stopped", Data: map[string]any{"n": 1}}
		}
		return s.Emit("early") // N10: before the CONNECT
	})
	n.Use(func(s *Socket) error {
		seen = append(seen, "second")
		if s.Handshake().Query("x") != "1" || s.Handshake().Header("x-custom") != "cu" {
			return errors.New("no handshake")
		}
		return nil
	})
	n.OnConnect(func(s *Socket) error {
		seen = append(seen, "connect")
		return nil
	})
	n.OnDisconnect(func(*Socket, Reason) { seen = append(seen, "disconnect") })
	c := r.dial(0)
	c.send(`40/chain,{"stop":true}`)
	c.expect(`44/chain,{"message":"stopped","data":{"n":1}}`)
	if len(n.on(r.io.each()[0]).rooms) != 0 {
		t.Error("rooms of a refused socket are left over")
	}
	c.send(`40/chain,`)
	c.expect(`42/chain,["early"]`, `40/chain,{"sid":"SID"}`)
	if err := n.To("b").Emit("room"); err != nil {
		t.Fatal(err)
	}
	c.expect(`42/chain,["room"]`)
	c.hangUp()
	want := []string{"first", "first", "second", "connect", "disconnect"}
	if !slices.Equal(seen, want) {
		t.Errorf("order %q, want %q", seen, want)
	}
	if n.Len() != 0 {
		t.Errorf("%d sockets left", n.Len())
	}
}

// TestMiddlewareBlocks holds that a client that leaves while its middleware
// runs is dropped without a word, and that others are served meanwhile.
func TestMiddlewareBlocks(t *testing.T) {
	r := newRig(t, 1, nil)
	gate := make(chan struct{})
	var events int
	n := r.io.Of("/slow")
	n.Use(func(s *Socket) error { <-gate; return nil })
	n.OnConnect(func(*Socket) error { events++; return nil })
	n.OnDisconnect(func(*Socket, Reason) { events++ })
	c, other := r.dial(0), r.dial(0)
	c.send("40/slow,")
	other.send("40")
	r.until(func() bool { r.round(); return len(other.out) > 0 })
	c.closed = true
	c.peer.Closed(nil)
	close(gate)
	r.settle()
	if events != 0 || n.Len() != 0 {
		t.Errorf("%d events, %d sockets", events, n.Len())
	}
}

func TestMiddlewarePanics(t *testing.T) {
	r := newRig(t, 1, nil)
	var got error
	r.io.OnError(func(_ *Socket, _ string, err error) { got = err })
	r.io.Use(func(*Socket) error { panic("oops") })
	c := r.dial(0)
	c.send("40")
	c.expect(`44{"message":"internal error"}`)
	var p *PanicError
	if !errors.As(got, &p) || p.Value != "oops" {
		t.Errorf("OnError got %v", got)
	}
}

func TestDisconnect(t *testing.T) {
	r := newRig(t, 1, nil)
	type end struct {
		nsp   string
		why   Reason
		rooms int
	}
	var mu sync.Mutex
	var ends []end
	during := map[*Socket]int{}
	for _, n := range []*Namespace{r.io.Namespace, r.io.Of("/a")} {
		n.OnConnect(func(s *Socket) error { s.Join("r1", "r2"); return nil })
		n.OnDisconnecting(func(s *Socket, _ Reason) {
			mu.Lock()
			defer mu.Unlock()
			during[s] = len(s.Rooms())
		})
		n.OnDisconnect(func(s *Socket, why Reason) {
			mu.Lock()
			defer mu.Unlock()
			ends = append(ends, end{s.Namespace().Name(), why, during[s]})
			if s.Rooms() != nil || s.Context().Err() == nil || s.Connected() {
				t.Error("not gone in OnDisconnect")
			}
			if err := s.Emit("late"); !errors.Is(err, ErrDisconnected) {
				t.Errorf("Emit after the end: %v", err)
			}
			s.Join("late")
		})
		n.On("leave", func(e *Event) error {
			s := e.Socket()
			_ = s.Emit("last")
			s.Disconnect(false)
			if err := s.Emit("never"); !errors.Is(err, ErrDisconnected) {
				t.Errorf("Emit after Disconnect: %v", err)
			}
			return nil
		})
		n.On("kick", func(e *Event) error { e.Socket().Disconnect(true); return nil })
		n.On("close", func(e *Event) error { e.Socket().CloseConnection(); return nil })
		n.On("cut", func(e *Event) error { e.Socket().Terminate(); return nil })
	}
	both := func() *rigClient {
		c := r.dial(0)
		c.send("40", "40/a")
		r.settle()
		c.read()
		return c
	}
	for _, c := range []struct {
		name string
		do   func(c *rigClient)
		wire []string
		want []end
	}{
		{"client", func(c *rigClient) { c.send("41/a") }, nil, []end{{"/a", ReasonClientDisconnect, 3}}},
		{"server", func(c *rigClient) { c.send(`42/a,["leave"]`) }, []string{`42/a,["last"]`, "41/a,"},
			[]end{{"/a", ReasonServerDisconnect, 3}}},
		{"kick", func(c *rigClient) { c.send(`42["kick"]`) }, []string{"41", "41/a,", "close"},
			[]end{{"/", ReasonServerDisconnect, 3}, {"/a", ReasonServerDisconnect, 3}}},
		{"close", func(c *rigClient) { c.send(`42["close"]`) }, []string{"close"},
			[]end{{"/", ReasonForced, 3}, {"/a", ReasonForced, 3}}},
		{"cut", func(c *rigClient) { c.send(`42["cut"]`) }, nil,
			[]end{{"/", ReasonTransportClose, 3}, {"/a", ReasonTransportClose, 3}}},
		{"hang up", func(c *rigClient) { c.hangUp() }, nil,
			[]end{{"/", ReasonTransportClose, 3}, {"/a", ReasonTransportClose, 3}}},
		{"bad packet", func(c *rigClient) { c.send("42{}") }, []string{"close"},
			[]end{{"/", ReasonForced, 3}, {"/a", ReasonForced, 3}}},
	} {
		ends = nil
		cl := both()
		c.do(cl)
		cl.expect(c.wire...)
		slices.SortFunc(ends, func(a, b end) int { return len(a.nsp) - len(b.nsp) }) // two workers
		if !slices.Equal(ends, c.want) {
			t.Errorf("%s: %v, want %v", c.name, ends, c.want)
		}
		if !cl.closed {
			cl.hangUp()
		}
	}
	if st := r.io.Stats(); st.Sockets != 0 || st.Clients != 0 {
		t.Errorf("left over: %+v", st)
	}
}

func TestDynamic(t *testing.T) {
	r := newRig(t, 2, &Options{CleanupEmpty: true})
	var made []string
	r.io.OnNamespace(func(n *Namespace) { made = append(made, n.Name()) })
	fn := r.io.OfFunc(func(name string, h *Handshake) bool {
		var auth struct{ Allow string }
		return h.Bind(&auth) == nil && auth.Allow == "yes" && len(name) > 4 && name[:4] == "/fn-"
	})
	fn.OnConnect(func(s *Socket) error { return s.Emit("fn", s.Namespace().Name()) })
	dyn := r.io.OfPattern(regexp.MustCompile(`^/dyn-\d+$`))
	dyn.Use(func(s *Socket) error { s.Join("room"); return nil })
	a, b := r.dial(0), r.dial(1)
	a.send(`40/dyn-1,`)
	a.expect(`40/dyn-1,{"sid":"SID"}`)
	b.send(`40/dyn-2,`)
	b.expect(`40/dyn-2,{"sid":"SID"}`)
	b.send(`40/dyn-x,`, `40/fn-1,`)
	r.settle()
	got := b.read()
	slices.Sort(got) // two workers
	if !slices.Equal(got, []string{`44/dyn-x,{"message":"Invalid namespace"}`, `44/fn-1,{"message":"Invalid namespace"}`}) {
		t.Errorf("got %q", got)
	}
	b.send(`40/fn-1,{"allow":"yes"}`)
	b.expect(`40/fn-1,{"sid":"SID"}`, `42/fn-1,["fn","/fn-1"]`)

	if err := dyn.To("room").Emit("all", 1); err != nil {
		t.Fatal(err)
	}
	a.expect(`42/dyn-1,["all",1]`)
	b.expect(`42/dyn-2,["all",1]`)
	_ = dyn.Emit("every")
	a.expect(`42/dyn-1,["every"]`)
	b.expect(`42/dyn-2,["every"]`)
	if dyn.Len() != 2 || len(r.io.Namespaces()) != 4 {
		t.Errorf("%d sockets, %d namespaces", dyn.Len(), len(r.io.Namespaces()))
	}
	r.off(func() {
		for _, err := range dyn.Sockets(t.Context()) {
			if !errors.Is(err, ErrParent) {
				t.Errorf("Sockets of a parent: %v", err)
			}
		}
	})
	if n := r.io.Of("/dyn-3"); n.parent != dyn {
		t.Error("Of does not make a child of the pattern")
	}
	a.send("41/dyn-1")
	b.hangUp()
	if n := len(r.io.Namespaces()); n != 2 { // "/" and /dyn-3, which nobody has joined
		t.Errorf("%d namespaces after cleanup", n)
	}
	a.send(`40/dyn-1,`)
	a.expect(`40/dyn-1,{"sid":"SID"}`)
	if !slices.Equal(made, []string{"/dyn-1", "/dyn-2", "/fn-1", "/dyn-3", "/dyn-1"}) {
		t.Errorf("made %q", made)
	}
}

// TestMaxEmpty bounds the names that clients leave behind, but for those that
// the program has made.
func TestMaxEmpty(t *testing.T) {
	r := newRig(t, 1, &Options{MaxEmpty: 3})
	dyn := r.io.OfPattern(regexp.MustCompile(`^/dyn-\d+$`))
	dyn.Use(func(s *Socket) error {
		if s.Namespace().Name() == "/dyn-7" {
			return errors.New("no")
		}
		return nil
	})
	r.io.Of("/dyn-9")
	c := r.dial(0)
	for i := range 10 {
		c.send(fmt.Sprintf("40/dyn-%d,", i))
		r.settle()
		c.send(fmt.Sprintf("41/dyn-%d,", i))
		r.settle()
		if n := r.io.empty.Load(); n > 3 {
			t.Fatalf("%d are empty", n)
		}
	}
	var names []string
	for _, n := range r.io.Namespaces() {
		names = append(names, n.Name())
	}
	slices.Sort(names)
	if want := []string{"/", "/dyn-0", "/dyn-1", "/dyn-9"}; !slices.Equal(names, want) {
		t.Errorf("left: %q, want %q", names, want)
	}
	d := r.dial(0)
	d.send("40/dyn-0,", "40/dyn-5,")
	r.settle()
	if n := len(r.io.Namespaces()); n != 5 || r.io.empty.Load() != 2 {
		t.Errorf("%d namespaces, %d of them empty", n, r.io.empty.Load())
	}
	d.hangUp()
	if n := r.io.empty.Load(); n != 3 {
		t.Errorf("%d are empty", n)
	}
}

// TestDynamicRefused holds that a child is removed also when its only client
// was refused by a middleware.
func TestDynamicRefused(t *testing.T) {
	r := newRig(t, 1, &Options{CleanupEmpty: true})
	dyn := r.io.OfPattern(regexp.MustCompile(`^/d`))
	dyn.Use(func(*Socket) error { return errors.New("no") })
	c := r.dial(0)
	c.send("40/d1")
	c.expect(`44/d1,{"message":"no"}`)
	if n := len(r.io.Namespaces()); n != 1 {
		t.Errorf("%d namespaces", n)
	}
}

// TestDynamicRace has many clients ask for the same name at the same time: one
// child is made (#4136 of the reference).
func TestDynamicRace(t *testing.T) {
	r := newRig(t, 2, nil)
	var mu sync.Mutex
	made := 0
	r.io.OnNamespace(func(*Namespace) { mu.Lock(); made++; mu.Unlock() })
	r.io.OfFunc(func(string, *Handshake) bool { time.Sleep(time.Millisecond); return true })
	var clients []*rigClient
	for i := range 20 {
		c := r.dial(i % 2)
		c.send("40/same")
		clients = append(clients, c)
	}
	r.settle()
	for _, c := range clients {
		c.expect(`40/same,{"sid":"SID"}`)
	}
	if made != 1 || r.io.Of("/same").Len() != 20 {
		t.Errorf("%d made, %d sockets", made, r.io.Of("/same").Len())
	}
}

func TestRegistration(t *testing.T) {
	r := newRig(t, 1, nil)
	var order []string
	note := func(s string) func(Handler) Handler {
		return func(next Handler) Handler {
			return func(e *Event) error { order = append(order, s); return next(e) }
		}
	}
	var failed []string
	r.io.OnError(func(_ *Socket, event string, err error) { failed = append(failed, event+": "+err.Error()) })
	r.io.On("e", func(*Event) error { order = append(order, "e"); return nil })
	r.io.UseEvent(note("outer"))
	r.io.UseEvent(note("inner"))
	r.io.UsePacket(func(e *Event) error {
		order = append(order, "packet")
		if e.Name() == "blocked" {
			_ = e.Socket().Emit("mw-error", "blocked by middleware")
			return errors.New("blocked by middleware")
		}
		return nil
	})
	r.io.OnAny(func(e *Event) error { order = append(order, "any"); return nil })
	r.io.On("blocked", func(*Event) error { t.Error("not blocked"); return nil })
	r.io.On("panics", func(*Event) error { panic("boom") })
	r.io.Inline().On("inline-panics", func(*Event) error { panic("boom") })
	r.io.OnConnect(func(s *Socket) error {
		s.On("own", func(e *Event) error { return e.Ack("own") })
		s.On("e", func(*Event) error { order = append(order, "own e"); return nil })
		return nil
	})
	c := r.join(0)
	for _, s := range []struct {
		send  string
		order []string
		wire  []string
	}{
		{`42["e"]`, []string{"any", "packet", "outer", "inner", "e", "own e"}, nil},
		{`42["unknown"]`, []string{"any", "packet", "outer", "inner"}, nil},
		{`42["blocked"]`, []string{"any", "packet"}, []string{`42["mw-error","blocked by middleware"]`}},
		{`423["own"]`, []string{"any", "packet", "outer", "inner"}, []string{`433["own"]`}},
		{`42["panics"]`, []string{"any", "packet", "outer", "inner"}, nil},
		{`42["inline-panics"]`, []string{"any", "packet", "outer", "inner"}, nil},
	} {
		order = nil
		c.send(s.send)
		c.expect(s.wire...)
		if !slices.Equal(order, s.order) {
			t.Errorf("%s: order %q, want %q", s.send, order, s.order)
		}
	}
	want := []string{"blocked: blocked by middleware", "panics: sio: panic in handler: boom", "inline-panics: sio: panic in handler: boom"}
	if !slices.Equal(failed, want) {
		t.Errorf("errors %q", failed)
	}
	if r.io.Stats().Panics != 2 {
		t.Errorf("%d panics counted", r.io.Stats().Panics)
	}
	for name, f := range map[string]func(){
		"twice":    func() { r.io.On("e", func(*Event) error { return nil }) },
		"reserved": func() { r.io.On("disconnect", func(*Event) error { return nil }) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			f()
		}()
	}
}

// TestOutgoing holds what OnAnyOutgoing hears: emits and broadcasts, not acks.
func TestOutgoing(t *testing.T) {
	r := newRig(t, 1, nil)
	var heard []string
	r.io.OnAnyOutgoing(func(s *Socket, event string, args []byte) { heard = append(heard, event+" "+string(args)) })
	r.io.On("x", func(e *Event) error {
		_ = e.Ack("acked")
		_ = e.Socket().Emit("emit", 1)
		return r.io.Emit("all", "two")
	})
	c := r.join(0)
	c.send(`421["x"]`)
	c.expect(`431["acked"]`, `42["emit",1]`, `42["all","two"]`)
	if !slices.Equal(heard, []string{"emit 1", `all "two"`}) {
		t.Errorf("heard %q", heard)
	}
}
