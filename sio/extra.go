package sio

import (
	"context"
	"slices"
	"sync/atomic"
)

// extra is what most sockets never need: it is made with the first room, ack,
// value or handler.
type extra struct {
	id string // of a socket of an older client; set before anybody knows the socket

	// Under Socket.mu: what a caller sees at once.
	names  []string            // rooms, without the socket's own
	index  map[string]struct{} // the same, from manyNames on
	size   int                 // of the names, in bytes
	posted int                 // joins and leaves on their way to the loop
	moved  bool                // a broadcast has joined or left meanwhile
	data   map[string]any
	ctx    context.Context
	cancel context.CancelCauseFunc
	detail string // of the end

	// Under store.mu: connection state recovery.
	pid     string // by which the client can claim the socket; "": it cannot
	claimed *saved // what it comes back with, until it is let in

	// Replaced under Socket.mu, read by the loop.
	handlers atomic.Pointer[map[string]*entry]

	// Loop only: what follows in the loop's order.
	in       []membership
	acks     *pendingAck // oldest first
	lastAck  *pendingAck
	ackCount int
	ackIndex map[int64]*pendingAck // the same by id, from manyAcks on
}

// manyNames is the number of rooms from which a set is kept beside the list.
const manyNames = 32

// extra gives the socket's extra and makes it if need be. Any goroutine.
func (s *Socket) extra() *extra {
	if x := s.more.Load(); x != nil {
		return x
	}
	x := new(extra)
	if s.more.CompareAndSwap(nil, x) {
		return x
	}
	return s.more.Load()
}

// hasName says whether room is in the list. Under Socket.mu.
func (x *extra) hasName(room string) bool {
	if x.index != nil {
		_, ok := x.index[room]
		return ok
	}
	return slices.Contains(x.names, room)
}

// addName puts room into the list. Under Socket.mu.
func (x *extra) addName(room string) {
	x.names = append(x.names, room)
	x.size += len(room)
	if x.index == nil && len(x.names) >= manyNames {
		x.index = make(map[string]struct{}, 2*manyNames)
		for _, n := range x.names {
			x.index[n] = struct{}{}
		}
	} else if x.index != nil {
		x.index[room] = struct{}{}
	}
}

// dropName takes room out of the list. Under Socket.mu.
func (x *extra) dropName(room string) {
	if i := slices.Index(x.names, room); i >= 0 {
		x.size -= len(room)
		last := len(x.names) - 1
		x.names[i] = x.names[last]
		x.names[last] = ""
		x.names = x.names[:last]
	}
	if x.index != nil {
		delete(x.index, room)
	}
}

// dropNames empties the list. Under Socket.mu.
func (x *extra) dropNames() {
	clear(x.names)
	x.names, x.index, x.size = x.names[:0], nil, 0
}

// fits says whether room may join the others: names may come from a client, who
// would otherwise have the server keep some megabytes for each. Under Socket.mu.
func (x *extra) fits(room string, most int) bool {
	return len(x.names) < most && x.size+len(room) <= most*meanName
}

// meanName is how long in bytes the names of a socket's rooms may be on average,
// if there are as many as there may be.
const meanName = 256

// Context is done when the socket disconnects; its cause is then
// [ErrDisconnected]. Any goroutine.
func (s *Socket) Context() context.Context {
	x := s.extra()
	s.mu.Lock()
	defer s.mu.Unlock()
	if x.ctx == nil {
		x.ctx, x.cancel = context.WithCancelCause(context.Background())
		if s.closed() {
			x.cancel(ErrDisconnected)
		}
	}
	return x.ctx
}
