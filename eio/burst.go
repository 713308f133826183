package eio

import (
	"errors"

	"github.com/sio-fast/sio-fast/pool"
)

// Outgoing is one of the sends that a [Sender] makes in one go.
type Outgoing struct {
	Conn Conn
	B    []byte // borrowed until SendAll returns
	N    int    // what the kernel took: as Conn.Send returns it
	Err  error  // the same
}

// Sender is what a [Waker] may implement besides: many sends in one system call.
type Sender interface {
	// SendAll does for each of list what Send of its Conn does with its B, in
	// their order, and stores what Send would return. No Conn stands there twice;
	// some may be of another driver, such as net/http's. Loop only.
	SendAll(list []Outgoing)
}

// sendEach is the [Sender] of a driver that is none.
type sendEach struct{ l *Loop }

// SendAll implements [Sender].
func (e sendEach) SendAll(list []Outgoing) {
	for i := range list {
		e.send(&list[i])
	}
}

func (e sendEach) send(o *Outgoing) {
	defer func() {
		if v := recover(); v != nil {
			e.l.panicked(v)
			o.Err = errPanic
		}
	}()
	o.N, o.Err = o.Conn.Send(o.B)
}

var errPanic = errors.New("panic")

const (
	// burstSize is how many sends are gathered: enough that the system call is a
	// small part of the work, and few enough that the first does not wait long.
	burstSize = 128
	// burstCopied is how many bytes of one queue are copied together to be one of
	// them.
	burstCopied = 4 << 10
)

// burst is what a loop has gathered to send: at most one piece for each peer,
// which has pfBurst set. It is sent when it is full, when the task or the round
// that filled it ends, and before anything else happens to one of its peers.
type burst struct {
	sender Sender
	batch
	spare batch // to gather in while it is seen to what has become of a batch
}

type batch struct {
	out    []Outgoing
	from   []source
	copied []byte // what B of out may be part of
}

// source is where the bytes of a send come from, and what is left of them stays.
type source struct {
	p *Peer
	f *pool.Shared // a message: see sendAlong
	q *outq        // or the peer's queue
} // or the cork: neither

// sendAlong has f sent with what else the loop sends now. The peer has nothing
// unsent. It borrows f: a message to many is retained once.
func (p *Peer) sendAlong(f *pool.Shared) {
	l := p.loop
	if l.each {
		p.sendNow(f.B, f)
		return
	}
	b := &l.burst
	if n := len(b.from); n == 0 || b.from[n-1].f != f {
		f.Retain()
	}
	p.enter(f.B, source{p: p, f: f})
}

// flushAlong is flush, with what else the loop sends now. false: there is too
// much of it.
func (p *Peer) flushAlong() bool {
	l, q := p.loop, p.out
	if q == nil || q.bytes == 0 || l.each || p.flags&(pfBlocked|pfCut|pfBurst) != 0 || l.corkPeer == p {
		return false
	}
	bytes := q.items[q.head].B[q.off:]
	if len(bytes) < q.bytes {
		if q.bytes > burstCopied {
			return false
		}
		b := &l.burst
		from := len(b.copied)
		b.copied = append(b.copied, bytes...)
		for _, f := range q.items[q.head+1:] {
			b.copied = append(b.copied, f.B...)
		}
		bytes = b.copied[from:]
	}
	p.enter(bytes, source{p: p, q: q})
	return true
}

// corkAlong has what the cork holds sent with what else the loop sends now. false:
// it is too much for that.
func (l *Loop) corkAlong() bool {
	p := l.corkPeer
	if len(l.cork) > burstCopied || p.out != nil || p.flags&(pfCut|pfBurst) != 0 || l.each {
		return false
	}
	b := &l.burst
	from := len(b.copied)
	b.copied = append(b.copied, l.cork...)
	l.corkPeer, l.cork = nil, l.cork[:0]
	p.enter(b.copied[from:], source{p: p})
	return true
}

func (p *Peer) enter(bytes []byte, from source) {
	b := &p.loop.burst
	p.flags |= pfBurst
	b.out = append(b.out, Outgoing{Conn: p.conn, B: bytes})
	b.from = append(b.from, from)
	if len(b.out) >= burstSize {
		p.loop.flushBurst()
	}
}

// leaveBurst sends the burst if p has something in it, so that p's flags and its
// session's state tell what has become of that.
func (p *Peer) leaveBurst() {
	if p.flags&pfBurst != 0 {
		p.loop.flushBurst()
	}
}

// unsent is how many bytes p has in the burst that are in no queue. Only for a
// peer with pfBurst.
func (b *burst) unsent(p *Peer) int {
	for i := range b.from {
		if s := &b.from[i]; s.p == p && s.q == nil {
			return len(b.out[i].B)
		}
	}
	return 0
}

// flushBurst sends what was gathered.
func (l *Loop) flushBurst() {
	b := &l.burst
	if len(b.out) == 0 {
		return
	}
	x := b.batch
	b.batch, b.spare = b.spare, batch{}
	l.sendAll(x.out)
	// First each peer becomes what its send has made of it, and only then comes
	// what follows from that, which may be sends.
	for i := range x.out {
		x.from[i].took(&x.out[i])
	}
	for i := range x.out {
		x.from[i].follow(&x.out[i])
	}
	x.reset()
	if b.spare.out == nil {
		b.spare = x
	}
}

// sendAll has the driver send what was gathered. If it panics nobody knows what
// went and what did not: all of it has failed.
func (l *Loop) sendAll(list []Outgoing) {
	defer func() {
		if v := recover(); v != nil {
			l.panicked(v)
			for i := range list {
				list[i].Err = errPanic
			}
		}
	}()
	l.burst.sender.SendAll(list)
}

// took notes what the kernel took of o.
func (s *source) took(o *Outgoing) {
	p := s.p
	p.flags &^= pfBurst
	switch {
	case o.Err != nil:
	case s.q == nil:
		p.took(o.B, o.N, s.f)
	case p.tookOf(s.q, o.N, len(o.B)) && s.q.bytes == 0:
		p.emptied(s.q)
	}
}

// follow does what follows from that.
func (s *source) follow(o *Outgoing) {
	p := s.p
	switch {
	case o.Err != nil:
		p.broken(o.Err)
		if s.q == nil { // else it went with the queue
			p.discarded(len(o.B))
		}
	case s.q != nil && p.out == s.q:
		p.flush() // more has come behind it, or the kernel is full
	case s.f == nil || p.flags&pfHeld != 0:
		p.drained()
	}
}

// reset lets go of everything but the room.
func (x *batch) reset() {
	for i, s := range x.from {
		if s.f != nil && (i == 0 || x.from[i-1].f != s.f) {
			s.f.Release()
		}
	}
	clear(x.out)
	clear(x.from)
	x.out, x.from, x.copied = x.out[:0], x.from[:0], x.copied[:0]
}
