package sio

import "sync/atomic"

// counters count what happens on one loop. Any goroutine reads them.
type counters struct {
	in      atomic.Uint64
	out     atomic.Uint64
	dropped atomic.Uint64
	refused atomic.Uint64
}

// Stats are figures of a server, since it was made unless they say now.
type Stats struct {
	Clients    int    // sessions open now
	Sockets    int    // sockets connected now, over all namespaces
	Namespaces int    // namespaces that exist now, parents not
	Received   uint64 // messages received
	Delivered  uint64 // events given to sockets by broadcasts
	Dropped    uint64 // the same, dropped: volatile and not writable, refused, or closed
	Refused    uint64 // events refused for a client's backlog, of emits and broadcasts
	Panics     uint64 // handlers that panicked
	Recovery   RecoveryStats
	Adapter    AdapterStats // zero without Options.Adapter
}

// Stats gives the figures of now. Any goroutine.
func (s *Server) Stats() Stats {
	st := Stats{Clients: s.engine.Clients(), Panics: s.panics.Load()}
	if s.member != nil {
		st.Adapter = s.member.stats()
	}
	for _, n := range s.Namespaces() {
		st.Namespaces++
		st.Sockets += n.Len()
		if n.store != nil {
			f := n.store.figures()
			st.Recovery.add(&f)
		}
	}
	for _, ls := range s.each() {
		if ls != nil {
			st.Received += ls.count.in.Load()
			st.Delivered += ls.count.out.Load()
			st.Dropped += ls.count.dropped.Load()
			st.Refused += ls.count.refused.Load()
		}
	}
	return st
}
