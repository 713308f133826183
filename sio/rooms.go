package sio

// Join puts the socket into rooms. It takes effect in the order of the caller's
// other calls: what it broadcasts to the room afterwards reaches the socket. It
// does nothing once the socket has left its namespace; in a connect middleware
// it works, and is undone if the socket is refused. Any goroutine. Does not
// allocate for a room that exists.
func (s *Socket) Join(rooms ...string) {
	for _, room := range rooms {
		s.joinRoom(room)
	}
}

func (s *Socket) joinRoom(room string) {
	if room == s.ID() {
		return // always in it
	}
	if !s.addRoom(room) {
		s.nsp.fail(s, "join", ErrTooManyRooms)
	}
}

// addRoom notes the room and posts the rest. false: the socket is in too many.
func (s *Socket) addRoom(room string) bool {
	x := s.extra()
	s.mu.Lock()
	defer s.mu.Unlock()
	has := x.hasName(room)
	if s.state.Load() >= stateLeaving || has && s.sure() && !x.moved {
		return true
	}
	if !has && !x.fits(room, s.nsp.srv.opts.MaxRooms) {
		return false
	}
	if !has {
		x.addName(room)
	}
	x.posted++
	s.post(op{kind: opJoin, text: room}) // under mu: in the order of the names
	return true
}

// Leave takes the socket out of room. It takes effect in the order of the
// caller's other calls. Any goroutine. Does not allocate.
func (s *Socket) Leave(room string) {
	if room == s.ID() {
		return // always in it
	}
	x := s.more.Load()
	if x == nil {
		if s.sure() {
			return
		}
		x = s.extra()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	has := x.hasName(room)
	if !has && s.sure() && !x.moved {
		return
	}
	if has {
		x.dropName(room)
	}
	x.posted++
	s.post(op{kind: opLeave, text: room})
}

// sure says that no broadcast is on its way that may join or leave rooms before
// an op that is posted now. The names are then the last word, unless one has
// moved the socket behind their back (extra.moved).
func (s *Socket) sure() bool { return s.nsp.moves.Load() == 0 }

// Rooms gives the names of the socket's rooms, its own id first; in
// OnDisconnecting still all of them, afterwards none. Any goroutine.
func (s *Socket) Rooms() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parted {
		return nil
	}
	rooms := []string{s.ID()}
	if x := s.more.Load(); x != nil {
		rooms = append(rooms, x.names...)
	}
	return rooms
}

// In reports whether the socket is in room. Any goroutine. Does not allocate.
func (s *Socket) In(room string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parted {
		return false
	}
	x := s.more.Load()
	return room == s.ID() || x != nil && x.hasName(room)
}

// joinNow does what Join has posted. Loop only. Does not allocate for a room
// that exists.
func (s *Socket) joinNow(room string) {
	if !s.closed() {
		s.on().join(s, room)
	}
	s.settle()
}

// leaveNow does what Leave has posted. Loop only. Does not allocate.
func (s *Socket) leaveNow(room string) {
	if !s.closed() {
		s.on().leave(s, room)
	}
	s.settle()
}

// settle notes that a posted op was done. If a broadcast has moved the socket
// meanwhile, the list of names is made anew from the loop's own. Loop only.
func (s *Socket) settle() {
	x := s.more.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	x.posted--
	if x.posted > 0 || !x.moved {
		return
	}
	x.moved = false
	if s.closed() {
		return
	}
	x.dropNames()
	for _, m := range x.in {
		if m.r.name != s.ID() { // it has that room if it was recovered
			x.addName(m.r.name)
		}
	}
}

// moveNow joins or leaves room for a broadcast. The names follow at once, or
// when the socket's own posted ops are done: those come later in the order.
// Loop only.
func (s *Socket) moveNow(room string, in bool) {
	if s.closed() || room == s.ID() {
		return
	}
	x := s.extra()
	if in && !x.isIn(s.on().rooms[room]) {
		most := s.nsp.srv.opts.MaxRooms
		s.mu.Lock()
		full := len(x.in) >= most || !x.hasName(room) && !x.fits(room, most)
		s.mu.Unlock()
		if full {
			s.nsp.fail(s, "join", ErrTooManyRooms)
			return
		}
	}
	if in {
		s.on().join(s, room)
	} else {
		s.on().leave(s, room)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case x.posted > 0:
		x.moved = true
	case !in:
		x.dropName(room)
	case !x.hasName(room):
		x.addName(room)
	}
}

// forgetRooms empties the list of names: the socket is gone for good.
func (s *Socket) forgetRooms() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parted = true
	if x := s.more.Load(); x != nil {
		x.names, x.index, x.size = nil, nil, 0
	}
}
