package sio

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var (
	pidPattern    = regexp.MustCompile(`"pid":"([-_0-9A-Za-z]{20})"`)
	offsetPattern = regexp.MustCompile(`[\[,]"([-_0-9A-Za-z]{3}\.[0-9a-z]+)"\]$`)
)

// returner is a client that can come back, as the official one does.
type returner struct {
	*rigClient
	pid, offset string
	events      []string // what came, without offsets; CONNECT as "40"
}

// come connects with what is known of the last connection.
func (r *rig) come(loop int, known *returner) *returner {
	r.t.Helper()
	c := &returner{rigClient: r.dial(loop)}
	auth := ""
	if known != nil && known.pid != "" && known.offset != "" {
		auth = fmt.Sprintf(`{"pid":%q,"offset":%q,"token":"t"}`, known.pid, known.offset)
		c.pid, c.offset = known.pid, known.offset
	}
	c.send("40" + auth)
	return c
}

// take reads what came.
func (c *returner) take() []string {
	for _, g := range c.read() {
		switch {
		case strings.HasPrefix(g, `40{"sid"`):
			c.sid, c.pid = sidPattern.FindStringSubmatch(g)[1], pidPattern.FindStringSubmatch(g)[1]
			g = "40"
		default:
			if m := offsetPattern.FindStringSubmatchIndex(g); m != nil {
				c.offset = g[m[2]:m[3]]
				g = strings.TrimSuffix(g[:m[2]-2], ",") + "]"
			}
		}
		c.events = append(c.events, g)
	}
	return c.events
}

func (c *returner) wants(want ...string) {
	c.r.t.Helper()
	c.r.settle()
	if got := c.take(); !slices.Equal(got, want) {
		c.r.t.Fatalf("got %q, want %q", got, want)
	}
	c.events = nil
}

func recoveryRig(t *testing.T, loops int, rec Recovery) *rig {
	return newRig(t, loops, &Options{Recovery: &rec, ConnectTimeout: -1, PingInterval: time.Hour})
}

// theSockets notes the sockets of the rig by their ids, the last of each.
func (r *rig) theSockets() func(id string) *Socket {
	var sockets sync.Map
	r.io.OnConnect(func(s *Socket) error { sockets.Store(s.ID(), s); return nil })
	return func(id string) *Socket {
		s, ok := sockets.Load(id)
		if !ok {
			r.t.Helper()
			r.t.Fatalf("no socket %q", id)
		}
		return s.(*Socket)
	}
}

// The sample of WIRE 12.
func TestRecoveryWire(t *testing.T) {
	r := recoveryRig(t, 2, Recovery{})
	c := r.come(0, nil)
	r.settle()
	got := c.read()
	if len(got) != 1 || !regexp.MustCompile(`^40\{"sid":"[-_0-9A-Za-z]{20}","pid":"[-_0-9A-Za-z]{20}"\}$`).MatchString(got[0]) {
		t.Fatalf("got %q", got)
	}
	tag := r.io.store.tag
	_ = r.io.Emit("a", 1)
	_ = r.io.Emit("b", []byte{1})
	_ = r.io.Volatile().Emit("volatile")
	_ = r.io.Timeout(time.Second).Acks(t.Context(), "withack")
	_ = r.io.Emit("noargs")
	c.expect(`42["a",1,"`+tag+`1"]`, `451-["b",{"_placeholder":true,"num":0},"`+tag+`2"]`, "bin:\x01",
		`42["volatile"]`, `420["withack"]`, `42["noargs","`+tag+`3"]`)
}

