package sio

import (
	"context"
	"iter"
	"slices"
	"strings"
	"sync"
)

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
// first, on a parent ([ErrParent]) and on a loop ([ErrOnLoop]).
//
// With an [Adapter] those of the other servers follow; of the values of their
// data it gives what JSON makes of them. The last pair is an error if a server
// has not answered by ctx's deadline, or within five seconds ([ErrAckTimeout]), or
// has left before it did ([ErrServerLeft]). Blocks. Any goroutine.
func (b Broadcast) Sockets(ctx context.Context) iter.Seq2[RemoteSocket, error] {
	return func(yield func(RemoteSocket, error) bool) {
		list, far, err := b.list(ctx)
		if err != nil {
			yield(RemoteSocket{}, err)
			return
		}
		for _, s := range list {
			if !yield(s.remote(), nil) {
				return
			}
		}
		if far != nil {
			far.walk(ctx, b.n, yield)
		}
	}
}

// walk gives the sockets of the other servers.
func (f *fetch) walk(ctx context.Context, n *Namespace, yield func(RemoteSocket, error) bool) {
	err := f.q.wait(ctx, f.done)
	for i := range f.list {
		if !yield(f.list[i].socket(n), nil) {
			return
		}
	}
	if err != nil {
		yield(RemoteSocket{}, err)
	}
}

// fetch is a listing of other servers' sockets.
type fetch struct {
	q    *question
	done chan error
	list []SocketInfo // until done, under the question's lock
}

// fetch asks the other servers for the sockets that b selects.
func (m *Member) fetch(ctx context.Context, b *Broadcast) (*fetch, error) {
	others, err := m.others(ctx)
	if err != nil {
		return nil, err
	}
	f := &fetch{done: make(chan error, 1)}
	f.q = m.ask(KindSockets, patience(ctx), func(msg *Message) {
		f.list = append(f.list, msg.Clone().Sockets...)
	}, func(err error) { f.done <- err })
	msg := b.message(KindFetch, b.n)
	msg.ID = f.q.id
	if err := m.publish(msg); err != nil {
		f.q.finish(err)
		return nil, err
	}
	f.q.expect(others)
	return f, nil
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

// list gives the sockets of this server, and the listing of the others' if there
// are others.
func (b *Broadcast) list(ctx context.Context) (list []*Socket, far *fetch, err error) {
	if b.n.match != nil {
		return nil, nil, ErrParent
	}
	if b.n.srv.onLoop() {
		return nil, nil, ErrOnLoop
	}
	if m := b.elsewhere(); m != nil {
		if far, err = m.fetch(ctx, b); err != nil {
			return nil, nil, err
		}
	}
	c := b.collect()
	if err := wait(ctx, &c.wg); err != nil {
		return nil, nil, err
	}
	return slices.Clip(c.list), far, nil
}

// collect has the loops collect the sockets that b selects.
func (b *Broadcast) collect() *collect {
	c := new(collect)
	loops := b.n.each()
	c.wg.Add(countLoops(loops))
	b.spreadTo(b.n, loops, action{kind: actCollect, collect: c}, nil)
	return c
}
