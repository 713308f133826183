package eio

import "slices"

// moveTo gives the connection to another loop, with the bytes b that are not
// done with. After true the peer belongs to that loop and must not be touched;
// after false what b held is no more.
func (p *Peer) moveTo(to *Loop, b []byte) bool {
	from := p.loop
	p.keep(b)
	if from.corkPeer == p {
		from.flushCork()
	}
	if p.leaveBurst(); p.flags&pfCut != 0 || p.out != nil {
		return false // answers are still on their way: rare, and not worth it
	}
	from.watch.forget(p)
	// Nothing of this loop may so much as look at p once another has it.
	if p.flags&pfDirty != 0 {
		from.dirty = without(from.dirty, p)
	}
	if p.flags&pfReady != 0 {
		from.ready = without(from.ready, p)
	}
	p.flags &^= pfDirty | pfReady
	from.cur = nil
	p.loop = to
	if p.conn.Move(to, p) {
		return true
	}
	p.loop = from
	from.watch.set(p, from.mux.requestTimeout().Milliseconds())
	return false
}

// without takes p out of list, in place.
func without(list []*Peer, p *Peer) []*Peer {
	if i := slices.Index(list, p); i >= 0 {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// Moved says that the connection has arrived on the loop it was given to, whose
// goroutine calls it. It flushes. Loop only.
func (p *Peer) Moved(c Conn) {
	l := p.loop
	l.begin(p)
	defer l.leave(p)
	p.conn = c
	l.watch.set(p, l.mux.requestTimeout().Milliseconds())
	p.feed(nil)
	l.cur = nil
	l.flush()
}
