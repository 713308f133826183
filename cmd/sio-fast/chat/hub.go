package chat

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"sync"
)

const (
	historyLen   = 40
	historyBytes = 2 << 20 // images included, a room
	maxPeople    = 200     // names sent to a newcomer; the count tells the rest
)

// hub is what the chat remembers: who is here, who is in which room, and the
// last messages of each room that has somebody in it. Any goroutine.
type hub struct {
	mu     sync.Mutex
	users  map[string]*person // by socket id
	names  map[string]int     // how many bear a name
	rooms  map[string]*room
	joined []User   // since the last pulse
	left   []string // since the last pulse
	dirty  map[string]struct{}
}

type person struct {
	User
	base  string // the name that was asked for
	rooms map[string]struct{}
}

type room struct {
	members int
	history []Message
	bytes   int
}

func newHub() *hub {
	return &hub{
		users: make(map[string]*person),
		names: make(map[string]int),
		rooms: make(map[string]*room),
		dirty: make(map[string]struct{}),
	}
}

func (h *hub) enter(id, name string) User {
	h.mu.Lock()
	defer h.mu.Unlock()
	u := User{ID: id, Name: name, Color: color(name)}
	if n := h.names[name]; n > 0 {
		u.Name = name + " " + strconv.Itoa(n+1)
	}
	h.names[name]++
	h.users[id] = &person{User: u, base: name, rooms: make(map[string]struct{})}
	h.joined = append(h.joined, u)
	return u
}

func (h *hub) people() []User {
	h.mu.Lock()
	defer h.mu.Unlock()
	list := make([]User, 0, min(len(h.users), maxPeople))
	for _, p := range h.users {
		if len(list) == maxPeople {
			break
		}
		list = append(list, p.User)
	}
	return list
}

func (h *hub) here(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.users[id] != nil
}

func (h *hub) in(u User, name string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[u.ID]
	if p == nil {
		return false
	}
	_, in := p.rooms[name]
	return in
}

func (h *hub) join(u User, name string) (history []Message, members int, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[u.ID]
	if p == nil {
		return nil, 0, false
	}
	r := h.rooms[name]
	if _, in := p.rooms[name]; !in {
		if len(p.rooms) == maxRooms {
			return nil, 0, false
		}
		if r == nil {
			r = &room{}
			h.rooms[name] = r
		}
		p.rooms[name] = struct{}{}
		r.members++
		h.dirty[name] = struct{}{}
	}
	return append([]Message{}, r.history...), r.members, true // a list for JSON, even if empty
}

func (h *hub) leave(u User, name string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.users[u.ID]; p != nil {
		h.drop(p, name)
	}
}

func (h *hub) leaveAll(u User) {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[u.ID]
	if p == nil {
		return
	}
	for name := range maps.Clone(p.rooms) {
		h.drop(p, name)
	}
	delete(h.users, u.ID)
	if h.names[p.base]--; h.names[p.base] == 0 {
		delete(h.names, p.base)
	}
	h.left = append(h.left, u.ID)
}

// drop takes p out of a room, and forgets a room that nobody is in.
func (h *hub) drop(p *person, name string) {
	if _, in := p.rooms[name]; !in {
		return
	}
	delete(p.rooms, name)
	r := h.rooms[name]
	r.members--
	h.dirty[name] = struct{}{}
	if r.members == 0 {
		delete(h.rooms, name)
	}
}

// keep writes m into the history of its room, if u is in that room.
func (h *hub) keep(u User, m *Message) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	p := h.users[u.ID]
	if p == nil {
		return false
	}
	if _, in := p.rooms[m.Room]; !in {
		return false
	}
	r := h.rooms[m.Room]
	r.history = append(r.history, *m)
	r.bytes += m.size()
	drop := 0
	for len(r.history)-drop > historyLen || r.bytes > historyBytes {
		r.bytes -= r.history[drop].size()
		drop++
	}
	r.history = slices.Delete(r.history, 0, drop)
	return true
}

func (m *Message) size() int { return len(m.Text) + len(m.Image) }

// changes returns what has changed since the last call, and how many are here.
func (h *hub) changes() (joined []User, left []string, rooms []RoomCount, online int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	joined, left = h.joined, h.left
	h.joined, h.left = nil, nil
	for name := range h.dirty {
		if r := h.rooms[name]; r != nil {
			rooms = append(rooms, RoomCount{Name: name, Members: r.members})
		}
	}
	clear(h.dirty)
	return joined, left, rooms, len(h.users)
}

// color gives a name a colour that is the same on each visit and readable on
// light and dark ground.
func color(name string) string {
	f := fnv.New32a()
	f.Write([]byte(name))
	return "hsl(" + strconv.Itoa(int(f.Sum32()%360)) + " 70% 55%)"
}
