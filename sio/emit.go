package sio

import (
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// scratch is where arguments are encoded before they are framed.
type scratch struct {
	args []byte
	bins [][]byte
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// encode gives args as a comma-separated list and their attachments.
func encode(args []any) (*scratch, error) {
	sc := scratches.Get().(*scratch)
	var err error
	if sc.args, err = appendArgs(sc.args[:0], args, &sc.bins); err != nil {
		sc.free()
		return nil, err
	}
	return sc, nil
}

func (sc *scratch) free() {
	clear(sc.bins)
	sc.bins = sc.bins[:0]
	if cap(sc.args) > pool.MaxPooled {
		sc.args = nil
	}
	scratches.Put(sc)
}

// Emit sends event with args to the socket. A []byte argument travels as an
// attachment. It returns [ErrReserved] for a reserved name, [ErrDisconnected]
// when the socket has left, [ErrSlow] when it is refused (see
// Options.WhenSlow), and the encoder's error. That it returns nil does not mean
// that the client has it: see EmitAck. Any goroutine.
func (s *Socket) Emit(event string, args ...any) error {
	return s.emit(event, args, s.nsp.srv.emitFlags())
}

// EmitRaw is Emit for arguments that are JSON already: a comma-separated list
// without brackets. It borrows args and does not check them: a client that gets
// what is no JSON closes its connection. Any goroutine. Does not allocate.
func (s *Socket) EmitRaw(event string, args []byte) error {
	return s.emitRaw(event, args, nil, s.nsp.srv.emitFlags())
}

// Send sends what p has prepared. It returns what [Socket.Emit] does. Any
// goroutine. Does not allocate.
func (s *Socket) Send(p *Prepared) error { return s.send(p, s.nsp.srv.emitFlags()) }

func (s *Socket) emit(event string, args []any, fl eio.SendFlags) error {
	sc, err := encode(args)
	if err != nil {
		return err
	}
	err = s.emitRaw(event, sc.args, sc.bins, fl)
	sc.free()
	return err
}

func (s *Socket) emitRaw(event string, args []byte, bins [][]byte, fl eio.SendFlags) error {
	if st := s.nsp.store; st != nil && fl&eio.Volatile == 0 {
		return st.emitTo(s, event, args, bins, fl)
	}
	if err := s.mayEmit(event); err != nil {
		return err
	}
	// A handler on the loop that answers its own client: straight into what the
	// loop sends after this read. Who listens to it may emit too, so not then.
	if len(bins)+len(s.nsp.table.Load().anyOut) == 0 && s.nsp.srv.plain {
		if dst, ok := s.client.session.Cork(frameRoom + len(s.nsp.name) + len(event) + len(args)); ok {
			s.client.session.Corked(frameEvent(dst, s.nsp.name, -1, event, args, nil))
			return nil
		}
	}
	f := pool.NewShared()
	var err error
	if f.B, err = s.nsp.srv.frameEvent(f.B, s.nsp.name, -1, event, args, bins); err != nil {
		f.Release()
		return err
	}
	if fl, err = s.reserve(f, fl); err != nil {
		return err
	}
	s.heard(event, args)
	s.loop().PostSend(s.client.session, f, fl)
	return nil
}

func (s *Socket) send(p *Prepared, fl eio.SendFlags) error {
	return s.emitRaw(p.Event(), p.args(), p.bins, fl)
}

// mayEmit says why an event of that name cannot be sent to s now.
func (s *Socket) mayEmit(event string) error {
	if reserved(event) {
		return ErrReserved
	}
	if s.state.Load() >= stateLeaving {
		return s.gone()
	}
	return nil
}

// WhenSent has fn called once everything that the caller has emitted to the
// socket before has gone to the kernel, over polling with the answer of a poll;
// that the client has it, an ack alone can tell. Of several functions the order
// is kept, and each is called once; none is called when the client has gone
// before. fn runs on the loop and must not block. Any goroutine.
func (s *Socket) WhenSent(fn func()) {
	notNil(fn == nil)
	s.post(op{kind: opWhenSent, fn: fn})
}

// whenSent does what WhenSent has posted. Loop only.
func (s *Socket) whenSent(fn func()) {
	if s.closed() {
		return
	}
	s.client.session.WhenSent(func() {
		defer s.recovered("sent")
		if !s.closed() {
			fn()
		}
	})
}

// gone is the error for a socket that has left.
func (s *Socket) gone() error {
	if s.nsp.srv.closed.Load() {
		return ErrClosed
	}
	return ErrDisconnected
}

// heard tells the OnAnyOutgoing functions.
func (s *Socket) heard(event string, args []byte) {
	for _, f := range s.nsp.table.Load().anyOut {
		s.hear(f, event, args)
	}
}

func (s *Socket) hear(f func(*Socket, string, []byte), event string, args []byte) {
	defer s.recovered(event)
	f(s, event, args)
}

// reply sends an ack. onLoop says that the caller is the socket's loop. It borrows
// args and bins. Any goroutine otherwise.
func (s *Socket) reply(id int64, args []byte, bins [][]byte, onLoop bool) error {
	if s.state.Load() >= stateLeaving {
		return s.gone()
	}
	if len(bins) == 0 && s.nsp.srv.plain {
		if dst, ok := s.client.session.Cork(frameRoom + len(s.nsp.name) + len(args)); ok {
			s.client.session.Corked(frameAck(dst, s.nsp.name, id, args, nil))
			return nil
		}
	}
	f := pool.NewShared()
	var err error
	if f.B, err = s.nsp.srv.frameAck(f.B, s.nsp.name, id, args, bins); err != nil {
		f.Release()
		return err
	}
	fl, err := s.reserve(f, s.nsp.srv.emitFlags())
	if err != nil {
		return err
	}
	// Straight out only if nothing waits that it would overtake.
	if l := s.loop(); !onLoop || !l.Quiet() {
		l.PostSend(s.client.session, f, fl)
		return nil
	}
	s.client.session.Send(f, fl)
	f.Release()
	return nil
}

// Emitter is a socket with flags for what is emitted. It is a value: safe to
// keep and to share.
type Emitter struct {
	s       *Socket
	timeout time.Duration
	flags   eio.SendFlags
}

func (s *Socket) emitter() Emitter { return Emitter{s: s, flags: s.nsp.srv.emitFlags()} }

// emitFlags are the flags of what is emitted without any of its own.
func (s *Server) emitFlags() eio.SendFlags { return s.opts.WhenSlow.flags(0) }

// Volatile gives an emitter whose events are dropped, and counted, if the client
// cannot be written to at once: on a websocket, as long as the kernel has not
// taken everything; over polling, when no request waits or something goes with
// its answer already. Unlike the reference's, a volatile event on a websocket
// that takes everything is not lost to another one of the same moment. Any
// goroutine.
func (s *Socket) Volatile() Emitter { return s.emitter().Volatile() }

// Compress gives an emitter whose events may, or may not, be compressed. Any
// goroutine.
func (s *Socket) Compress(on bool) Emitter { return s.emitter().Compress(on) }

// Timeout gives an emitter whose acks end with [ErrAckTimeout] after d. Any
// goroutine.
func (s *Socket) Timeout(d time.Duration) Emitter { return s.emitter().Timeout(d) }

// Volatile is [Socket.Volatile]. Any goroutine.
func (e Emitter) Volatile() Emitter { e.flags |= eio.Volatile; return e }

// Compress is [Socket.Compress]. Any goroutine.
func (e Emitter) Compress(on bool) Emitter {
	e.flags &^= eio.NoCompress
	if !on {
		e.flags |= eio.NoCompress
	}
	return e
}

// Timeout is [Socket.Timeout]. Any goroutine.
func (e Emitter) Timeout(d time.Duration) Emitter { e.timeout = d; return e }

// Emit is [Socket.Emit] with the emitter's flags. Any goroutine.
func (e Emitter) Emit(event string, args ...any) error { return e.s.emit(event, args, e.flags) }

// EmitRaw is [Socket.EmitRaw] with the emitter's flags. It borrows args. Any
// goroutine. Does not allocate.
func (e Emitter) EmitRaw(event string, args []byte) error {
	return e.s.emitRaw(event, args, nil, e.flags)
}

// Send is [Socket.Send] with the emitter's flags. Any goroutine.
func (e Emitter) Send(p *Prepared) error { return e.s.send(p, e.flags) }

// EmitAck is [Socket.EmitAck] with the emitter's flags and timeout. Any
// goroutine.
func (e Emitter) EmitAck(event string, reply func(*Event, error), args ...any) error {
	_, err := e.s.emitAck(event, reply, args, e.timeout, e.flags)
	return err
}
