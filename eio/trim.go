package eio

// Trimmer is a [Handler] that keeps something for each session, or for later,
// and can do with less. OnTrim is called on the loop, by [Loop.Trim].
type Trimmer interface{ OnTrim(l *Loop) }

// Trim gives back what only a crowd has needed: the tails of tables, free
// values, the room of lists that are empty. It looks at every slot once, so it
// is for the driver to call when the number of sessions has changed a lot and
// come to rest. What traffic there is makes anew what it needs. Loop only.
func (l *Loop) Trim() {
	l.begin(nil)
	defer l.leave(nil)
	l.table.trim()
	l.watch.trim()
	l.wheel.trim()
	l.trimLists()
	// So many are in use at once when everybody is written to.
	l.outqs.Trim(l.table.live)
	l.exchanges.Trim(l.table.live)
	l.pollings.Trim(l.table.live)
	for _, e := range l.mux.engines {
		if t, ok := e.handler.(Trimmer); ok {
			l.timed = true
			t.OnTrim(l)
		}
	}
}

// trimLists drops the lists of a round that are empty now, and buffers.
func (l *Loop) trimLists() {
	if l.pos == len(l.ops) {
		l.ops, l.pos = nil, 0
		l.inbox.Trim()
	}
	if len(l.dirty)+len(l.polls)+len(l.ready)+len(l.ends)+len(l.drains) == 0 {
		l.dirty, l.polls, l.ready, l.ends, l.drains = nil, nil, nil, nil, nil
	}
	if l.corkPeer == nil {
		l.cork = nil
	}
	if len(l.burst.out) == 0 {
		l.burst.copied, l.burst.spare.copied = nil, nil
	}
	l.scratch, l.body, l.gather, l.vec = nil, nil, nil, nil
}

// trim gives back the room of a list that is mostly empty.
func (w *watchlist) trim() {
	if n := len(w.peers); cap(w.peers) > max(2*n, keepSlots) {
		w.peers = append(make([]*Peer, 0, n), w.peers...)
		w.at = append(make([]uint32, 0, n), w.at...)
	}
}
