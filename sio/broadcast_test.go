package sio

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestBroadcastModel plays random joins, leaves, broadcasts, disconnects and
// connects from one goroutine, over several loops, and holds what every client
// got against a naive model that does the same at once: the order of one
// goroutine's calls is the order of their effects.
func TestBroadcastModel(t *testing.T) {
	for seed := range 20 {
		t.Run(strconv.Itoa(seed), func(t *testing.T) { playModel(t, rand.New(rand.NewPCG(uint64(seed), 1))) })
	}
}

type modelSocket struct {
	c     *rigClient
	s     *Socket
	rooms map[string]bool
	want  []string
}

func playModel(t *testing.T, rnd *rand.Rand) {
	r := newRig(t, 3, nil)
	var fresh *Socket
	r.io.OnConnect(func(s *Socket) error { fresh = s; return nil })
	var live []*modelSocket
	names := []string{"a", "b", "c", "d", "e"}
	for i := range 400 {
		if len(live) < 2 || rnd.IntN(20) == 0 {
			c := r.join(rnd.IntN(3))
			live = append(live, &modelSocket{c: c, s: fresh, rooms: map[string]bool{fresh.ID(): true}})
		}
		m := live[rnd.IntN(len(live))]
		room := names[rnd.IntN(len(names))]
		switch rnd.IntN(8) {
		case 0, 1:
			m.s.Join(room)
			m.rooms[room] = true
		case 2:
			m.s.Leave(room)
			delete(m.rooms, room)
		case 3: // the whole selection moves
			b, hit := pick(rnd, r.io, live, names)
			if rnd.IntN(2) == 0 {
				b.Join(room)
				for _, m := range hit {
					m.rooms[room] = true
				}
			} else {
				b.Leave(room)
				for _, m := range hit {
					delete(m.rooms, room)
				}
			}
		case 4:
			_ = m.s.Emit("one", i)
			m.want = append(m.want, fmt.Sprintf(`42["one",%d]`, i))
		case 5:
			if rnd.IntN(4) == 0 {
				m.s.Disconnect(false)
				m.want = append(m.want, "41")
				live = slices.DeleteFunc(live, func(x *modelSocket) bool { return x == m })
				m.c.expect(m.want...)
			}
		case 6:
			r.settle() // now and then the loops catch up
		default:
			b, hit := pick(rnd, r.io, live, names)
			if err := b.Emit("many", i); err != nil {
				t.Fatal(err)
			}
			for _, m := range hit {
				m.want = append(m.want, fmt.Sprintf(`42["many",%d]`, i))
			}
		}
	}
	for _, m := range live {
		m.c.expect(m.want...)
		got := m.s.Rooms()
		if len(got) != len(m.rooms) {
			t.Errorf("rooms %q, want %v", got, m.rooms)
		}
		for _, n := range got {
			if !m.rooms[n] || !m.s.In(n) {
				t.Errorf("rooms %q, want %v", got, m.rooms)
			}
		}
	}
}

// pick gives a random selection and whom it means.
func pick(rnd *rand.Rand, io *Server, live []*modelSocket, names []string) (b Broadcast, hit []*modelSocket) {
	b = io.all()
	var from *Socket
	if rnd.IntN(3) == 0 {
		from = live[rnd.IntN(len(live))].s
		b = from.Broadcast()
	}
	name := func() string {
		if rnd.IntN(4) == 0 {
			return live[rnd.IntN(len(live))].s.ID()
		}
		return names[rnd.IntN(len(names))]
	}
	var in, out []string
	for range rnd.IntN(6) {
		in = append(in, name())
		b = b.To(in[len(in)-1])
	}
	for range rnd.IntN(5) {
		out = append(out, name())
		b = b.Except(out[len(out)-1])
	}
	for _, m := range live {
		has := func(n string) bool { return m.rooms[n] }
		if m.s != from && (len(in) == 0 || slices.ContainsFunc(in, has)) && !slices.ContainsFunc(out, has) {
			hit = append(hit, m)
		}
	}
	return b, hit
}

// TestChunks holds that a broadcast of several chunks reaches each socket once,
// while clients leave and join between the chunks, and that nothing posted
// behind it overtakes it.
func TestChunks(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Inline().On("in", func(e *Event) error { e.Socket().Join("room"); return nil })
	var clients []*rigClient
	for range 3*chunk + 100 {
		c := r.dial(0)
		c.send("40", `42["in"]`)
		c.read()
		clients = append(clients, c)
	}
	r.settle()
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, b := range []Broadcast{r.io.To("room"), r.io.all(), r.io.To("room").To("other")} {
		_ = b.Emit("big")
		_ = r.io.Emit("behind")
		for r.round() { // a chunk at a time
			for range 50 {
				i := rnd.IntN(len(clients))
				clients[i].closed = true
				clients[i].peer.Closed(nil)
				clients = slices.Delete(clients, i, i+1)
			}
		}
		r.settle()
		for _, c := range clients {
			if got := c.read(); !slices.Equal(got, []string{`42["big"]`, `42["behind"]`}) {
				t.Fatalf("got %q", got)
			}
		}
	}
	if n := r.io.Len(); n != len(clients) {
		t.Errorf("%d sockets, want %d", n, len(clients))
	}
	for _, c := range clients {
		c.hangUp()
	}
	if l := r.io.Namespace.on(r.io.each()[0]); len(l.rooms) != 0 || len(l.slots) != 0 {
		t.Errorf("%d rooms, %d slots left", len(l.rooms), len(l.slots))
	}
}

