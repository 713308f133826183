package eio

import "github.com/sio-fast/sio-fast/pool"

const (
	// corkSize is how much is copied together to save a send: up to about this
	// size the copy is cheaper than a second buffer in a writev.
	corkSize = 16 << 10
	// flushAt is the queued size at which a peer that is not held up is flushed
	// at once instead of at the end of the round.
	flushAt = 64 << 10
	// maxVec is how many buffers one SendV gets: far under IOV_MAX, and enough
	// that the system call is a small part of the work.
	maxVec = 64
)

// pending is the peer's unsent bytes.
func (p *Peer) pending() int {
	n := 0
	if p.out != nil {
		n = p.out.bytes
	}
	if p.loop.corkPeer == p {
		n += len(p.loop.cork)
	}
	if p.flags&pfBurst != 0 {
		n += p.loop.burst.unsent(p)
	}
	return n
}

// write sends a copy of b: into the loop's cork where that is allowed, else
// into the peer's queue. The cork is one buffer a loop, held by the peer whose
// bytes were read last or that a lone task writes to: what it says meanwhile
// leaves in one send without a queue, a reference or a pool.
func (p *Peer) write(b []byte) {
	l := p.loop
	p.leaveBurst()
	if p.flags&pfCut != 0 {
		return
	}
	if p.corks(len(b)) {
		l.cork = append(l.cork, b...)
		return
	}
	if p.out == nil && l.direct(p) && len(b) > corkSize {
		p.sendNow(b, nil)
		return
	}
	p.queue().append(b)
	p.queued()
}

// send sends f, which it borrows and retains if it must queue.
func (p *Peer) send(f *pool.Shared) {
	l := p.loop
	p.leaveBurst()
	if p.flags&pfCut != 0 {
		return
	}
	switch {
	case l.eager && p.out == nil && l.corkPeer != p:
		p.sendAlong(f)
		return
	case p.corks(len(f.B)):
		l.cork = append(l.cork, f.B...)
		return
	case p.out == nil && l.direct(p):
		p.sendNow(f.B, f)
		return
	}
	q := p.queue()
	if p.flags&pfBlocked != 0 {
		q.hold(f, 0)
		p.tellBacklog()
		return
	}
	f.Retain()
	q.push(f, 0)
	p.queued()
}

// direct says that the peer may send at once; what it has in the cork goes
// first.
func (l *Loop) direct(p *Peer) bool {
	if !l.eager && l.cur != p {
		return false
	}
	if l.corkPeer == p {
		l.flushCork()
		return p.out == nil
	}
	return true
}

// corks says that n bytes of p may be appended to the loop's cork, and takes it
// over for p if so.
func (p *Peer) corks(n int) bool {
	l := p.loop
	p.leaveBurst()
	switch {
	case p.out != nil || n > corkSize:
		return false
	case l.corkPeer == p && len(l.cork)+n <= corkSize:
		return true
	case l.corkPeer != p && l.cur != p && !l.eager:
		return false
	}
	if l.corkPeer == p || l.corkPeer != nil && !l.corkAlong() {
		l.flushCork()
	}
	if p.out != nil || p.flags&(pfCut|pfBurst) != 0 || l.corkPeer != nil && l.corkPeer != p {
		return false
	}
	l.corkPeer = p
	return true
}

// flushCork sends what the cork holds.
func (l *Loop) flushCork() {
	p := l.corkPeer
	if p == nil {
		return
	}
	l.corkPeer = nil
	if p.out != nil || p.flags&pfCut != 0 { // cannot be: whoever queues flushes the cork first
		l.cork = l.cork[:0]
		return
	}
	// A send that fails may end sessions, which say goodbye on other connections:
	// what they cork stands behind b, not in its place.
	b := l.cork
	l.cork = b[len(b):]
	p.sendNow(b, nil)
	if l.corkPeer == nil {
		l.cork = b[:0]
	}
	p.drained()
}

// sendNow sends b, the bytes of f if that is not nil, in a system call of its own.
func (p *Peer) sendNow(b []byte, f *pool.Shared) {
	n := 0
	if p.flags&pfBlocked == 0 {
		var err error
		if n, err = p.conn.Send(b); err != nil {
			p.broken(err)
			p.discarded(len(b))
			return
		}
	}
	p.took(b, n, f)
}

