package sio

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"strconv"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// pendingAck is an ack that a socket's client owes. It ends exactly once: by
// the ack, by its timeout, or by the end of the socket. Loop only.
type pendingAck struct {
	s          *Socket
	reply      func(*Event, error)
	gather     *gather // of a broadcast, instead of reply
	next, prev *pendingAck
	id         int64
	timer      eio.TimerID
}

// EmitAck sends event with args and asks for an ack. It returns what [Socket.Emit]
// does; reply is then never called. Otherwise it is called exactly once, on the
// loop, and must not block: with the ack as an event that is lent to it, or with
// [ErrDisconnected], [ErrClosed] when the server closes, [ErrTooManyAcks],
// [ErrDropped] (of a volatile emit) or [ErrAckTimeout]. See [Socket.Timeout] for a
// deadline and [Call] for a form that waits. Any goroutine.
func (s *Socket) EmitAck(event string, reply func(*Event, error), args ...any) error {
	return s.emitter().EmitAck(event, reply, args...)
}

func (s *Socket) emitAck(event string, reply func(*Event, error), args []any, timeout time.Duration, fl eio.SendFlags) (id int64, err error) {
	if err := s.mayEmit(event); err != nil {
		return 0, err
	}
	sc, err := encode(args)
	if err != nil {
		return 0, err
	}
	defer sc.free()
	id = s.nsp.nextAck()
	f := pool.NewShared()
	if f.B, err = s.nsp.srv.frameEvent(f.B, s.nsp.name, id, event, sc.args, sc.bins); err != nil {
		f.Release()
		return 0, err
	}
	if fl, err = s.reserve(f, fl); err != nil {
		return 0, err
	}
	s.heard(event, sc.args)
	s.post(op{kind: opAsk, frame: f, reply: reply, ackID: id, timeout: millis(timeout), flags: fl})
	return id, nil
}

// nextAck gives a fresh id. K10: "per namespace, shared by all sockets and
// broadcasts, starts at 0".
func (n *Namespace) nextAck() int64 { return n.acks.Add(1) - 1 }

// millis rounds a timeout up to what the wheel counts in; 0 stays 0.
func millis(d time.Duration) int64 {
	return int64((d + time.Millisecond - 1) / time.Millisecond)
}

// askNow sends an event and notes that it is owed an ack. Loop only.
func (s *Socket) askNow(o *op) {
	x := s.extra()
	if s.closed() || x.ackCount >= s.nsp.srv.opts.MaxAcks {
		if o.flags&eio.Reserved != 0 {
			s.client.session.Unreserve(len(o.frame.B))
		}
		o.frame.Release()
		err := ErrTooManyAcks
		if s.closed() {
			err = s.gone()
		}
		s.replyTo(o.reply, nil, err)
		return
	}
	p := s.owe(x, o.ackID, o.timeout)
	p.reply = o.reply
	sent := s.client.session.Send(o.frame, o.flags)
	o.frame.Release()
	if !sent {
		if err := s.unsent(o.flags); err != nil {
			p.end(nil, err)
		}
	}
}

// owe notes an ack, which ends after timeout ms unless that is 0. Loop only.
// Does not allocate once the pools are warm.
func (s *Socket) owe(x *extra, id, timeout int64) *pendingAck {
	ls := s.client.ls
	p := ls.acks.Get()
	p.s, p.id = s, id
	if x.lastAck == nil {
		x.acks = p
	} else {
		p.prev, x.lastAck.next = x.lastAck, p
	}
	x.lastAck = p
	x.ackCount++
	x.indexAck(p)
	if timeout > 0 {
		p.timer = ls.loop.Wheel().After(timeout, p)
	}
	return p
}

// manyAcks is the number of pending acks from which an index is kept: a client
// chooses the ids it sends, and the order, so that every one of them could cost
// a walk through all that are pending.
const manyAcks = 32

// indexAck notes p, which has just joined the list, in the index. Loop only.
func (x *extra) indexAck(p *pendingAck) {
	switch {
	case x.ackIndex != nil:
		x.ackIndex[p.id] = p
	case x.ackCount >= manyAcks:
		x.ackIndex = make(map[int64]*pendingAck, 2*manyAcks)
		for q := x.acks; q != nil; q = q.next {
			x.ackIndex[q.id] = q
		}
	}
}