func TestRecovery(t *testing.T) {
	r := recoveryRig(t, 2, Recovery{})
	user := NewKey[string]("user")
	var back, fresh int
	r.io.Use(func(s *Socket) error {
		if s.Recovered() {
			t.Error("a middleware ran for a socket that was recovered")
		}
		return nil
	})
	socketOf := r.theSockets()
	r.io.OnConnect(func(s *Socket) error {
		if s.Recovered() {
			back++
		} else {
			fresh++
			s.Join("room", "other")
			user.Set(s, "root")
		}
		return s.Emit("hello")
	})
	c := r.come(0, nil)
	c.wants("40", `42["hello"]`)
	other := r.come(1, nil)
	other.wants("40", `42["hello"]`)
	old, first := socketOf(c.sid), c.sid
	_ = r.io.Emit("seen")
	c.wants(`42["seen"]`)
	_ = r.io.Emit("lost on the way") // the client never says that it has it
	r.settle()
	c.hangUp()

	_ = r.io.Emit("all", 1)
	_ = r.io.To("room").Emit("to the room")
	_ = r.io.To("elsewhere").Emit("not for it")
	_ = r.io.Except("other").Emit("nor this")
	_ = r.io.Volatile().Emit("nor volatile")
	_ = r.io.To(first).Emit("to its id")
	if err := old.Emit("to the socket itself", []byte{7}); err != nil {
		t.Errorf("emit to a socket that may come back: %v", err)
	}
	if err := old.EmitAck("ack", func(*Event, error) {}); !errors.Is(err, ErrDisconnected) {
		t.Errorf("an ack that cannot come: %v", err)
	}
	_ = socketOf(other.sid).To("room").Except("nobody").Emit("from another")
	r.settle()

	d := r.come(1, c)
	d.wants(`42["lost on the way"]`, `42["all",1]`, `42["to the room"]`, `42["to its id"]`,
		`451-["to the socket itself",{"_placeholder":true,"num":0}]`, "bin:\x07", `42["from another"]`, "40", `42["hello"]`)
	if d.sid != first || d.pid != c.pid || back != 1 || fresh != 2 {
		t.Errorf("sid %q then %q, back %d, fresh %d", first, d.sid, back, fresh)
	}
	s := socketOf(d.sid)
	rooms := s.Rooms()
	slices.Sort(rooms[1:])
	if v, _ := user.Get(s); v != "root" || !slices.Equal(rooms, []string{first, "other", "room"}) {
		t.Errorf("rooms %q, data %q", rooms, v)
	}
	// Its id still is a room, for sending and for leaving out.
	_ = r.io.To(first).Emit("id")
	_ = r.io.To("room").Emit("room")
	_ = r.io.Except(first).Emit("others")
	s.Leave(first)
	r.io.To("room").Join("third")
	s.Leave("other")
	_ = r.io.To(first).To("third").Emit("again")
	d.wants(`42["id"]`, `42["room"]`, `42["again"]`)
	if got := s.Rooms(); len(got) != 3 || slices.Contains(got[1:], first) {
		t.Errorf("rooms %q", got)
	}

	// A session is used up: the same claim again gives a new socket.
	e := r.come(0, c)
	e.wants("40", `42["hello"]`)
	if e.sid == first || e.pid == c.pid {
		t.Error("claimed twice")
	}
	if st := r.io.Stats().Recovery; st.Recovered != 1 || st.Failed != 1 || st.Sessions != 0 || st.Events == 0 {
		t.Errorf("%+v", st)
	}
}

func TestRecoveryRefused(t *testing.T) {
	for _, test := range []struct {
		name string
		auth func(c *returner) string
	}{
		{"another pid", func(c *returner) string { return `{"pid":"AAAAAAAAAAAAAAAAAAAA","offset":"` + c.offset + `"}` }},
		{"no offset", func(c *returner) string { return `{"pid":"` + c.pid + `"}` }},
		{"offset of another kind", func(c *returner) string { return `{"pid":"` + c.pid + `","offset":1}` }},
		{"an event's last string", func(c *returner) string { return `{"pid":"` + c.pid + `","offset":"hello"}` }},
		{"an offset to come", func(c *returner) string { return `{"pid":"` + c.pid + `","offset":"` + c.offset + `0"}` }},
		{"a negative offset", func(c *returner) string { return `{"pid":"` + c.pid + `","offset":"` + c.offset[:4] + `-1"}` }},
		{"an endless offset", func(c *returner) string {
			return `{"pid":"` + c.pid + `","offset":"` + c.offset[:4] + strings.Repeat("9", 4000) + `"}`
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := recoveryRig(t, 1, Recovery{})
			c := r.come(0, nil)
			r.settle()
			_ = r.io.Emit("x")
			c.wants("40", `42["x"]`)
			c.hangUp()
			d := &returner{rigClient: r.dial(0)}
			d.send("40" + test.auth(c))
			d.wants("40")
			if d.sid == c.sid || d.pid == c.pid {
				t.Error("it was recovered")
			}
		})
	}
}