func TestVolatile(t *testing.T) {
	r := newRig(t, 1, nil)
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	drained := 0
	r.io.OnDrain(func(*Socket) { drained++ })
	c := r.join(0)
	_ = s.Volatile().Emit("v1")
	_ = s.Emit("v2")
	c.expect(`42["v1"]`, `42["v2"]`)
	c.full = true
	_ = s.Emit("kept")
	r.settle()
	_ = s.Volatile().Emit("lost")
	_ = r.io.Volatile().Emit("lost")
	_ = s.Compress(false).Volatile().EmitRaw("lost", nil)
	r.settle()
	c.full = false
	c.peer.Writable()
	c.expect(`42["kept"]`)
	if drained != 1 {
		t.Errorf("drained %d times", drained)
	}
	if st := r.io.Stats(); st.Dropped != 1 {
		t.Errorf("stats: %+v", st)
	}
}

// TestBacklog holds that a client that does not read is closed as slow, and
// nobody else notices.
func TestBacklog(t *testing.T) {
	r := newRig(t, 1, &Options{MaxBacklog: 1000})
	var why Reason
	r.io.OnDisconnect(func(_ *Socket, w Reason) { why = w })
	slow, other := r.join(0), r.join(0)
	slow.full = true
	for range 3 {
		_ = r.io.Emit("x", string(make([]byte, 200)))
		r.settle()
	}
	if why != ReasonSlow || r.io.Len() != 1 {
		t.Errorf("reason %q, %d sockets", why, r.io.Len())
	}
	if n := len(other.read()); n != 3 {
		t.Errorf("the other got %d", n)
	}
}

func TestSockets(t *testing.T) {
	r := newRig(t, 2, nil)
	user := NewKey[string]("user")
	r.io.OnConnect(func(s *Socket) error {
		user.Set(s, "u"+s.Handshake().Query("x"))
		s.Join("room")
		return nil
	})
	a, b := r.join(0), r.join(1)
	var found []RemoteSocket
	r.off(func() {
		for s, err := range r.io.In("room").Except(b.sid).Sockets(t.Context()) {
			if err != nil {
				t.Error(err)
			}
			found = append(found, s)
		}
	})
	if len(found) != 1 || found[0].ID != a.sid || !slices.Equal(found[0].Rooms, []string{a.sid, "room"}) ||
		found[0].Data["user"] != "u1" || found[0].Handshake.Header("X-Custom") != "cu" || found[0].Handshake.Address() != "192.0.2.7" {
		t.Fatalf("found %+v", found)
	}
	_ = found[0].Emit("hi")
	found[0].Join("more")
	_ = r.io.To("more").Emit("more")
	found[0].Leave("more", "room")
	_ = r.io.To("more").To("room").Emit("left")
	found[0].Disconnect(true)
	a.expect(`42["hi"]`, `42["more"]`, "41", "close")
	b.expect(`42["left"]`)

	r.io.Inline().On("wait", func(e *Event) error {
		for _, err := range r.io.Sockets(t.Context()) {
			return err
		}
		return nil
	})
	var got error
	r.io.OnError(func(_ *Socket, _ string, err error) { got = err })
	b.send(`42["wait"]`)
	r.settle()
	if got != ErrOnLoop {
		t.Errorf("waiting on the loop: %v", got)
	}
}

func TestMaxRooms(t *testing.T) {
	r := newRig(t, 1, &Options{MaxRooms: 3})
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	var errs []error
	r.io.OnError(func(_ *Socket, _ string, err error) { errs = append(errs, err) })
	c := r.join(0)
	s.Join("a", "b", "a", c.sid, "c", "d")
	r.io.Join("e")
	r.io.Join("a") // which it is in
	r.settle()
	if len(s.Rooms()) != 4 || len(errs) != 2 || errs[0] != ErrTooManyRooms {
		t.Errorf("rooms %q, errors %v", s.Rooms(), errs)
	}
	for i := range 3 {
		s.Leave(string(rune('a' + i)))
	}
	r.settle()
	if len(s.Rooms()) != 1 {
		t.Errorf("rooms %q", s.Rooms())
	}
}

// TestMaxRoomNames bounds what a client can have the server keep by joining rooms
// of long names.
func TestMaxRoomNames(t *testing.T) {
	r := newRig(t, 1, nil)
	failed := 0
	r.io.OnError(func(_ *Socket, _ string, err error) {
		if errors.Is(err, ErrTooManyRooms) {
			failed++
		}
	})
	s := r.socket(r.join(0))
	long := func(i int) string { return strings.Repeat("x", 300<<10) + strconv.Itoa(i) }
	for i := range 5 {
		s.Join(long(i))
	}
	s.Join("short")
	r.io.Join(long(9))
	r.settle()
	if len(s.Rooms()) != 5 || failed != 3 {
		t.Errorf("%d rooms, %d refused", len(s.Rooms()), failed)
	}
	s.Leave(long(0))
	r.io.Join(long(9))
	r.settle()
	if len(s.Rooms()) != 5 || !s.In(long(9)) {
		t.Errorf("%d rooms after one was left", len(s.Rooms()))
	}
}

// TestManyRooms goes past the size from which names are kept as a set too.
func TestManyRooms(t *testing.T) {
	r := newRig(t, 1, nil)
	var s *Socket
	r.io.OnConnect(func(x *Socket) error { s = x; return nil })
	c := r.join(0)
	for i := range 100 {
		s.Join(fmt.Sprint(i))
	}
	for i := range 90 {
		s.Leave(fmt.Sprint(i))
		s.Leave(fmt.Sprint(i))
	}
	_ = r.io.To("95").Emit("in")
	_ = r.io.To("5").Emit("out")
	c.expect(`42["in"]`)
	if len(s.Rooms()) != 11 || !s.In("99") || s.In("0") {
		t.Errorf("rooms %q", s.Rooms())
	}
}
