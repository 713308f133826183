package eio

import "github.com/sio-fast/sio-fast/pool"

// The number in a session id leads to the session without a map: the low bits
// name the loop, the others the slot in that loop's table, modulo maxSlots: where
// a loop has more, a few slots are looked at. Ids of loops beyond the first 63,
// and ids that the user makes, are found in a map of the mux.
const (
	loopBits = 6
	maxLoops = 1<<loopBits - 1 // this loop number means: look in the map
	maxSlots = 1 << (24 - loopBits)

	// blockSlots is small enough that few blocks have something due at a tick,
	// large enough that the blocks themselves are few.
	blockSlots = 32
)

// table is a loop's sessions by slot. What a sweep of the heartbeats reads has
// no pointers and is read in one direction: it costs the cache little and the
// garbage collector nothing. soonest lets it pass over most blocks: it is never
// later than the first deadline of its block, and exact after each visit.
type table struct {
	sessions []*Session
	deadline []uint32 // stamp of the next heartbeat event; 0: none
	soonest  []uint32 // by block of deadlines; 0: none
	free     []uint32
	live     int
}

// add gives s a slot.
func (t *table) add(s *Session) {
	if n := len(t.free); n > 0 {
		s.slot = t.free[n-1]
		t.free = t.free[:n-1]
		t.sessions[s.slot] = s
	} else {
		s.slot = uint32(len(t.sessions))
		t.sessions = append(pool.Room(t.sessions), s)
		t.deadline = append(pool.Room(t.deadline), 0)
		if len(t.deadline) > len(t.soonest)*blockSlots {
			t.soonest = append(pool.Room(t.soonest), 0)
		}
	}
	t.live++
}

// remove takes s out.
func (t *table) remove(s *Session) {
	t.sessions[s.slot], t.deadline[s.slot] = nil, 0
	t.free = append(pool.Room(t.free), s.slot)
	t.live--
}

// keepSlots is the table that is not worth giving back, in slots.
const keepSlots = pool.TableFirst + 1

// trim gives back the slots behind the last session, where that is at least
// half of the table. Those that are free among the others are taken from below
// then, so that the table goes on getting shorter as sessions come and go: one
// cannot be moved, for its id is its place.
func (t *table) trim() {
	n := len(t.sessions)
	for n > 0 && t.sessions[n-1] == nil {
		n--
	}
	if cap(t.sessions) < max(2*n, keepSlots) {
		return
	}
	blocks := (n + blockSlots - 1) / blockSlots
	t.sessions = append(make([]*Session, 0, n), t.sessions[:n]...)
	t.deadline = append(make([]uint32, 0, n), t.deadline[:n]...)
	t.soonest = append(make([]uint32, 0, blocks), t.soonest[:blocks]...)
	t.free = nil
	for slot := n - 1; slot >= 0; slot-- {
		if t.sessions[slot] == nil {
			t.free = append(pool.Room(t.free), uint32(slot))
		}
	}
}

// sidNumber is what the id of a session in this slot of l carries.
func (l *Loop) sidNumber(slot uint32) (n uint32, named bool) {
	if l.index >= maxLoops {
		return maxLoops, false
	}
	return slot%maxSlots<<loopBits | uint32(l.index), true
}

// LoopOf finds the loop that would own the session with this id, nil if there
// can be none. That the session exists is known to that loop only. It borrows
// sid. Any goroutine.
func (m *Mux) LoopOf(sid []byte) *Loop {
	id, ok := parseSID(sid)
	if ok {
		if i := int(id.number() & maxLoops); i != maxLoops {
			if loops := m.Loops(); i < len(loops) {
				return loops[i]
			}
		}
	}
	if s := m.named(string(sid)); s != nil {
		return s.loop
	}
	return nil
}

// named finds a session in the map.
func (m *Mux) named(sid string) *Session {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.ids[sid]
}

// name puts a session into the map; false: there is one of that id.
func (m *Mux) name(sid string, s *Session) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ids == nil {
		m.ids = make(map[string]*Session)
	}
	if _, taken := m.ids[sid]; taken {
		return false
	}
	m.ids[sid] = s
	return true
}

func (m *Mux) unname(sid string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.ids, sid)
}

// find is the session whose own id, not one of the user's, this is.
func (t *table) find(id sid) *Session {
	for slot := int(id.number() >> loopBits); slot < len(t.sessions); slot += maxSlots {
		if s := t.sessions[slot]; s != nil && s.custom == nil && s.sid == id {
			return s
		}
	}
	return nil
}

// find is the session of e with this id, if it lives on this loop. It borrows
// text.
func (l *Loop) find(e *Engine, text []byte) *Session {
	if id, ok := parseSID(text); ok && id.number()&maxLoops == uint32(l.index) {
		if s := l.table.find(id); s != nil && s.engine == e {
			if s.late() {
				s.beat() // its time is up, only the tick has not come yet
				return nil
			}
			return s
		}
	}
	if s := l.mux.named(string(text)); s != nil && s.loop == l && s.engine == e {
		return s
	}
	return nil
}