func TestRecoveryReasons(t *testing.T) {
	for _, test := range []struct {
		name string
		end  func(r *rig, c *returner)
		back bool
	}{
		{"transport close", func(_ *rig, c *returner) { c.hangUp() }, true},
		{"a bad packet: forced close", func(_ *rig, c *returner) { c.send("4x") }, true},
		{"ping timeout", func(r *rig, c *returner) { r.pass(time.Hour + time.Minute) }, true},
		{"transport error", func(_ *rig, c *returner) { c.feed([]byte("\x81\x01a")) }, true},
		{"client namespace disconnect", func(_ *rig, c *returner) { c.send("41"); c.hangUp() }, false},
		{"server namespace disconnect", func(r *rig, c *returner) { r.io.Disconnect(false); r.settle(); c.hangUp() }, false},
		{"parse error", func(_ *rig, c *returner) { c.feed(frame(1, []byte("x"))) }, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := recoveryRig(t, 1, Recovery{MaxDisconnection: time.Hour})
			c := r.come(0, nil)
			r.settle()
			_ = r.io.Emit("x")
			c.wants("40", `42["x"]`)
			test.end(r, c)
			r.settle()
			d := r.come(0, c)
			d.wants("40")
			if (d.sid == c.sid) != test.back {
				t.Errorf("recovered: %v", d.sid == c.sid)
			}
		})
	}
}

func TestRecoveryMiddlewares(t *testing.T) {
	r := recoveryRig(t, 1, Recovery{Middlewares: true})
	refuse, seen := false, 0
	r.io.Use(func(s *Socket) error {
		if s.Recovered() {
			seen++
			_ = r.io.To("room").Emit("while it waits")
		}
		if refuse {
			return errors.New("no")
		}
		return nil
	})
	r.io.OnConnect(func(s *Socket) error { s.Join("room"); return s.Emit("x") })
	c := r.come(0, nil)
	c.wants("40", `42["x"]`)
	c.hangUp()
	d := r.come(0, c)
	d.wants(`42["while it waits"]`, "40", `42["x"]`)
	d.hangUp()
	refuse = true
	e := r.come(0, d)
	e.wants(`44{"message":"no"}`)
	refuse = false
	e.send(fmt.Sprintf(`40{"pid":%q,"offset":%q}`, d.pid, d.offset))
	e.wants("40", `42["x"]`)
	if seen != 2 || e.sid == d.sid {
		t.Errorf("%d middlewares saw a recovered socket; %q after %q", seen, e.sid, d.sid)
	}
}

func TestRecoveryExpires(t *testing.T) {
	var lost []*LostSocket
	r := recoveryRig(t, 1, Recovery{MaxDisconnection: time.Second, MaxSessions: 2,
		OnExpired: func(l *LostSocket) { lost = append(lost, l); panic("no matter") }})
	r.io.OnConnect(func(s *Socket) error { s.Join("room"); s.Data().Set("k", 1); return s.Emit("x") })
	var gone []*returner
	for range 3 {
		c := r.come(0, nil)
		c.wants("40", `42["x"]`)
		c.hangUp()
		gone = append(gone, c)
	}
	if len(lost) != 1 || lost[0].ID != gone[0].sid {
		t.Fatalf("three are waited for: %v", lost)
	}
	r.pass(900 * time.Millisecond)
	d := r.come(0, gone[1])
	d.wants("40", `42["x"]`)
	r.pass(200 * time.Millisecond)
	late := r.come(0, gone[2])
	late.wants("40", `42["x"]`)
	if d.sid != gone[1].sid || late.sid == gone[2].sid {
		t.Error("want the second in time, the third too late")
	}
	if len(lost) != 2 || lost[1].ID != gone[2].sid || lost[1].Data["k"] != 1 || !slices.Equal(lost[1].Rooms, []string{"room"}) {
		t.Errorf("%+v", lost)
	}
	if st := r.io.Stats().Recovery; st.Expired != 1 || st.SessionsDropped != 1 || st.Recovered != 1 {
		t.Errorf("%+v", st)
	}
}

