package sio

import (
	"github.com/sio-fast/sio-fast/internal/debuglog"
)

// room is the members of one room on one loop. Loop only.
//
// Members lie dense, in no order. While a fan-out that is cut into chunks walks
// a room, next says how far it is: members before it have had the message.
// Removal keeps that border, so that a client that goes in between makes nobody
// miss a message or get it twice.
//
//	[ had it … │ still to come … ]
//	           next
type room struct {
	name    string
	members []member
	next    int
	stamp   uint32 // the last selection that named it
	walked  bool   // a fan-out stands in the middle of it
	told    bool   // counted for Namespace.OnRoom
}

// member is a socket in a room, and where the socket notes the room.
type member struct {
	s  *Socket
	at uint32 // index in extra.in
}

// membership is a room of a socket, and where the room notes the socket.
type membership struct {
	r  *room
	at uint32 // index in room.members
}

// keepMembers is the member list that a room keeps when it goes back to the
// free list, in entries.
const keepMembers = 256

// join puts s into the named room. Loop only. Does not allocate if the room
// exists and has had this many members.
func (l *nsLoop) join(s *Socket, name string) {
	x := s.extra()
	r := l.rooms[name]
	if r == nil {
		if l.rooms == nil {
			l.rooms = make(map[string]*room)
		}
		r = l.ls.rooms.Get()
		r.name = name
		l.rooms[name] = r
	} else if x.find(r) >= 0 {
		return
	}
	r.members = append(r.members, member{s, uint32(len(x.in))})
	x.in = append(x.in, membership{r, uint32(len(r.members) - 1)})
	if debugAdapter.On() {
		debugAdapter.Print("joined room", "namespace", debuglog.Text(s.nsp.name), "room", debuglog.Text(name), "sid", s.ID())
	}
	if fns := s.nsp.table.Load().room; len(fns) > 0 {
		s.roomJoined(fns, name, &r.told)
	}
}

// leave takes s out of the named room. Loop only. Does not allocate.
func (l *nsLoop) leave(s *Socket, name string) {
	x := s.more.Load()
	if x == nil {
		return
	}
	if r := l.rooms[name]; r != nil {
		if i := x.find(r); i >= 0 {
			l.part(x, i)
		}
	}
}

// leaveAll takes s out of every room. Loop only.
func (l *nsLoop) leaveAll(s *Socket) {
	x := s.more.Load()
	if x == nil {
		return
	}
	for i := len(x.in) - 1; i >= 0; i-- {
		l.part(x, i)
	}
	x.in = nil
}

// find gives the index of r among the rooms of the socket, or -1. Loop only.
func (x *extra) find(r *room) int {
	// The shorter list decides: sockets in thousands of rooms are as rare as
	// rooms with one member are common.
	if len(r.members) < len(x.in) {
		for i := range r.members {
			if at := r.members[i].at; int(at) < len(x.in) && x.in[at].r == r && x.in[at].at == uint32(i) {
				return int(at)
			}
		}
		return -1
	}
	for i := range x.in {
		if x.in[i].r == r {
			return i
		}
	}
	return -1
}

// isIn says whether r, which may be nil, is among the rooms of the socket. Loop
// only.
func (x *extra) isIn(r *room) bool { return r != nil && x.find(r) >= 0 }

// part undoes the i-th membership of x, on both sides. Loop only.
func (l *nsLoop) part(x *extra, i int) {
	m := x.in[i]
	last := len(x.in) - 1
	if i != last {
		x.in[i] = x.in[last]
		x.in[i].r.members[x.in[i].at].at = uint32(i)
	}
	x.in[last] = membership{}
	x.in = x.in[:last]
	s, name, ended := m.r.members[m.at].s, m.r.name, m.r.told && len(m.r.members) == 1
	m.r.drop(int(m.at))
	if len(m.r.members) == 0 {
		m.r.told = false
		delete(l.rooms, name)
		if !m.r.walked { // else the walk gives it back
			l.ls.rooms.Put(m.r)
		}
	}
	if debugAdapter.On() {
		debugAdapter.Print("left room", "namespace", debuglog.Text(s.nsp.name), "room", debuglog.Text(name), "sid", s.ID())
	}
	if fns := s.nsp.table.Load().room; len(fns) > 0 {
		s.roomLeft(fns, name, ended)
	}
}

// drop takes out the i-th member and keeps the border of a walk.
func (r *room) drop(i int) {
	if i < r.next {
		r.next--
		r.move(r.next, i)
		i = r.next
	}
	last := len(r.members) - 1
	r.move(last, i)
	r.members[last] = member{}
	r.members = r.members[:last]
}

// move lets the member at from take the place at to.
func (r *room) move(from, to int) {
	if from == to {
		return
	}
	m := r.members[from]
	r.members[to] = m
	m.s.more.Load().in[m.at].at = uint32(to)
}

// resetRoom empties a room for the free list.
func resetRoom(r *room) {
	members := r.members[:0]
	if cap(members) > keepMembers {
		members = nil
	}
	*r = room{members: members}
}
