package sio

import (
	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// SlowPolicy says what becomes of an event for a client whose backlog is above
// Options.MaxBacklog. Volatile events are not concerned: they are dropped as
// soon as a client is not writable.
type SlowPolicy uint8

const (
	// Cut closes the client with [ReasonSlow]. It is the default.
	Cut SlowPolicy = iota
	// Refuse keeps the client and drops the event, the whole of it. Whoever
	// emitted it is told: by [ErrSlow], or for a broadcast by
	// [Namespace.OnRefused]. When the client has taken everything,
	// [Namespace.OnDrain] runs. A client that never reads again is closed by its
	// heartbeat.
	Refuse
)

// flags is p as the engine has it, in fl.
func (p SlowPolicy) flags(fl eio.SendFlags) eio.SendFlags {
	fl &^= eio.Refuse
	if p == Refuse {
		fl |= eio.Refuse
	}
	return fl
}

// WhenSlow gives an emitter that treats a client that is too slow as p says,
// whatever Options.WhenSlow does. With [Refuse] an emit returns [ErrSlow] at
// once if the client has no room, and what it has taken is never refused
// afterwards: until OnDrain the caller can pause, and nothing is lost. Any
// goroutine. Does not allocate.
func (s *Socket) WhenSlow(p SlowPolicy) Emitter { return s.emitter().WhenSlow(p) }

// WhenSlow is [Socket.WhenSlow]. Any goroutine. Does not allocate.
func (e Emitter) WhenSlow(p SlowPolicy) Emitter { e.flags = p.flags(e.flags); return e }

// WhenSlow treats the clients that are too slow as p says, whatever
// Options.WhenSlow does. With [Refuse] they are passed over, counted in
// Stats.Refused, and [Namespace.OnRefused] hears of each; those asked for an ack
// give [ErrSlow] at once. Any goroutine. Does not allocate.
func (b Broadcast) WhenSlow(p SlowPolicy) Broadcast { b.flags = p.flags(b.flags); return b }

// WhenSlow selects every socket; see [Broadcast.WhenSlow]. Any goroutine.
func (n *Namespace) WhenSlow(p SlowPolicy) Broadcast { return n.all().WhenSlow(p) }

// OnDrain has fn run when a client that could not take more has taken
// everything: what paused may go on. It could not take more when its connection
// was full, or when one of its events was refused; over polling only the latter
// counts, for there every event waits. fn runs on the loop and must not block.
// A socket that ends is not heard of here any more, but by OnDisconnect.
func (n *Namespace) OnDrain(fn func(s *Socket)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.drain = append(t.drain[:len(t.drain):len(t.drain)], fn) })
}

// OnRefused has fn hear of each event of a broadcast that s was not given
// because its backlog had no room (see [Refuse]). An emit to one socket is not
// heard of: it has returned [ErrSlow]. fn runs on the loop, in the middle of the
// broadcast, and must not block. With it, a broadcast that may be refused
// allocates the event's name.
func (n *Namespace) OnRefused(fn func(s *Socket, event string)) {
	notNil(fn == nil)
	n.change(func(t *table) { t.refused = append(t.refused[:len(t.refused):len(t.refused)], fn) })
}

// Backlog is the number of bytes that the socket's client has been sent and that
// neither the kernel nor a poll has taken. It is 0 for a client that keeps up.
// All sockets of a client share it. Any goroutine. Does not allocate.
func (s *Socket) Backlog() int { return s.client.session.Unsent() }

// reserve makes room for f where the emitter wants to be told that there is
// none. On an error f is released.
func (s *Socket) reserve(f *pool.Shared, fl eio.SendFlags) (eio.SendFlags, error) {
	if fl&(eio.Refuse|eio.Volatile) != eio.Refuse {
		return fl, nil
	}
	if !s.client.session.Reserve(len(f.B)) {
		s.client.ls.count.refused.Add(1)
		f.Release()
		return 0, ErrSlow
	}
	return fl | eio.Reserved, nil
}

// unsent is the error for an event that the session has just not taken; nil: it
// has ended, and will say so itself. Loop only.
func (s *Socket) unsent(fl eio.SendFlags) error {
	switch {
	case fl&eio.Volatile != 0:
		return ErrDropped
	case fl&eio.Refuse != 0 && !s.client.session.Closed():
		return ErrSlow
	}
	return nil
}

// missed counts an event that a broadcast did not bring to s, and tells of it if
// it was refused.
func (t *fanout) missed(s *Socket, event string) {
	t.dropped++
	if s.unsent(t.b.flags) != ErrSlow {
		return
	}
	t.l.ls.count.refused.Add(1)
	for _, f := range t.n.table.Load().refused {
		s.tellRefused(f, event)
	}
}

func (s *Socket) tellRefused(f func(*Socket, string), event string) {
	defer s.recovered(event)
	f(s, event)
}
