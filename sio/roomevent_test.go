package sio

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"testing"
)

// roomNotes notes what OnRoom tells, with letters for the sockets.
type roomNotes struct {
	names map[string]string
	list  []string
}

func (n *roomNotes) hear(e RoomEvent) {
	name := func(s string) string {
		if short, ok := n.names[s]; ok {
			return short
		}
		return s
	}
	s := e.Kind.String() + " " + name(e.Room)
	if e.Socket != nil {
		s += " " + name(e.Socket.ID())
	}
	n.list = append(n.list, s)
}

func (n *roomNotes) expect(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(n.list, want) {
		t.Errorf("heard %q, want %q", n.list, want)
	}
	n.list = nil
}

// TestRoomEvents holds the nine tests of the reference's adapter, over two
// loops: a room is created and deleted once, whichever loops its members are on,
// and nothing is told twice.
func TestRoomEvents(t *testing.T) {
	r := newRig(t, 2, nil)
	n := &roomNotes{names: map[string]string{}}
	r.io.OnRoom(n.hear)
	var sockets []*Socket
	r.io.OnConnect(func(s *Socket) error { sockets = append(sockets, s); return nil })
	a, b := r.join(0), r.join(1)
	n.expect(t, "create-room "+a.sid, "join-room "+a.sid+" "+a.sid, "create-room "+b.sid, "join-room "+b.sid+" "+b.sid)
	n.names[a.sid], n.names[b.sid] = "A", "B"

	sockets[0].Join("r1", "r1")
	r.settle()
	n.expect(t, "create-room r1", "join-room r1 A")
	sockets[0].Join("r1")
	sockets[1].Join("r1")
	r.settle()
	n.expect(t, "join-room r1 B")
	sockets[0].Leave("r1")
	sockets[0].Leave("r1")
	sockets[0].Leave("nowhere")
	r.settle()
	n.expect(t, "leave-room r1 A")
	sockets[1].Leave("r1")
	r.settle()
	n.expect(t, "leave-room r1 B", "delete-room r1")

	r.io.Join("all")
	r.settle()
	n.expect(t, "create-room all", "join-room all A", "join-room all B")
	a.hangUp()
	n.expect(t, "leave-room A A", "delete-room A", "leave-room all A")
	b.send("41")
	r.settle()
	n.expect(t, "leave-room B B", "delete-room B", "leave-room all B", "delete-room all")
	if len(r.io.rooms.holds) != 0 {
		t.Errorf("still held: %v", r.io.rooms.holds)
	}
}

// TestRoomEventsLate holds that a listener that comes late hears of no end
// without a beginning, that one that panics spoils nothing, and that children
// of a dynamic namespace tell their parent's listeners.
func TestRoomEventsLate(t *testing.T) {
	r := newRig(t, 1, nil)
	var first *Socket
	r.io.OnConnect(func(s *Socket) error {
		s.Join("old")
		if first == nil {
			first = s
		}
		return nil
	})
	a := r.join(0)
	n := &roomNotes{names: map[string]string{a.sid: "A"}}
	r.io.OnRoom(func(RoomEvent) { panic("boom") })
	r.io.OnRoom(n.hear)
	first.Leave("old")
	r.settle()
	n.expect(t, "leave-room old A")
	first.Join("old")
	r.settle()
	a.hangUp()
	n.expect(t, "create-room old", "join-room old A", "leave-room A A", "leave-room old A", "delete-room old")
	if r.io.Stats().Panics == 0 {
		t.Error("panics are not counted")
	}

	dyn := r.io.OfPattern(regexp.MustCompile("^/d"))
	dyn.OnRoom(func(e RoomEvent) { n.list = append(n.list, e.Namespace.Name()+" "+e.Kind.String()) })
	b := r.dial(0)
	b.send("40/d1")
	b.expect(`40/d1,{"sid":"SID"}`)
	n.expect(t, "/d1 create-room", "/d1 join-room")
}

// TestRooms holds the list of rooms, of all loops together.
func TestRooms(t *testing.T) {
	r := newRig(t, 2, nil)
	r.io.OnConnect(func(s *Socket) error { s.Join("all"); return nil })
	r.join(0)
	c := r.join(1)
	r.off(func() {
		r.io.To(c.sid).Join("one")
		rooms, err := r.io.Rooms(t.Context())
		if err != nil || !maps.Equal(rooms, map[string]int{"all": 2, "one": 1}) {
			t.Errorf("%v %v", rooms, err)
		}
	})
	c.hangUp()
	r.off(func() {
		rooms, err := r.io.Rooms(t.Context())
		if err != nil || !maps.Equal(rooms, map[string]int{"all": 1}) {
			t.Errorf("%v %v", rooms, err)
		}
	})
	if _, err := r.io.OfPattern(regexp.MustCompile("^/x")).Rooms(t.Context()); !errors.Is(err, ErrParent) {
		t.Errorf("a parent: %v", err)
	}
	r.io.Inline().On("rooms", func(e *Event) error { _, err := r.io.Rooms(t.Context()); return e.Ack(err.Error()) })
	d := r.join(0)
	d.send(`421["rooms"]`)
	d.expect(`431["` + ErrOnLoop.Error() + `"]`)
}

// TestServerSideEmit holds what the in-memory server says: there are no others.
func TestServerSideEmit(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.join(0)
	if err := r.io.ServerSideEmit("hello", 1); !errors.Is(err, ErrAlone) {
		t.Errorf("got %v", err)
	}
	for _, name := range []string{"connect", "connection", "new_namespace"} {
		if err := r.io.ServerSideEmit(name); !errors.Is(err, ErrReserved) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := r.io.ServerSideEmit("hello", func() {}); err == nil || errors.Is(err, ErrAlone) {
		t.Errorf("a function was encoded: %v", err)
	}
	c.expect() // clients get nothing of it
}

// TestCatchAllArguments holds what the reference's catch-all listeners are
// given: OnAny the ack as well (K22); OnAnyOutgoing each broadcast that reaches
// the socket, also with flags and rooms, and no acks, and nothing that passes
// the socket by (K23).
func TestCatchAllArguments(t *testing.T) {
	r := newRig(t, 1, nil)
	var heard []string
	r.io.OnAny(func(e *Event) error { return e.Ack(e.Name(), string(e.Raw())) })
	r.io.OnAnyOutgoing(func(s *Socket, event string, args []byte) {
		heard = append(heard, s.Data().All()["name"].(string)+" "+event+" "+string(args))
	})
	names := []string{"a", "b"}
	r.io.Use(func(s *Socket) error {
		s.Data().Set("name", names[0])
		names = names[1:]
		s.Join("room")
		return nil
	})
	a, b := r.join(0), r.join(0)
	a.send(`427["nobody",1,{"x":2}]`)
	a.expect(`437["nobody","1,{\"x\":2}"]`)
	if err := r.io.To("room").Except(a.sid).Volatile().Emit("said", "to b"); err != nil {
		t.Fatal(err)
	}
	b.expect(`42["said","to b"]`)
	a.expect()
	if err := r.io.To(a.sid).Emit("own", 1); err != nil {
		t.Fatal(err)
	}
	a.expect(`42["own",1]`)
	if !slices.Equal(heard, []string{`b said "to b"`, `a own 1`}) {
		t.Errorf("heard %q", heard)
	}
}
