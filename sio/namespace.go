package sio

import (
	"sync"
	"sync/atomic"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// Namespace is one channel of a server: its own handlers, middlewares, rooms
// and sockets. Register what it does before it serves; a namespace made by
// [Server.OfFunc] or [Server.OfPattern] is a parent, whose children copy what
// is registered on it when their first client comes.
//
// All methods may be called from any goroutine.
type Namespace struct {
	srv    *Server
	name   string
	parent *Namespace // of a child of a dynamic namespace

	table atomic.Pointer[table]     // what is registered; replaced, never changed
	loops atomic.Pointer[[]*nsLoop] // by loop index; entries may be nil
	mu    sync.Mutex                // registration, loops, children

	acks  atomic.Int64 // the next ack id: one counter a namespace, as the reference
	count atomic.Int64 // sockets connected
	moves atomic.Int64 // broadcasts that join or leave, on their way to a loop
	refs  atomic.Int64 // sockets connecting and connected; dead when negative
	named atomic.Bool  // by Of: the program may have registered something on it

	rooms roomCount // for OnRoom

	store *store // for connection state recovery; nil where it is off
	held  budget // of the stores that share it

	match    func(name string, h *Handshake) bool // parents only
	pattern  bool                                 // match looks at the name alone
	children []*Namespace                         // appended to or replaced; no entry changes
}

// deadRefs is the count of a child that was cleaned up: far enough below zero
// that no late acquire brings it back.
const deadRefs = -1 << 40

// nsLoop is what a namespace has on one loop. Loop only.
type nsLoop struct {
	ls    *loopState
	slots []*Socket // connected sockets; nil entries are free
	free  []uint32
	rooms map[string]*room
	older map[string]*Socket // those of older clients by id; nil: none
}

// Name is the namespace's name, "/" or "/admin". For a parent it is a
// placeholder that begins with "/_".
func (n *Namespace) Name() string { return n.name }

// Server is the server of n.
func (n *Namespace) Server() *Server { return n.srv }

// Len is the number of sockets connected to n on this server.
func (n *Namespace) Len() int {
	if n.match != nil {
		sum := 0
		for _, c := range n.kids() {
			sum += c.Len()
		}
		return sum
	}
	return int(n.count.Load())
}

func (n *Namespace) kids() []*Namespace {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.children
}

// acquire counts one more socket in n. false: n was cleaned up, look again.
func (n *Namespace) acquire() bool {
	for {
		r := n.refs.Load()
		if r < 0 {
			return false
		}
		if n.refs.CompareAndSwap(r, r+1) {
			if r == 0 && n.parent != nil {
				n.srv.empty.Add(-1)
			}
			return true
		}
	}
}

// release undoes acquire, and removes an empty child where that is asked for, or
// where there are too many of them.
func (n *Namespace) release() {
	if n.refs.Add(-1) != 0 || n.parent == nil {
		return
	}
	empty := n.srv.empty.Add(1)
	if !n.srv.opts.CleanupEmpty && (n.named.Load() || empty <= int64(n.srv.opts.MaxEmpty)) {
		return
	}
	if n.refs.CompareAndSwap(0, deadRefs) {
		n.srv.empty.Add(-1)
		n.srv.removeChild(n)
	}
}

// on gives what n has on loop ls, and makes it if need be. Loop only.
func (n *Namespace) on(ls *loopState) *nsLoop {
	i := ls.loop.Index()
	if p := n.loops.Load(); p != nil && i < len(*p) && (*p)[i] != nil {
		return (*p)[i]
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	var old []*nsLoop
	if p := n.loops.Load(); p != nil {
		old = *p
	}
	list := make([]*nsLoop, max(len(old), i+1))
	copy(list, old)
	list[i] = &nsLoop{ls: ls}
	n.loops.Store(&list)
	return list[i]
}

// each gives what n has on its loops, nil entries among them.
func (n *Namespace) each() []*nsLoop {
	if p := n.loops.Load(); p != nil {
		return *p
	}
	return nil
}

// add gives s a slot. Loop only.
func (l *nsLoop) add(s *Socket) {
	if k := len(l.free); k > 0 {
		s.slot = l.free[k-1]
		l.free = l.free[:k-1]
		l.slots[s.slot] = s
		return
	}
	s.slot = uint32(len(l.slots))
	if l.ls.srv.Namespace == s.nsp { // where everybody is
		l.slots = pool.Room(l.slots)
	}
	l.slots = append(l.slots, s)
}

// remove frees the slot of s. Loop only.
func (l *nsLoop) remove(s *Socket) {
	if s.older {
		delete(l.older, s.ID())
	}
	l.slots[s.slot] = nil
	if len(l.free) >= pool.TableFirst {
		l.free = pool.Room(l.free)
	}
	l.free = append(l.free, s.slot)
	if len(l.free) == len(l.slots) { // empty: forget the high-water mark
		l.slots, l.free = l.slots[:0], l.free[:0]
		if cap(l.slots) > keepSlots {
			l.slots, l.free = nil, nil
		}
	}
}

// keepSlots is the table an empty namespace keeps, in entries.
const keepSlots = 1024

// byID finds the socket whose id is the given one, nil if it is not here.
func (l *nsLoop) byID(id string) *Socket {
	if slot, ok := slotOf(id, l.ls.loop.Index()); ok && int(slot) < len(l.slots) {
		if s := l.slots[slot]; s != nil && b2s(s.id[:]) == id {
			return s
		}
	}
	if len(l.older) > 0 {
		return l.older[id]
	}
	return nil
}

// mayBeID says that the name may be a socket's id, too.
func (l *nsLoop) mayBeID(name string) bool {
	return len(name) == idLen || len(l.older) > 0 && l.older[name] != nil
}

// To selects the sockets in room. A socket's id is a room with that socket in
// it. Further calls of To add rooms; each socket is met once. Any goroutine.
func (n *Namespace) To(room string) Broadcast { return n.all().To(room) }

// In is To. Any goroutine.
func (n *Namespace) In(room string) Broadcast { return n.all().To(room) }

// Except selects every socket that is not in room. Any goroutine.
func (n *Namespace) Except(room string) Broadcast { return n.all().Except(room) }

// Local selects every socket of this server, and no other server's. Any
// goroutine.
func (n *Namespace) Local() Broadcast { return n.all().Local() }

// Volatile selects every socket; those that cannot be written to at once are
// passed over. Any goroutine.
func (n *Namespace) Volatile() Broadcast { return n.all().Volatile() }

// Compress says whether what is emitted may be compressed. Any goroutine.
func (n *Namespace) Compress(on bool) Broadcast { return n.all().Compress(on) }

func (n *Namespace) all() Broadcast { return Broadcast{n: n, flags: n.srv.emitFlags()} }

var _ eio.Task = (*fanout)(nil)
