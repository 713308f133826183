package sio

import (
	"context"
	"sync"

	"github.com/sio-fast/sio-fast/eio"
)

// RoomEventKind says what has happened to a room.
type RoomEventKind uint8

const (
	// RoomCreated: the first socket joins a room that nobody was in.
	RoomCreated RoomEventKind = iota
	// RoomJoined: a socket has joined; after RoomCreated for the first.
	RoomJoined
	// RoomLeft: a socket has left, or disconnects.
	RoomLeft
	// RoomDeleted: the last socket has left; after its RoomLeft.
	RoomDeleted
)

// String is the reference's name of it: "create-room".
func (k RoomEventKind) String() string {
	return [...]string{"create-room", "join-room", "leave-room", "delete-room"}[k&3]
}

// RoomEvent is what [Namespace.OnRoom] tells.
type RoomEvent struct {
	Kind      RoomEventKind
	Namespace *Namespace
	Room      string
	Socket    *Socket // nil for RoomCreated and RoomDeleted
}

// OnRoom has fn hear of the namespace's rooms, each change once: of a room that
// comes to be with its first member on whatever loop, of its members, of its
// end. A socket's own room, named by its id, is among them, from when the client
// is let in. fn is called in one order, by one loop at a time, for all loops
// wait for it: it must not block. A room that existed before OnRoom was called
// is told of when somebody joins it next. Without a listener it costs nothing;
// with one, rooms are counted over the loops under a lock.
func (n *Namespace) OnRoom(fn func(e RoomEvent)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.room = append(t.room[:len(t.room):len(t.room)], fn) })
}

// roomCount is on how many loops each room of a namespace is, and how many
// sockets of that id there are: for those alone who listen.
type roomCount struct {
	mu    sync.Mutex // held while listeners run: their events have one order
	holds map[string]int
}

// roomJoined tells that s is in the named room. told notes that this holder of
// the room is counted. Loop only.
func (s *Socket) roomJoined(fns []func(RoomEvent), name string, told *bool) {
	n := s.nsp
	c := &n.rooms
	c.mu.Lock()
	defer c.mu.Unlock()
	if !*told {
		*told = true
		if c.holds == nil {
			c.holds = make(map[string]int)
		}
		if c.holds[name]++; c.holds[name] == 1 {
			s.tellRoom(fns, RoomEvent{RoomCreated, n, name, nil})
		}
	}
	s.tellRoom(fns, RoomEvent{RoomJoined, n, name, s})
}

// roomLeft tells that s is in the named room no more. last: and with it a holder
// that was counted is gone. Loop only.
func (s *Socket) roomLeft(fns []func(RoomEvent), name string, last bool) {
	n := s.nsp
	c := &n.rooms
	c.mu.Lock()
	defer c.mu.Unlock()
	s.tellRoom(fns, RoomEvent{RoomLeft, n, name, s})
	if !last || c.holds[name] == 0 {
		return
	}
	if c.holds[name]--; c.holds[name] == 0 {
		delete(c.holds, name)
		s.tellRoom(fns, RoomEvent{RoomDeleted, n, name, nil})
	}
}

// ownRoom tells of the room that is named by the socket's id, where that is not
// a room like any other: a socket that was recovered has one. Loop only.
func (s *Socket) ownRoom(joined bool) {
	fns := s.nsp.table.Load().room
	switch {
	case len(fns) == 0 || s.returned:
	case joined:
		s.roomJoined(fns, s.ID(), new(bool))
	default:
		s.roomLeft(fns, s.ID(), true)
	}
}

func (s *Socket) tellRoom(fns []func(RoomEvent), e RoomEvent) {
	for _, f := range fns {
		s.tellRoomTo(f, e)
	}
}

func (s *Socket) tellRoomTo(f func(RoomEvent), e RoomEvent) {
	defer s.recovered("room")
	f(e)
}

// Rooms gives the rooms of n on this server with the number of their members,
// the sockets' own rooms not among them. It looks at every room, on its loop:
// it is for looking on, not for each request. It returns [ErrParent] for a
// dynamic namespace, [ErrOnLoop] on a loop, and ctx's error. Blocks. Any
// goroutine.
func (n *Namespace) Rooms(ctx context.Context) (map[string]int, error) {
	if n.match != nil {
		return nil, ErrParent
	}
	if n.srv.onLoop() {
		return nil, ErrOnLoop
	}
	c := &census{rooms: make(map[string]int)}
	loops := n.each()
	c.wg.Add(countLoops(loops))
	for _, l := range loops {
		if l != nil {
			l.ls.loop.Post(&censusTask{c, l})
		}
	}
	if err := wait(ctx, &c.wg); err != nil {
		return nil, err
	}
	return c.rooms, nil
}

// census is what the loops say about their rooms.
type census struct {
	mu    sync.Mutex
	rooms map[string]int
	wg    sync.WaitGroup
}

type censusTask struct {
	c *census
	l *nsLoop
}

// Run counts the members of one loop's rooms. Loop only.
func (t *censusTask) Run(*eio.Loop) bool {
	defer t.c.wg.Done()
	t.c.mu.Lock()
	defer t.c.mu.Unlock()
	for name, r := range t.l.rooms {
		if !r.own() {
			t.c.rooms[name] += len(r.members)
		}
	}
	return false
}

// Dropped says that the loop has ended.
func (t *censusTask) Dropped() { t.c.wg.Done() }

// own says that r is nothing but the own room of a socket that was recovered.
func (r *room) own() bool {
	return len(r.members) == 1 && r.members[0].s.ID() == r.name
}