// findAck gives the pending ack of that id, or nil. Loop only. Does not
// allocate.
func (x *extra) findAck(id int64) *pendingAck {
	if x.ackIndex != nil {
		return x.ackIndex[id]
	}
	for p := x.acks; p != nil; p = p.next {
		if p.id == id {
			return p
		}
	}
	return nil
}

// Fire ends an ack that did not come in time. Loop only.
func (p *pendingAck) Fire(*eio.Loop) {
	p.timer = 0
	p.end(nil, ErrAckTimeout)
}

// end takes p off its socket and tells who waits. Loop only.
func (p *pendingAck) end(ev *Event, err error) {
	s, reply, g := p.s, p.reply, p.gather
	p.unlink()
	if g != nil {
		g.answer(s, ev, err)
		return
	}
	s.replyTo(reply, ev, err)
}

// unlink takes p off its socket and gives it back. Loop only.
func (p *pendingAck) unlink() {
	ls := p.s.client.ls
	x := p.s.more.Load()
	if p.prev != nil {
		p.prev.next = p.next
	} else {
		x.acks = p.next
	}
	if p.next != nil {
		p.next.prev = p.prev
	} else {
		x.lastAck = p.prev
	}
	x.ackCount--
	if x.ackCount == 0 {
		x.ackIndex = nil
	} else {
		delete(x.ackIndex, p.id)
	}
	if p.timer != 0 {
		ls.loop.Wheel().Cancel(p.timer)
	}
	ls.acks.Put(p)
}

// replyTo calls reply and survives its panic.
func (s *Socket) replyTo(reply func(*Event, error), ev *Event, err error) {
	if reply == nil {
		return
	}
	defer s.recovered("ack")
	reply(ev, err)
}

// onAck takes an ack from the client. Unknown ids and second acks are ignored,
// as the reference does. Loop only. Does not allocate.
func (s *Socket) onAck(pk *packet, bins [][]byte) {
	x := s.more.Load()
	if x == nil || pk.data == nil {
		return
	}
	if p := x.findAck(pk.id); p != nil {
		ev := &s.client.ls.event
		ev.load(s, -1, nil, ackArgs(pk.data), bins)
		p.end(ev, nil)
		ev.release()
	}
}

// forgetAck drops an ack that nobody waits for any more. Loop only.
func (s *Socket) forgetAck(id int64) {
	x := s.more.Load()
	if x == nil {
		return
	}
	if p := x.findAck(id); p != nil {
		p.unlink()
	}
}

// endAcks ends every ack the client owes. Loop only.
func (s *Socket) endAcks(x *extra) {
	for x.acks != nil {
		x.acks.end(nil, s.gone())
	}
}

// answer is what a wait for one ack gets.
type answer struct {
	ev  *Event
	err error
}

// ask sends an event and waits for its ack, which the caller owns. It is what
// Call is made of.
func (s *Socket) ask(ctx context.Context, event string, args []any) (*Event, error) {
	if s.nsp.srv.onLoop() {
		return nil, ErrOnLoop
	}
	got := make(chan answer, 1)
	id, err := s.emitAck(event, func(e *Event, err error) {
		if e != nil {
			e = e.Clone()
		}
		got <- answer{e, err}
	}, args, 0, s.nsp.srv.emitFlags())
	if err != nil {
		return nil, err
	}
	select {
	case a := <-got:
		return a.ev, a.err
	case <-ctx.Done():
		s.post(op{kind: opForget, ackID: id})
		return nil, waitError(ctx)
	}
}

// waitError is the error of a wait that ctx ended.
func waitError(ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return ErrAckTimeout
	}
	return ctx.Err()
}

// onLoop reports whether the caller runs on one of the server's loops, where it
// must not wait. It costs about a microsecond.
func (s *Server) onLoop() bool {
	id := goroutineID()
	for _, ls := range s.each() {
		if ls != nil && ls.gid == id {
			return true
		}
	}
	return false
}

// goroutineID reads the number of the calling goroutine off its stack trace,
// "goroutine 12 [running]:". The runtime offers no other way.
func goroutineID() uint64 {
	var buf [64]byte
	b := buf[:runtime.Stack(buf[:], false)]
	b = bytes.TrimPrefix(b, []byte("goroutine "))
	if i := bytes.IndexByte(b, ' '); i > 0 {
		b = b[:i]
	}
	id, _ := strconv.ParseUint(string(b), 10, 64)
	return id
}
