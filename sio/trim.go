package sio

import (
	"maps"

	"github.com/sio-fast/sio-fast/eio"
)

const (
	keepFree  = 64      // free values of each kind, after a crowd has gone
	trimRooms = 1 << 12 // rooms that can be moved to a new map without a pause
)

// OnTrim implements [eio.Trimmer]. Loop only.
func (h handler) OnTrim(l *eio.Loop) {
	ls := h.srv.on(l)
	ls.acks.Trim(keepFree)
	ls.rooms.Trim(keepFree)
	ls.partials.Trim(keepFree)
	ls.known = knowns{} // of namespaces that are gone
	ls.args = nil
	for _, n := range h.srv.Namespaces() {
		if loops := n.each(); l.Index() < len(loops) && loops[l.Index()] != nil {
			loops[l.Index()].trim()
		}
	}
}

// trim gives back what more sockets and rooms have needed: the slots behind the
// last socket, where they are at least half, and the rooms' map, for a map does
// not get smaller by itself. Loop only.
func (l *nsLoop) trim() {
	if len(l.rooms) <= trimRooms {
		l.rooms = maps.Clone(l.rooms)
	}
	n := len(l.slots)
	for n > 0 && l.slots[n-1] == nil {
		n--
	}
	if cap(l.slots) < max(2*n, keepSlots) {
		return
	}
	l.slots = append(make([]*Socket, 0, n), l.slots[:n]...)
	l.free = nil
	for slot := n - 1; slot >= 0; slot-- { // the lowest is taken first
		if l.slots[slot] == nil {
			l.free = append(l.free, uint32(slot))
		}
	}
}
