package sio

import (
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/pool"
)

// Broadcast is a selection of a namespace's sockets, and how to send to them.
// It is a value: every method gives a new one, so one can be kept, shared and
// used many times. An event is encoded and framed once, whatever the number of
// sockets.
type Broadcast struct {
	n       *Namespace
	from    *Socket // is passed over
	rooms   roomSet // empty: everybody
	except  roomSet
	timeout time.Duration
	flags   eio.SendFlags
	local   bool // not for other servers
}

// roomSet is a few room names without an allocation, and more with one.
type roomSet struct {
	first [inSet]string
	more  []string
	taken *atomic.Int32 // entries of more's array that belong to some set
	n     int
}

const inSet = 3

// with adds a name. The set it was called on stays as it was: of the sets that
// share an array, the first to ask gets the next entry, the others copy. So a
// long list, added name by name, is not copied for each of them.
func (r roomSet) with(name string) roomSet {
	k := len(r.more)
	switch {
	case r.n < inSet:
		r.first[r.n] = name
	case k < cap(r.more) && r.taken.CompareAndSwap(int32(k), int32(k+1)):
		r.more = append(r.more, name)
	default:
		r.more = append(append(make([]string, 0, 2*k+4), r.more...), name)
		r.taken = new(atomic.Int32)
		r.taken.Store(int32(k + 1))
	}
	r.n++
	return r
}

func (r *roomSet) at(i int) string {
	if i < inSet {
		return r.first[i]
	}
	return r.more[i-inSet]
}

// To adds room: a socket is selected if it is in any of the rooms, and met
// once. Any goroutine. Does not allocate for up to three rooms.
func (b Broadcast) To(room string) Broadcast { b.rooms = b.rooms.with(room); return b }

// In is To. Any goroutine.
func (b Broadcast) In(room string) Broadcast { return b.To(room) }

// Except leaves out the sockets in room. Any goroutine. Does not allocate for
// up to three rooms.
func (b Broadcast) Except(room string) Broadcast { b.except = b.except.with(room); return b }

// Volatile passes over the sockets that cannot be written to at once. Any
// goroutine. Does not allocate.
func (b Broadcast) Volatile() Broadcast { b.flags |= eio.Volatile; return b }

// Local keeps the broadcast on this server: see [Adapter]. Any goroutine. Does
// not allocate.
func (b Broadcast) Local() Broadcast { b.local = true; return b }

// Compress says whether the event may be compressed. Any goroutine. Does not
// allocate.
func (b Broadcast) Compress(on bool) Broadcast {
	b.flags &^= eio.NoCompress
	if !on {
		b.flags |= eio.NoCompress
	}
	return b
}

// Timeout bounds the wait for acks. Any goroutine. Does not allocate.
func (b Broadcast) Timeout(d time.Duration) Broadcast { b.timeout = d; return b }

// To selects the sockets in room, but not s. Any goroutine. Does not allocate.
func (s *Socket) To(room string) Broadcast { return s.Broadcast().To(room) }

// Except selects the namespace's sockets that are not in room, and not s. Any
// goroutine. Does not allocate.
func (s *Socket) Except(room string) Broadcast { return s.Broadcast().Except(room) }

// Broadcast selects every socket of the namespace but s. Any goroutine. Does
// not allocate.
func (s *Socket) Broadcast() Broadcast {
	return Broadcast{n: s.nsp, from: s, flags: s.nsp.srv.emitFlags()}
}

// Emit sends event with args to every socket selected. It returns [ErrReserved]
// for a reserved name, [ErrClosed] after Close, and the encoder's error; a slow
// socket is not an error (see Options.WhenSlow). With an [Adapter] it returns
// that one's error, too: the sockets of this server have got it then. Any
// goroutine.
func (b Broadcast) Emit(event string, args ...any) error {
	sc, err := encode(args)
	if err != nil {
		return err
	}
	err = b.emit(event, sc.args, sc.bins)
	sc.free()
	return err
}

// EmitRaw is Emit for arguments that are JSON already: a comma-separated list
// without brackets. It borrows args and does not check them (see
// [Socket.EmitRaw]). Any goroutine. Does not allocate.
func (b Broadcast) EmitRaw(event string, args []byte) error { return b.emit(event, args, nil) }

func (b *Broadcast) emit(event string, args []byte, bins [][]byte) error {
	if err := b.mayEmit(event); err != nil {
		return err
	}
	if b.n.match == nil {
		return b.emitIn(b.n, event, args, bins)
	}
	for _, child := range b.n.kids() {
		if err := b.emitIn(child, event, args, bins); err != nil {
			return err
		}
	}
	return nil
}

func (b *Broadcast) emitIn(n *Namespace, event string, args []byte, bins [][]byte) error {
	if err := b.emitHere(n, event, args, bins); err != nil {
		return err
	}
	if m := b.elsewhere(); m != nil {
		return m.broadcast(b, n, event, args, bins)
	}
	return nil
}

