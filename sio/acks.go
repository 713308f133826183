package sio

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/pool"
)

// Reply is one client's ack to a broadcast. It is the caller's to keep.
type Reply struct {
	// ID is the id of the socket that answered.
	ID string
	ev *Event
}

// Bind decodes the ack's arguments into vs, in order. Any goroutine.
func (r Reply) Bind(vs ...any) error {
	if r.ev == nil {
		return ErrNoAck
	}
	return r.ev.Bind(vs...)
}

// Raw gives the ack's arguments, a comma-separated list of JSON values. Any
// goroutine.
func (r Reply) Raw() []byte {
	if r.ev == nil {
		return nil
	}
	return r.ev.Raw()
}

// Event gives the ack as an event, with its attachments; nil if there is none.
// Any goroutine.
func (r Reply) Event() *Event { return r.ev }

// Acks sends event with args to every socket selected, at once, and gives their
// acks as they come. It ends when all have answered. A socket that leaves
// before it answers gives [ErrDisconnected]; if some have not answered in time,
// the last pair is [ErrAckTimeout], or the context's error, without a reply.
// The deadline is that of Timeout or of ctx; without one it gives
// [ErrNeedTimeout] and sends nothing. The sequence can be walked once, and
// walking it blocks: never on a loop ([ErrOnLoop]), but it may be handed to
// another goroutine. Whoever stops early, or never walks it, leaves nothing
// behind: the acks end with the deadline. Any goroutine.
//
//	for r, err := range io.Timeout(time.Second).Acks(ctx, "vote") { … }
func (b Broadcast) Acks(ctx context.Context, event string, args ...any) iter.Seq2[Reply, error] {
	g, err := b.askAll(ctx, event, args)
	return func(yield func(Reply, error) bool) {
		if err == nil && b.n.srv.onLoop() {
			err = ErrOnLoop
		}
		if err != nil {
			yield(Reply{}, err)
			return
		}
		g.walk(ctx, yield)
	}
}

// AllAcks is Acks for those who want all answers at once: it blocks until every
// socket has answered or the deadline has come, and gives the replies so far
// with the first error, in the latter case [ErrAckTimeout]. Any goroutine but a
// loop's.
func (b Broadcast) AllAcks(ctx context.Context, event string, args ...any) (replies []Reply, err error) {
	for r, e := range b.Acks(ctx, event, args...) {
		if e == nil {
			replies = append(replies, r)
		} else if err == nil {
			err = e
		}
	}
	return replies, err
}

// askAll posts the broadcast.
func (b *Broadcast) askAll(ctx context.Context, event string, args []any) (*gather, error) {
	if err := b.mayEmit(event); err != nil {
		return nil, err
	}
	timeout, err := b.deadline(ctx)
	if err != nil {
		return nil, err
	}
	sc, err := encode(args)
	if err != nil {
		return nil, err
	}
	defer sc.free()
	namespaces := []*Namespace{b.n}
	if b.n.match != nil {
		namespaces = b.n.kids()
	}
	g := &gather{wake: make(chan struct{}, 1), open: 1}
	for _, n := range namespaces {
		id := n.nextAck()
		f := pool.NewShared()
		if f.B, err = n.srv.frameEvent(f.B, n.name, id, event, sc.args, sc.bins); err != nil {
			f.Release()
			return nil, err
		}
		loops := n.each()
		for range countLoops(loops) {
			g.expect()
		}
		b.spreadTo(n, loops, action{kind: actAsk, frame: f, event: event, gather: g, ackID: id, timeout: timeout}, sc.args)
	}
	g.loopDone() // the one that held it open
	return g, nil
}

// Acks is [Broadcast.Acks] to every socket of n. Any goroutine.
func (n *Namespace) Acks(ctx context.Context, event string, args ...any) iter.Seq2[Reply, error] {
	return n.all().Acks(ctx, event, args...)
}

// AllAcks is [Broadcast.AllAcks] to every socket of n. Any goroutine.
func (n *Namespace) AllAcks(ctx context.Context, event string, args ...any) ([]Reply, error) {
	return n.all().AllAcks(ctx, event, args...)
}

// gather collects the acks of a broadcast.
type gather struct {
	mu   sync.Mutex
	got  []gathered
	open int  // loops that are still sending, and acks that may still come
	late bool // some did not come in time
	over bool // nobody listens any more
	wake chan struct{}
}

type gathered struct {
	r   Reply
	err error
}

// deadline is how long acks may take, in ms.
func (b *Broadcast) deadline(ctx context.Context) (ms int64, err error) {
	d := b.timeout
	if at, ok := ctx.Deadline(); ok {
		if left := time.Until(at); d <= 0 || left < d {
			d = max(left, time.Millisecond)
		}
	}
	if d <= 0 {
		return 0, ErrNeedTimeout
	}
	return millis(d), nil
}

// countLoops is the number of loops in the list.
func countLoops(loops []*nsLoop) (n int) {
	for _, l := range loops {
		if l != nil {
			n++
		}
	}
	return n
}

func (g *gather) expect() {
	g.mu.Lock()
	g.open++
	g.mu.Unlock()
}

