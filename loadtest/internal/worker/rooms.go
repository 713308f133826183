package worker

import (
	"fmt"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// rooms has the members of each room speak in turn; all the others must hear.
// A room lives in one process. Message n of a room is spoken by member n % m, as
// its (n / m)th.
type rooms struct {
	w    *worker
	m    int // members of a room
	all  []room
	pace pacer
	turn int
}

type room struct {
	name       string
	streams    []stream // by receiver*m + speaker
	sent, done int      // messages; done: heard by all, without a gap before
	left       []uint16 // listeners that have not heard message n yet, at n % InFlight
}

func newRooms(w *worker) *rooms {
	r := &rooms{w: w, m: w.cfg.RoomSize}
	r.all = make([]room, w.cfg.Clients/r.m)
	for i := range r.all {
		r.all[i] = room{
			name:    fmt.Sprintf("room-%d", w.cfg.First/r.m+i),
			streams: make([]stream, r.m*r.m),
			left:    make([]uint16, max(w.cfg.InFlight, 1)),
		}
	}
	return r
}

func (r *rooms) of(c *client) (*room, int) {
	i := int(c.id) - r.w.cfg.First
	return &r.all[i/r.m], i % r.m
}

func (r *rooms) ready(c *client) {
	room, _ := r.of(c)
	r.w.send(c, []byte(`420["join","`+room.name+`"]`))
}

func (r *rooms) left(*client) {}

func (r *rooms) start() {
	r.pace.begin(r.w.cfg.Rate, r.w.now)
	if r.w.cfg.Rate == 0 {
		for i := range r.all {
			r.fill(i)
		}
	}
}

// fill speaks in room i as long as fewer than InFlight messages are under way.
func (r *rooms) fill(i int) {
	for room := &r.all[i]; r.w.running() && room.sent < room.done+r.w.cfg.InFlight; {
		if !r.speak(i, r.w.now) {
			return
		}
	}
}

// speak sends the next message of room i, unless its speaker has gone.
func (r *rooms) speak(i int, at int64) bool {
	room := &r.all[i]
	c := &r.w.clients[i*r.m+room.sent%r.m]
	if c.state != stateReady {
		return false
	}
	room.left[room.sent%len(room.left)] = uint16(r.m - 1)
	r.w.emit(c, "room", -1, room.name, wire.Stamp{ID: c.id, Seq: uint64(room.sent / r.m), Time: at})
	room.sent++
	return true
}

func (r *rooms) message(c *client, p []byte) {
	w := r.w
	if id, _, ok := wire.Ack(p); ok {
		if id == 0 && c.sent == 0 {
			c.sent = 1 // has joined
			w.joined(c)
			return
		}
		w.fault(shm.Stray, c, "ack %d", id)
		return
	}
	payload, ok := wire.EventArg(p, "room")
	if !ok {
		w.fault(shm.Altered, c, "packet %.80q", p)
		return
	}
	room, me := r.of(c)
	base := int(c.id) - me
	st, _ := wire.ParseStamp(payload, w.cfg.Run, w.cfg.Size)
	from := int(st.ID) - base
	if from < 0 || from >= r.m || from == me {
		from = (me + 1) % r.m // check says that it is altered or stray
	}
	st, ok = w.check(c, &room.streams[me*r.m+from], uint32(base+from), payload)
	if !ok {
		return
	}
	n := int(st.Seq)*r.m + from
	if n < room.done || n >= room.sent {
		w.fault(shm.Stray, c, "message %d of member %d was not sent", st.Seq, from)
		return
	}
	if w.cfg.Rate > 0 {
		return
	}
	room.left[n%len(room.left)]--
	for room.done < room.sent && room.left[room.done%len(room.left)] == 0 {
		room.done++
	}
	r.fill(base/r.m - w.cfg.First/r.m)
}

func (r *rooms) tick() int64 {
	w := r.w
	if !w.running() || w.cfg.Rate == 0 {
		return 0
	}
	for {
		at := r.pace.due(w.now)
		if at == 0 {
			return r.pace.next
		}
		r.speak(r.turn%len(r.all), at)
		r.turn++
	}
}

// said is how many messages speaker of room has sent.
func (r *rooms) said(room *room, speaker int) uint64 {
	return uint64((room.sent - speaker + r.m - 1) / r.m)
}

func (r *rooms) each(fn func(c *client, s *stream, sent uint64)) {
	for i := range r.all {
		room := &r.all[i]
		for k := range room.streams {
			to, from := k/r.m, k%r.m
			if to != from {
				fn(&r.w.clients[i*r.m+to], &room.streams[k], r.said(room, from))
			}
		}
	}
}

func (r *rooms) outstanding() (n int64) {
	r.each(func(_ *client, s *stream, sent uint64) { n += int64(sent-s.next) + s.gaps() })
	return n
}

func (r *rooms) finish() {
	r.each(r.w.missed)
}
