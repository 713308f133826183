package eio

// Polling sessions between two polls hold no connection, so the number of
// descriptors does not bound them: one connection could open sessions without
// end, each of which would live until its heartbeat is missed. A loop therefore
// keeps those for which no GET waits in the order in which they were last heard
// of, and only so much memory of them: the one that has been silent longest
// makes room. A client that polls is on this list for a round trip at a time.
//
//	first ─► … ─► last        handshake, POST, answered GET: to the end
//	  └─ ends, when bytes exceed Mux.MaxIdlePolling
type idleList struct {
	first, last *polling
	bytes       int // what they hold
}

// idlePolling is what a polling session costs beside its request.
const idlePolling = 1024

// touch puts pl at the end of the list, as the one heard of last.
func (i *idleList) touch(pl *polling) {
	i.drop(pl)
	if pl.cost == 0 {
		pl.cost = idlePolling + len(pl.s.req.b)
	}
	pl.idle, pl.prev = true, i.last
	if i.last == nil {
		i.first = pl
	} else {
		i.last.next = pl
	}
	i.last = pl
	i.bytes += pl.cost
}

// drop takes pl off the list, if it is there.
func (i *idleList) drop(pl *polling) {
	if !pl.idle {
		return
	}
	if pl.prev == nil {
		i.first = pl.next
	} else {
		pl.prev.next = pl.next
	}
	if pl.next == nil {
		i.last = pl.prev
	} else {
		pl.next.prev = pl.prev
	}
	pl.prev, pl.next, pl.idle = nil, nil, false
	i.bytes -= pl.cost
}

// heardOf notes that the session's client has just done something, and that no
// GET of it waits. Sessions that have been silent longer may end for that.
func (l *Loop) heardOf(pl *polling) {
	l.idle.touch(pl)
	for limit := l.mux.maxIdlePolling(); l.idle.bytes > limit && l.idle.first != pl; {
		l.idle.first.s.end(ReasonForced, "too many polling sessions that do not poll", endOrderly)
	}
}