// took notes that the kernel took n bytes of b, and queues the others: as a
// reference to f, whose bytes b is, or as a copy where f is nil.
func (p *Peer) took(b []byte, n int, f *pool.Shared) {
	p.loop.stats.BytesOut += uint64(n)
	if n >= len(b) {
		if p.loop.hooks != nil {
			p.loop.hooks.wrote(p, n)
		}
		return
	}
	p.flags |= pfBlocked
	switch {
	case p.keeps():
		p.queue().tearOff(b, n, f)
	case f == nil:
		p.queue().append(b[n:])
	default:
		p.queue().hold(f, n)
	}
	if p.loop.hooks != nil && n > 0 {
		p.loop.hooks.wrote(p, n)
	}
	p.tellBacklog()
}

// queue is the peer's queue, made if there is none. What is in the cork goes
// before it.
func (p *Peer) queue() *outq {
	p.leaveBurst()
	if p.out == nil {
		if p.loop.corkPeer == p {
			p.loop.flushCork()
			if p.out != nil {
				return p.out
			}
		}
		p.out = p.loop.newQueue()
	}
	return p.out
}

// queued is called after something was queued: the peer is flushed at the end
// of the round, or now if that is a lot.
func (p *Peer) queued() {
	if p.flags&(pfBlocked|pfCut) != 0 {
		return
	}
	if p.out.bytes > flushAt {
		p.flush()
		return
	}
	if p.flags&pfDirty == 0 {
		p.flags |= pfDirty
		p.loop.dirty = append(p.loop.dirty, p)
	}
}

// flush sends what is queued, as far as the kernel takes it.
func (p *Peer) flush() {
	l := p.loop
	if l.corkPeer == p {
		l.flushCork()
	}
	p.leaveBurst()
	q := p.out
	if q == nil || p.flags&(pfBlocked|pfCut) != 0 {
		return
	}
	for q.bytes > 0 {
		n, want, err := p.sendSome(q)
		if err != nil {
			p.broken(err)
			return
		}
		if !p.tookOf(q, n, want) {
			return
		}
	}
	p.emptied(q)
	p.drained()
}

// tookOf notes that the kernel took n of the first want bytes of q, the peer's
// queue. false: it is full.
func (p *Peer) tookOf(q *outq, n, want int) bool {
	l := p.loop
	l.stats.BytesOut += uint64(n)
	q.consume(n)
	if l.hooks != nil {
		l.hooks.wrote(p, n)
	}
	if n >= want {
		return true
	}
	p.flags |= pfBlocked
	if !p.keeps() {
		q.settle()
	}
	p.tellBacklog()
	return false
}

// emptied takes q away, all of which is sent.
func (p *Peer) emptied(q *outq) {
	p.out = nil
	q.drop()
	p.loop.outqs.Put(q)
	if s := p.sess; s != nil && s.peer == p && s.unsent.Load() != 0 {
		s.unsent.Store(0)
		if s.waits.Load() { // in this order: see Reserve
			p.flags |= pfHeld
		}
	}
}

// sendSome sends the head of q in one system call: one item as it is, small
// ones copied together, large ones by reference.
func (p *Peer) sendSome(q *outq) (n, want int, err error) {
	l := p.loop
	items := q.items[q.head:]
	first := items[0].B[q.off:]
	if len(items) == 1 {
		n, err = p.conn.Send(first)
		return n, len(first), err
	}
	if len(first)+len(items[1].B) <= corkSize {
		buf := append(l.gather[:0], first...)
		for _, f := range items[1:] {
			if len(buf)+len(f.B) > corkSize {
				break
			}
			buf = append(buf, f.B...)
		}
		l.gather = buf
		n, err = p.conn.Send(buf)
		return n, len(buf), err
	}
	vec := append(l.vec[:0], first)
	want = len(first)
	for _, f := range items[1:min(len(items), maxVec)] {
		vec = append(vec, f.B)
		want += len(f.B)
	}
	n, err = p.conn.SendV(vec)
	clear(vec)
	l.vec = vec[:0]
	return n, want, err
}

// drained is called when the last byte has gone to the kernel.
func (p *Peer) drained() {
	if p.out != nil || p.flags&pfCut != 0 {
		return
	}
	if p.flags&pfHeld != 0 {
		p.flags &^= pfHeld
		if p.state == stWebsocket && p.sess != nil {
			p.sess.drained()
		}
	}
	if p.flags&pfEnding != 0 {
		p.ended()
	}
	p.readyNext()
}

// Writable says that the kernel has room again after a short Send. Loop only.
func (p *Peer) Writable() {
	l := p.loop
	l.begin(nil)
	defer l.leave(p)
	if p.flags&pfBlocked == 0 || p.flags&pfCut != 0 {
		return
	}
	p.flags = p.flags&^pfBlocked | pfHeld
	if p.state == stHead && p.flags&pfStarted == 0 {
		l.watch.set(p, l.mux.idleTimeout().Milliseconds()) // it reads, if slowly
	}
	p.flush()
}