func TestRecoveryBounds(t *testing.T) {
	for _, rec := range []Recovery{{MaxEvents: 10}, {MaxBytes: 10 * 19}} {
		r := recoveryRig(t, 1, rec)
		c := r.come(0, nil)
		r.settle()
		_ = r.io.Emit("n", 0)
		c.wants("40", `42["n",0]`)
		d := r.come(0, nil)
		d.wants("40")
		_ = r.io.Emit("n", 1)
		c.wants(`42["n",1]`)
		d.wants(`42["n",1]`)
		c.hangUp()
		for i := range 10 {
			_ = r.io.Emit("n", i)
			if i == 6 {
				d.r.settle()
				d.take()
				d.events = nil
				d.hangUp()
			}
		}
		r.settle()
		st := r.io.Stats().Recovery
		if st.Events > 10 || st.EventsDropped == 0 {
			t.Errorf("%+v", st)
		}
		d = r.come(0, d)
		d.wants(`42["n",7]`, `42["n",8]`, `42["n",9]`, "40")
	}
	t.Run("more than the backlog", func(t *testing.T) {
		r := newRig(t, 1, &Options{Recovery: &Recovery{}, MaxBacklog: 1000})
		c := r.come(0, nil)
		r.settle()
		_ = r.io.Emit("x")
		c.wants("40", `42["x"]`)
		c.hangUp()
		_ = r.io.Emit("x", strings.Repeat("x", 2000))
		r.settle()
		d := r.come(0, c)
		d.wants("40")
		if d.sid == c.sid {
			t.Error("recovered with less than it has missed")
		}
	})
}

// Events are emitted from several goroutines while a client loses its
// connection again and again and comes back on one loop or another: it has each
// event of each goroutine once and in order.
func TestRecoveryLosesNothing(t *testing.T) {
	r := recoveryRig(t, 3, Recovery{})
	r.io.OnConnect(func(s *Socket) error {
		if !s.Recovered() {
			s.Join("room")
		}
		return nil
	})
	const writers, each = 3, 400
	c := r.come(0, nil)
	r.settle()
	_ = r.io.Emit("begin") // an offset
	c.wants("40", `42["begin"]`)
	first := c.sid
	turns := make(chan struct{}) // so that they take as long as the client returns
	var wg sync.WaitGroup
	for w := range writers {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := range each {
				if i%2 == 0 {
					_ = r.io.To("room").Emit("n", w, i)
				} else {
					_ = r.io.Emit("n", w, i)
				}
				if i%4 == 0 {
					<-turns
				}
			}
		}()
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	var got []string
	returns := 0
	collect := func() { got = append(got, c.take()...); c.events = nil }
	for running := true; running; {
		select {
		case <-done:
			running = false
		default:
		}
		for range rand.IntN(20) {
			select {
			case turns <- struct{}{}:
			default:
			}
			r.round()
		}
		// What is still in the kernel or in the inbox is lost with the connection.
		if rand.IntN(2) == 0 {
			collect()
		}
		c.closed = true
		c.peer.Closed(nil)
		for range rand.IntN(5) {
			r.round()
		}
		c = r.come(rand.IntN(3), c)
		r.until(func() bool { collect(); return slices.Contains(got, "40") })
		got = slices.DeleteFunc(got, func(s string) bool { return s == "40" })
		returns++
	}
	r.settle()
	collect()
	if c.sid != first {
		t.Fatalf("came back as another after %d returns", returns)
	}
	next := [writers]int{}
	for _, g := range got {
		var w, i int
		if _, err := fmt.Sscanf(g, `42["n",%d,%d]`, &w, &i); err != nil {
			t.Fatalf("%q: %v", g, err)
		}
		if i != next[w] {
			t.Fatalf("goroutine %d: event %d where %d is due (%d returns)", w, i, next[w], returns)
		}
		next[w]++
	}
	if next != [writers]int{each, each, each} || returns < 5 {
		t.Errorf("got %v events, %d returns", next, returns)
	}
}