// loopDone notes that one loop has sent to all of its sockets.
func (g *gather) loopDone() {
	g.mu.Lock()
	g.open--
	g.mu.Unlock()
	g.signal()
}

// answer notes the end of one ack. Loop only.
func (g *gather) answer(s *Socket, ev *Event, err error) {
	g.mu.Lock()
	g.open--
	switch {
	case g.over:
	case err == ErrAckTimeout:
		g.late = true
	case err != nil:
		g.got = append(g.got, gathered{Reply{ID: strings.Clone(s.ID())}, err})
	default:
		g.got = append(g.got, gathered{Reply{strings.Clone(s.ID()), ev.Clone()}, nil})
	}
	g.mu.Unlock()
	g.signal()
}

func (g *gather) signal() {
	select {
	case g.wake <- struct{}{}:
	default:
	}
}

// walk gives what comes until all has come.
func (g *gather) walk(ctx context.Context, yield func(Reply, error) bool) {
	defer func() {
		g.mu.Lock()
		g.over, g.got = true, nil
		g.mu.Unlock()
	}()
	for {
		g.mu.Lock()
		got, open, late := g.got, g.open, g.late
		g.got = nil
		g.mu.Unlock()
		for _, a := range got {
			if !yield(a.r, a.err) {
				return
			}
		}
		if len(got) > 0 {
			continue
		}
		if open == 0 {
			if late {
				yield(Reply{}, ErrAckTimeout)
			}
			return
		}
		select {
		case <-g.wake:
		case <-ctx.Done():
			yield(Reply{}, waitError(ctx))
			return
		}
	}
}

// RemoteSocket is a socket as [Broadcast.Sockets] found it. It is the caller's
// to keep.
type RemoteSocket struct {
	ID        string
	Handshake *Handshake
	Rooms     []string // its own id first
	Data      map[string]any

	n *Namespace
}

// Emit sends an event to the socket. Any goroutine.
func (r *RemoteSocket) Emit(event string, args ...any) error {
	return r.n.To(r.ID).Emit(event, args...)
}

// Ask sends an event to the socket and waits for its ack. The deadline is ctx's;
// without one it returns [ErrNeedTimeout]. It returns [ErrDisconnected] when the
// socket has left, [ErrAckTimeout] when it does not answer in time, and what
// [Socket.Emit] does. Blocks. Any goroutine but a loop's ([ErrOnLoop]).
func (r *RemoteSocket) Ask(ctx context.Context, event string, args ...any) (Reply, error) {
	for reply, err := range r.n.To(r.ID).Acks(ctx, event, args...) {
		if err != nil || reply.ID == r.ID { // its id may be a room of others, too
			return reply, err
		}
	}
	return Reply{}, ErrDisconnected
}

// Join puts the socket into rooms. Any goroutine.
func (r *RemoteSocket) Join(rooms ...string) { r.n.To(r.ID).Join(rooms...) }

// Leave takes the socket out of rooms. Any goroutine.
func (r *RemoteSocket) Leave(rooms ...string) { r.n.To(r.ID).Leave(rooms...) }

// Disconnect disconnects the socket; see [Socket.Disconnect]. Any goroutine.
func (r *RemoteSocket) Disconnect(all bool) { r.n.To(r.ID).Disconnect(all) }

// Sockets gives the sockets selected, as they are when the caller's earlier
// calls have taken effect. It gives an error, once and alone, when ctx ends
// first, on a parent ([ErrParent]) and on a loop ([ErrOnLoop]). Blocks. Any
// goroutine.
func (b Broadcast) Sockets(ctx context.Context) iter.Seq2[RemoteSocket, error] {
	return func(yield func(RemoteSocket, error) bool) {
		list, err := b.list(ctx)
		if err != nil {
			yield(RemoteSocket{}, err)
			return
		}
		for _, s := range list {
			if !yield(s.remote(), nil) {
				return
			}
		}
	}
}

// Sockets is [Broadcast.Sockets] for every socket of n. Blocks. Any goroutine.
func (n *Namespace) Sockets(ctx context.Context) iter.Seq2[RemoteSocket, error] {
	return n.all().Sockets(ctx)
}

func (s *Socket) remote() RemoteSocket {
	return RemoteSocket{ID: strings.Clone(s.ID()), Handshake: s.Handshake(), Rooms: s.Rooms(), Data: s.Data().All(), n: s.nsp}
}

// collect is what the loops find.
type collect struct {
	mu   sync.Mutex
	list []*Socket
	wg   sync.WaitGroup
}

func (c *collect) add(s *Socket) {
	c.mu.Lock()
	c.list = append(c.list, s)
	c.mu.Unlock()
}

func (b *Broadcast) list(ctx context.Context) ([]*Socket, error) {
	if b.n.match != nil {
		return nil, ErrParent
	}
	if b.n.srv.onLoop() {
		return nil, ErrOnLoop
	}
	c := new(collect)
	loops := b.n.each()
	c.wg.Add(countLoops(loops))
	b.spreadTo(b.n, loops, action{kind: actCollect, collect: c}, nil)
	if err := wait(ctx, &c.wg); err != nil {
		return nil, err
	}
	return slices.Clip(c.list), nil
}
