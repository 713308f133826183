package sio

import (
	"context"
	"iter"
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
// the last pair is [ErrAckTimeout], or the context's error, without a reply; with
// an [Adapter] it may also be [ErrServerLeft], or the adapter's error.
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
		if err = b.askIn(n, g, event, sc.args, sc.bins, timeout); err != nil {
			return nil, err
		}
		if m := b.elsewhere(); m != nil {
			m.askAll(ctx, b, n, g, event, sc.args, sc.bins, timeout)
		}
	}
	g.loopDone() // the one that held it open
	return g, nil
}

// askIn posts the broadcast to the loops of n. It borrows args and bins.
func (b *Broadcast) askIn(n *Namespace, g *gather, event string, args []byte, bins [][]byte, timeout int64) (err error) {
	id := n.nextAck()
	f := pool.NewShared()
	if f.B, err = n.srv.frameEvent(f.B, n.name, id, event, args, bins); err != nil {
		f.Release()
		return err
	}
	loops := n.each()
	g.expectLoops(countLoops(loops))
	b.spreadTo(n, loops, action{kind: actAsk, frame: f, event: event, gather: g, ackID: id, timeout: timeout}, args)
	return nil
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
	open int   // loops that are still sending, and acks that may still come
	late error // some did not come: in time, or at all
	over bool  // nobody listens any more
	wake chan struct{}
	far  *relay // of another server's broadcast: answers go there, and nowhere else
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

// expect notes that a socket is asked.
func (g *gather) expect() {
	if g.far != nil {
		g.far.asked.Add(1)
		return
	}
	g.expectLoops(1)
}

// expectLoops notes how many loops, or clusters, are going to send.
func (g *gather) expectLoops(n int) {
	if g.far != nil {
		g.far.sending.Add(int32(n))
		return
	}
	g.mu.Lock()
	g.open += n
	g.mu.Unlock()
}

// loopDone notes that one loop has sent to all of its sockets.
func (g *gather) loopDone() {
	if g.far != nil {
		g.far.loopDone()
		return
	}
	g.mu.Lock()
	g.open--
	g.mu.Unlock()
	g.signal()
}

// answer notes the end of one ack. Loop only.
func (g *gather) answer(s *Socket, ev *Event, err error) {
	if g.far != nil {
		g.far.answer(s, ev, err)
		return
	}
	g.mu.Lock()
	g.open--
	switch {
	case g.over:
	case err == ErrAckTimeout:
		g.late = err
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
			if late != nil {
				yield(Reply{}, late)
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
