package worker

import (
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

func newScenario(w *worker) scenario {
	switch w.cfg.Scenario {
	case "echo":
		return &echo{w: w}
	case "fanout", "slow", "grow", "loops":
		return newFanout(w)
	case "rooms":
		return newRooms(w)
	case "churn":
		return &churn{echo: echo{w: w}}
	}
	return hold{w}
}

// hold is for connect and idle: clients come, answer pings, and go.
type hold struct{ w *worker }

func (h hold) ready(c *client) { h.w.joined(c) }
func (h hold) start()          {}
func (h hold) message(c *client, p []byte) {
	h.w.fault(shm.Stray, c, "unexpected packet %.80q", p)
}
func (h hold) left(*client)       {}
func (h hold) tick() int64        { return 0 }
func (h hold) outstanding() int64 { return 0 }
func (h hold) finish()            {}

// echo has each client send messages of its own number and expect them back,
// by event or as acks.
type echo struct {
	w    *worker
	pace pacer
	turn int
}

func (e *echo) ready(c *client) { e.w.joined(c) }
func (e *echo) left(*client)    {}

func (e *echo) start() {
	w := e.w
	if w.cfg.Rate > 0 {
		e.pace.begin(w.cfg.Rate, w.now)
		return
	}
	for i := range w.clients {
		for range w.cfg.InFlight {
			e.emit(&w.clients[i], w.now)
		}
	}
}

func (e *echo) emit(c *client, at int64) {
	if c.state != stateReady {
		return
	}
	ack := int64(-1)
	if e.w.cfg.Ack {
		ack = int64(c.sent)
	}
	e.w.emit(c, "echo", ack, "", wire.Stamp{ID: c.id, Seq: c.sent, Time: at})
	c.sent++
}

func (e *echo) message(c *client, p []byte) {
	if e.accept(c, p) && e.w.running() && e.pace.interval == 0 {
		e.emit(c, e.w.now)
	}
}

// accept checks one echo.
func (e *echo) accept(c *client, p []byte) bool {
	w := e.w
	var payload []byte
	id, ok := int64(-1), false
	if w.cfg.Ack {
		var list []byte
		if id, list, ok = wire.Ack(p); ok {
			payload, ok = wire.AckArg(list)
		}
	} else {
		payload, ok = wire.EventArg(p, "echo")
	}
	if !ok {
		w.fault(shm.Altered, c, "packet %.80q", p)
		return false
	}
	st, ok := w.check(c, &c.in, c.id, payload)
	if ok && w.cfg.Ack && uint64(id) != st.Seq {
		w.fault(shm.Stray, c, "ack %d holds the payload of %d", id, st.Seq)
		return false
	}
	return ok
}

func (e *echo) tick() int64 {
	w := e.w
	if !w.running() || e.pace.interval == 0 {
		return 0
	}
	for {
		at := e.pace.due(w.now)
		if at == 0 {
			return e.pace.next
		}
		e.emit(&w.clients[e.turn%len(w.clients)], at)
		e.turn++
	}
}

func (e *echo) outstanding() (n int64) {
	for i := range e.w.clients {
		c := &e.w.clients[i]
		n += int64(c.sent-c.in.next) + c.in.gaps()
	}
	return n
}

func (e *echo) finish() {
	for i := range e.w.clients {
		c := &e.w.clients[i]
		e.w.missed(c, &c.in, c.sent)
	}
}

// churn has clients come, echo one message, and go, in rounds; they go in all
// the ways there are.
type churn struct {
	echo
	round   uint32
	todo    int // visits of this round not begun
	inside  int
	visitNo int
	idle    []*client
}

func (k *churn) start() {
	for i := range k.w.clients {
		k.idle = append(k.idle, &k.w.clients[i])
	}
}

func (k *churn) ready(c *client) {
	k.w.joined(c)
	k.emit(c, k.w.now)
}

func (k *churn) message(c *client, p []byte) {
	if k.accept(c, p) && c.state == stateReady { // else it came while the client leaves
		k.visitNo++
		k.w.leave(c, uint8(k.visitNo%leaveWays))
	}
}

func (k *churn) left(c *client) {
	k.inside--
	k.idle = append(k.idle, c)
}

func (k *churn) tick() int64 {
	w := k.w
	if !w.running() {
		return 0
	}
	if r := w.area.Round.Load(); r != k.round && k.inside == 0 {
		k.round, k.todo = r, w.cfg.Visits
	}
	for k.todo > 0 && len(k.idle) > 0 && w.dial.underway < w.cfg.Concurrency && w.me.Faults[shm.Refused].Load() == 0 {
		c := k.idle[len(k.idle)-1]
		k.idle = k.idle[:len(k.idle)-1]
		k.todo--
		k.inside++
		w.dial.underway++
		w.enter(c)
	}
	if k.todo == 0 && k.inside == 0 {
		w.me.Round.Store(int64(k.round))
	}
	return 0
}