// emitHere sends to the sockets of this server.
func (b *Broadcast) emitHere(n *Namespace, event string, args []byte, bins [][]byte) (err error) {
	if n.store != nil && b.flags&eio.Volatile == 0 {
		return n.store.emit(b, event, args, bins)
	}
	f := pool.NewShared()
	if f.B, err = n.srv.frameEvent(f.B, n.name, -1, event, args, bins); err != nil {
		f.Release()
		return err
	}
	b.spread(n, action{kind: actSend, frame: f, event: event}, args)
	return nil
}

// Send sends what p has prepared. It returns what [Broadcast.Emit] does. Any
// goroutine. Does not allocate.
func (b Broadcast) Send(p *Prepared) error {
	return b.emit(p.Event(), p.args(), p.bins)
}

func (b *Broadcast) mayEmit(event string) error {
	if reserved(event) {
		return ErrReserved
	}
	if b.n.srv.closed.Load() {
		return ErrClosed
	}
	return nil
}

// Join puts every socket selected into rooms. Any goroutine.
func (b Broadcast) Join(rooms ...string) {
	for _, room := range rooms {
		b.act(action{kind: actJoin, room: room})
	}
	if m := b.elsewhere(); m != nil && len(rooms) > 0 {
		m.move(&b, KindJoin, rooms, false)
	}
}

// Leave takes every socket selected out of rooms. Any goroutine.
func (b Broadcast) Leave(rooms ...string) {
	for _, room := range rooms {
		b.act(action{kind: actLeave, room: room})
	}
	if m := b.elsewhere(); m != nil && len(rooms) > 0 {
		m.move(&b, KindLeave, rooms, false)
	}
}

// Disconnect disconnects every socket selected; see [Socket.Disconnect]. Any
// goroutine.
func (b Broadcast) Disconnect(all bool) {
	b.act(action{kind: actDisconnect, all: all})
	if m := b.elsewhere(); m != nil {
		m.move(&b, KindDisconnect, nil, all)
	}
}

func (b *Broadcast) act(a action) {
	if b.n.match == nil {
		b.spread(b.n, a, nil)
		return
	}
	for _, child := range b.n.kids() {
		b.spread(child, a, nil)
	}
}

// spread posts one task to each loop on which n has something. It takes a
// reference of a.frame and borrows args.
func (b *Broadcast) spread(n *Namespace, a action, args []byte) { b.spreadTo(n, n.each(), a, args) }

func (b *Broadcast) spreadTo(n *Namespace, loops []*nsLoop, a action, args []byte) {
	tab := n.table.Load()
	heard := a.kind <= actAsk && len(tab.anyOut) > 0
	if heard || b.flags&eio.Refuse != 0 && len(tab.refused) > 0 {
		a.event = strings.Clone(a.event) // it may be an Event's name, which is lent
	}
	if debugBroadcast.On() {
		debugBroadcast.Print("broadcasting", "namespace", debuglog.Text(n.name), "event", debuglog.Text(a.event),
			"rooms", b.rooms.names(), "except", b.except.names())
	}
	posted := n.srv.mux.Elapsed()
	for _, l := range loops {
		if l == nil {
			continue
		}
		t := fanouts.Get().(*fanout)
		t.b, t.n, t.l, t.action, t.posted = *b, n, l, a, posted
		if a.frame != nil {
			a.frame.Retain()
		}
		if a.kind == actJoin || a.kind == actLeave {
			n.moves.Add(1)
		}
		if heard {
			t.args = pool.Get()
			t.args.B = append(t.args.B, args...)
		}
		l.ls.loop.Post(t)
	}
	if a.frame != nil {
		a.frame.Release()
	}
}

var fanouts = sync.Pool{New: func() any { return new(fanout) }}

// What a namespace can do to all of its sockets.

// Emit sends event with args to every socket; see [Broadcast.Emit]. Any
// goroutine.
func (n *Namespace) Emit(event string, args ...any) error { return n.all().Emit(event, args...) }

// EmitRaw sends event with args, a comma-separated list of JSON values that it
// borrows, to every socket. Any goroutine. Does not allocate.
func (n *Namespace) EmitRaw(event string, args []byte) error { return n.all().EmitRaw(event, args) }

// Send sends what p has prepared to every socket. Any goroutine.
func (n *Namespace) Send(p *Prepared) error { return n.all().Send(p) }

// Timeout selects every socket and bounds the wait for acks. Any goroutine.
func (n *Namespace) Timeout(d time.Duration) Broadcast { return n.all().Timeout(d) }

// Join puts every socket into rooms. Any goroutine.
func (n *Namespace) Join(rooms ...string) { n.all().Join(rooms...) }

// Leave takes every socket out of rooms. Any goroutine.
func (n *Namespace) Leave(rooms ...string) { n.all().Leave(rooms...) }

// Disconnect disconnects every socket; see [Socket.Disconnect]. Any goroutine.
func (n *Namespace) Disconnect(all bool) { n.all().Disconnect(all) }
