package sio

import (
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// actKind says what a fan-out does to each socket it meets.
type actKind uint8

const (
	actSend actKind = iota
	actAsk          // send, and note the ack owed
	actJoin
	actLeave
	actDisconnect
	actCollect
)

// action is what a fan-out does to each socket it meets.
type action struct {
	frame   *pool.Shared // actSend, actAsk
	event   string
	room    string   // actJoin, actLeave
	gather  *gather  // actAsk
	collect *collect // actCollect
	ackID   int64
	timeout int64 // ms
	kind    actKind
	all     bool
}

// fanout is the part of a broadcast that concerns one loop. A large one does
// chunk sockets at a time and lets the loop breathe in between; it stays at the
// head of the loop's inbox, so nothing overtakes it. It is pooled.
type fanout struct {
	b Broadcast
	n *Namespace
	l *nsLoop
	action
	args *pool.Buf // for OnAnyOutgoing, nil if nobody listens
	more merged    // the fan-outs behind this one that it has taken over

	posted  time.Duration // when, by the mux's clock
	begun   bool
	stamped bool   // sockets are marked when met, for they may be met again
	stamp   uint32 // the mark
	stage   int    // the room that is walked, by its number in b.rooms
	room    *room  // the same; nil between two
	next    uint32 // the slot to look at next, without rooms
	carried int    // events beyond one a send
	sent    uint64
	dropped uint64
	touched uint8 // of no meaning: what touch has read
}

// chunk is how many sockets are served before the loop may do something else:
// about 15 ms of sends. Only tests change it.
var chunk = 2048

// ahead is how many sockets are looked at together before they are met, so that
// the processor waits for their memory once and not once for each.
const ahead = 16

func (t *fanout) touch(s *Socket) {
	if s != nil {
		t.touched += s.client.session.Touch()
	}
}

// Run serves the next chunk. Loop only. Does not allocate.
func (t *fanout) Run(*eio.Loop) (again bool) {
	if !t.begun {
		t.begin()
		t.join()
	}
	var done bool
	if t.b.rooms.n == 0 {
		done = t.walkAll()
	} else {
		done = t.walkRooms()
	}
	if !done {
		return true
	}
	c := &t.l.ls.count
	if t.sent > 0 {
		c.out.Add(t.sent)
	}
	if t.dropped > 0 {
		c.dropped.Add(t.dropped)
	}
	t.tellLatency()
	t.free()
	return false
}

// tellLatency reports how long the broadcast took, or each of those taken over.
func (t *fanout) tellLatency() {
	l := t.l.ls.loop
	switch {
	case t.kind > actAsk:
	case len(t.more.parts) == 0:
		l.FannedOut(t.posted)
	default:
		for i := range t.more.parts {
			l.FannedOut(t.more.parts[i].posted)
		}
		l.Carried(t.carried)
	}
}

// Dropped lets go of a fan-out whose loop has ended. One that has begun is
// dropped by the loop itself.
func (t *fanout) Dropped() {
	if t.room != nil {
		t.leaveRoom()
	}
	t.free()
}

func (t *fanout) free() {
	if t.frame != nil {
		t.frame.Release()
	}
	more := t.more.release()
	pool.Put(t.args)
	if t.gather != nil {
		t.gather.loopDone()
	}
	if t.collect != nil {
		t.collect.wg.Done()
	}
	if t.kind == actJoin || t.kind == actLeave {
		t.n.moves.Add(-1)
	}
	*t = fanout{more: more}
	fanouts.Put(t)
}

// begin marks the sockets that are left out. Only one fan-out at a time stands
// on a loop, so one mark for each socket is enough.
func (t *fanout) begin() {
	t.begun = true
	t.stamped = t.b.rooms.n > 1 || t.b.except.n > 0
	if t.b.rooms.n == 1 && t.l.mayBeID(t.b.rooms.first[0]) {
		t.stamped = true // an id and a room of that name, perhaps
	}
	if !t.stamped {
		return
	}
	ls := t.l.ls
	if ls.stamp++; ls.stamp == 0 { // after four thousand million: start over
		ls.clearStamps()
		ls.stamp = 1
	}
	t.stamp = ls.stamp
	for i := range t.b.except.n {
		name := t.b.except.at(i)
		if s := t.l.byID(name); s != nil {
			s.stamp = t.stamp
		}
		if r := t.l.rooms[name]; r != nil && t.first(r) {
			for _, m := range r.members {
				m.s.stamp = t.stamp
			}
		}
	}
}

// first marks r, and says whether the selection had not named it before: a list
// of rooms may come from a client, who can name one room a thousand times.
func (t *fanout) first(r *room) bool {
	if !t.stamped {
		return true
	}
	if r.stamp == t.stamp {
		return false
	}
	r.stamp = t.stamp
	return true
}

// clearStamps unmarks every socket and room of the loop.
func (ls *loopState) clearStamps() {
	for _, n := range ls.srv.Namespaces() {
		l := n.on(ls)
		for _, s := range l.slots {
			if s != nil {
				s.stamp = 0
			}
		}
		for _, r := range l.rooms {
			r.stamp = 0
		}
	}
}

// walkAll meets the sockets of the namespace, slot by slot.
func (t *fanout) walkAll() (done bool) {
	for left := chunk; left > 0; left-- {
		if int(t.next) >= len(t.l.slots) {
			return true
		}
		if t.next%ahead == 0 {
			for _, s := range t.l.slots[t.next:min(int(t.next)+ahead, len(t.l.slots))] {
				t.touch(s)
			}
		}
		s := t.l.slots[t.next]
		t.next++
		if s != nil {
			t.meet(s)
		}
	}
	return int(t.next) >= len(t.l.slots)
}

// walkRooms meets the members of each room, and the socket whose id it is.
func (t *fanout) walkRooms() (done bool) {
	for left, names := chunk, 4*chunk; ; {
		r := t.room
		if r == nil {
			if t.stage == t.b.rooms.n {
				return true
			}
			if names--; names < 0 {
				return false
			}
			name := t.b.rooms.at(t.stage)
			t.stage++
			if s := t.l.byID(name); s != nil {
				t.meet(s)
			}
			if r = t.l.rooms[name]; r == nil || !t.first(r) {
				continue
			}
			r.next, r.walked = 0, true
			t.room = r
		}
		for r.next < len(r.members) {
			if left == 0 {
				return false
			}
			left--
			if r.next%ahead == 0 {
				for _, m := range r.members[r.next:min(r.next+ahead, len(r.members))] {
					t.touch(m.s)
				}
			}
			s := r.members[r.next].s
			r.next++
			t.meet(s)
		}
		t.leaveRoom()
	}
}

// leaveRoom ends the walk through t.room. If all its members have left
// meanwhile, it is off the table, and goes back.
func (t *fanout) leaveRoom() {
	r := t.room
	r.next, r.walked = 0, false
	if len(r.members) == 0 {
		t.l.ls.rooms.Put(r)
	}
	t.room = nil
}

// meet does the action to s, unless it is not wanted. A socket that is still
// connecting may be in rooms, but nothing is sent to it yet.
func (t *fanout) meet(s *Socket) {
	if !s.live || s == t.b.from && len(t.more.parts) == 0 {
		return
	}
	if t.stamped {
		if s.stamp == t.stamp {
			return
		}
		s.stamp = t.stamp
	}
	switch t.kind {
	case actSend:
		t.send(s)
	case actAsk:
		t.ask(s)
	case actJoin, actLeave:
		s.moveNow(t.action.room, t.kind == actJoin)
	case actDisconnect:
		s.state.CompareAndSwap(stateConnected, stateLeaving)
		s.leave(t.all)
	case actCollect:
		t.collect.add(s)
	}
}

func (t *fanout) send(s *Socket) bool {
	if t.args != nil {
		s.heard(t.event, t.args.B)
	}
	if len(t.more.parts) > 0 {
		t.sendMerged(s)
		return true
	}
	if !s.client.session.Send(t.frame, t.b.flags) {
		t.missed(s, t.event)
		return false
	}
	t.sent++
	return true
}

// ask sends to s and notes that it owes an ack.
func (t *fanout) ask(s *Socket) {
	x := s.extra()
	if x.ackCount >= s.nsp.srv.opts.MaxAcks {
		t.gather.expect()
		t.gather.answer(s, nil, ErrTooManyAcks)
		return
	}
	t.gather.expect()
	p := s.owe(x, t.ackID, t.timeout)
	p.gather = t.gather
	if !t.send(s) {
		if err := s.unsent(t.b.flags); err != nil {
			p.end(nil, err)
		}
	}
}
