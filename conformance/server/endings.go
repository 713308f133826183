package main

import (
	"slices"
	"sync"

	"github.com/sio-fast/sio-fast/sio"
)

// ending is how a socket ended: the answer to reason-of.
type ending struct {
	Reason sio.Reason `json:"reason"`
	Rooms  []string   `json:"rooms"`
}

// endings remembers the last sockets that ended, for whoever asks before or
// after it happened.
type endings struct {
	mu      sync.Mutex
	known   map[string]ending
	order   []string // the ids of known, oldest first
	waiting map[string][]func(ending)
}

const keptEndings = 100_000

func newEndings() *endings {
	return &endings{known: map[string]ending{}, waiting: map[string][]func(ending){}}
}

// watch registers with n. The rooms are those of the moment at which the socket
// begins to disconnect.
func (r *endings) watch(n *sio.Namespace) {
	var left sync.Map // *sio.Socket to its rooms, between the two calls
	n.OnDisconnecting(func(s *sio.Socket, _ sio.Reason) { left.Store(s, roomsOf(s)) })
	n.OnDisconnect(func(s *sio.Socket, why sio.Reason) {
		names, _ := left.LoadAndDelete(s)
		in, _ := names.([]string)
		r.put(s.ID(), ending{why, in})
	})
}

func (r *endings) put(id string, e ending) {
	r.mu.Lock()
	r.known[id] = e
	if r.order = append(r.order, id); len(r.order) > keptEndings {
		delete(r.known, r.order[0])
		r.order = slices.Delete(r.order, 0, 1)
	}
	tell := r.waiting[id]
	delete(r.waiting, id)
	r.mu.Unlock()
	for _, fn := range tell {
		fn(e)
	}
}

// ask has fn hear how the socket ended, now or once it has.
func (r *endings) ask(id string, fn func(ending)) {
	r.mu.Lock()
	e, ok := r.known[id]
	if !ok {
		r.waiting[id] = append(r.waiting[id], fn)
	}
	r.mu.Unlock()
	if ok {
		fn(e)
	}
}

// roomsOf is the sorted list of the socket's rooms without its own id, never
// nil.
func roomsOf(s *sio.Socket) []string { return sortedRooms(s.ID(), s.Rooms()) }

func sortedRooms(id string, in []string) []string {
	names := []string{}
	for _, name := range in {
		if name != id {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
