package eio

import "time"

// Heartbeats have no timers. Each session has one deadline in the loop's table:
//
//	open ──pingInterval──► send ping ──pingTimeout──► close: "ping timeout"
//	         ▲                 │  any other packet: pingTimeout anew, once a ping
//	         └───── pong ──────┘
//
// and every tick sweeps the deadlines. In revision 3 the client pings, and there
// is but one deadline:
//
//	open ──pingInterval + pingTimeout──► close: "ping timeout"
//	         ▲     ping: answered, anew
//	         └──────┘

// stamp is the time in a deadline: milliseconds that wrap around after 49 days,
// never 0.
func stamp(ms int64) uint32 {
	return max(uint32(ms), 1)
}

// due compares stamps across the wrap.
func due(deadline, now uint32) bool {
	return deadline != 0 && int32(now-deadline) >= 0
}

// maxTick is the longest time between two ticks, in milliseconds.
const maxTick = 50

// TickEvery is how often Tick wants to be called: a thirtieth of the shortest
// interval of the mux's engines, but 10 to 50 ms. Any goroutine.
func (l *Loop) TickEvery() time.Duration {
	shortest := min(l.mux.headerTimeout(), l.mux.requestTimeout())
	for _, e := range l.mux.engines {
		shortest = min(shortest, e.opts.PingInterval, e.opts.PingTimeout, e.opts.UpgradeTimeout)
	}
	return min(max(shortest/30, 10*time.Millisecond), maxTick*time.Millisecond)
}

// Tick brings the time: heartbeats, timeouts, the wheel. The driver calls it
// every TickEvery, or when [Loop.NextTick] says. Loop only.
func (l *Loop) Tick(now time.Time) {
	quiet := l.rest.calm
	l.rest.calm = false
	l.begin(nil)
	defer l.leave(nil)
	l.now = max(l.now, now.Sub(epoch).Milliseconds())
	// Each of what follows speaks to a peer once: its bytes go out at once.
	l.eager = true
	l.publish()
	l.beat()
	l.watch.sweep(stamp(l.now))
	l.wheel.advance(l, l.now)
	l.eager = false
	l.flush()
	l.ticked(quiet)
}

// fire lets a timer run; a panic in it costs nobody else anything.
func (l *Loop) fire(t Timer) {
	defer func() {
		if e := recover(); e != nil {
			l.panicked(e)
		}
	}()
	l.timed = true
	t.Fire(l)
}

// beat sweeps the heartbeats.
func (l *Loop) beat() {
	now := stamp(l.now)
	for block, at := range l.table.soonest {
		if due(at, now) {
			l.beatBlock(block, now)
		}
	}
}

// beatBlock visits one block and notes anew when to come back.
func (l *Loop) beatBlock(block int, now uint32) {
	t := &l.table
	first := block * blockSlots
	last := min(first+blockSlots, len(t.deadline))
	for slot := first; slot < last; slot++ {
		if due(t.deadline[slot], now) {
			t.sessions[slot].beat()
		}
	}
	soonest := uint32(0)
	for _, at := range t.deadline[first:last] {
		if at != 0 && (soonest == 0 || int32(at-soonest) < 0) {
			soonest = at
		}
	}
	t.soonest[block] = soonest
}

// beat acts on a deadline that has come.
func (s *Session) beat() {
	if s.flags&(sfPinged|sfRevision3) != 0 {
		s.end(ReasonPingTimeout, "", endOrderly)
		return
	}
	s.flags = s.flags&^sfExtended | sfPinged
	// The timeout counts from when the ping was due, not from the tick that
	// sent it: a session lives pingInterval and pingTimeout, not two ticks more.
	late := stamp(s.loop.now) - s.loop.table.deadline[s.slot]
	s.arm(s.engine.pingTimeout - min(late, maxTick, s.engine.pingTimeout/2))
	s.ping()
}

// late reports that the session has not answered its ping in time, or has sent
// none in revision 3.
func (s *Session) late() bool {
	return s.flags&(sfPinged|sfRevision3) != 0 && due(s.loop.table.deadline[s.slot], stamp(s.loop.now))
}

// arm sets the heartbeat's next deadline, ms from now.
func (s *Session) arm(ms uint32) {
	t, at := &s.loop.table, stamp(s.loop.now+int64(ms))
	t.deadline[s.slot] = at
	if soonest := &t.soonest[s.slot/blockSlots]; *soonest == 0 || int32(at-*soonest) < 0 {
		*soonest = at
	}
}

// beatOpen is the open packet.
func (s *Session) beatOpen() {
	if s.flags&sfRevision3 != 0 {
		s.arm(s.engine.pingInterval + s.engine.pingTimeout)
		return
	}
	s.arm(s.engine.pingInterval)
}

// beatPing is a ping of revision 3.
func (s *Session) beatPing() {
	s.heartbeat()
	if s.engine.watched {
		s.created(pongFrame)
	}
	s.beatOpen()
	s.pong()
}

// beatPong is a pong, asked for or not.
func (s *Session) beatPong() {
	s.heartbeat()
	s.flags &^= sfPinged | sfExtended
	s.arm(s.engine.pingInterval)
}

// beatOther is any other packet: while a ping is unanswered, the first one
// shows that the client lives and starts the timeout anew.
func (s *Session) beatOther() {
	if s.flags&(sfPinged|sfExtended) == sfPinged {
		s.flags |= sfExtended
		s.arm(s.engine.pingTimeout)
	}
}

// watchlist is the peers with a deadline of their own: those that are not an
// open websocket, and those that linger after their end.
type watchlist struct {
	peers []*Peer
	at    []uint32 // 0: none now
}

// set gives p a deadline ms from now, or none for a negative one.
func (w *watchlist) set(p *Peer, ms int64) {
	if p.watch == 0 {
		w.peers = append(w.peers, p)
		w.at = append(w.at, 0)
		p.watch = uint32(len(w.peers))
	}
	w.at[p.watch-1] = 0
	if ms >= 0 {
		w.at[p.watch-1] = stamp(p.loop.now + ms)
	}
}

// prolong moves p's deadline by ms.
func (w *watchlist) prolong(p *Peer, ms int64) {
	if p.watch != 0 && w.at[p.watch-1] != 0 {
		w.at[p.watch-1] = stamp(int64(w.at[p.watch-1]) + ms)
	}
}

// forget takes p off the list.
func (w *watchlist) forget(p *Peer) {
	if p.watch == 0 {
		return
	}
	i, last := p.watch-1, len(w.peers)-1
	w.peers[i], w.at[i] = w.peers[last], w.at[last]
	w.peers[i].watch = i + 1
	w.peers[last] = nil
	w.peers, w.at = w.peers[:last], w.at[:last]
	p.watch = 0
}

// sweep calls the peers whose time is up. From the end, for a peer that leaves
// is replaced by the last one.
func (w *watchlist) sweep(now uint32) {
	for i := len(w.at) - 1; i >= 0; i-- {
		if i < len(w.at) && due(w.at[i], now) {
			w.at[i] = 0
			w.peers[i].expired()
		}
	}
}
