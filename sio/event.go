package sio

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/sio-fast/sio-fast/pool"
)

// Event is one event from a client, or the acknowledgement of one. It is lent:
// it and all that its methods lend are valid until the handler returns. What is
// to live longer must be copied, or the whole event with [Event.Clone].
type Event struct {
	s        *Socket
	name     []byte
	args     []byte // comma-separated JSON values
	bins     [][]byte
	buf      *pool.Buf // holds the bytes of an event that waited for its handler
	id       int64     // of the acknowledgement; -1: none
	asker    *asker    // the server that waits for the acknowledgement, instead of s
	answered atomic.Bool
	loop     bool // on the loop: an acknowledgement may go straight out
}

var events = sync.Pool{New: func() any { return new(Event) }}

// load makes e lend its arguments, which it borrows. Loop only.
func (e *Event) load(s *Socket, id int64, name, args []byte, bins [][]byte) {
	e.s, e.id, e.name, e.args, e.bins, e.loop = s, id, name, args, bins, true
	if e.answered.Load() { // a store is dearer
		e.answered.Store(false)
	}
}

// newEvent gives an event from the pool with a copy of its arguments, which
// lives until release. Any goroutine. Does not allocate once the pools are warm.
func newEvent(s *Socket, id int64, name, args []byte, bins [][]byte) *Event {
	e := events.Get().(*Event)
	e.s, e.id, e.loop = s, id, false
	e.answered.Store(false)
	e.buf = pool.Get()
	e.buf.B = e.keep(e.buf.B[:0], name, args, bins)
	return e
}

// keep copies name, args and bins behind each other into b and points e at the
// copies.
func (e *Event) keep(b, name, args []byte, bins [][]byte) []byte {
	size := len(name) + len(args)
	for _, x := range bins {
		size += len(x)
	}
	if b == nil || cap(b) < size {
		b = make([]byte, 0, size) // so that what follows moves nothing
	}
	b = append(append(b, name...), args...)
	e.name = b[:len(name):len(name)]
	e.args = b[len(name):len(b):len(b)]
	e.bins = e.bins[:0]
	for _, x := range bins {
		begin := len(b)
		b = append(b, x...)
		e.bins = append(e.bins, b[begin:len(b):len(b)])
	}
	return b
}

// release ends what load or newEvent began.
func (e *Event) release() {
	buf := e.buf
	e.s, e.name, e.args, e.buf, e.id = nil, nil, nil, nil, -1 // a late Ack finds none to give
	if buf == nil {
		e.bins = nil
		return
	}
	clear(e.bins)
	e.bins = e.bins[:0]
	pool.Put(buf)
	events.Put(e)
}

// Socket is the socket that sent the event; nil where that is none of this
// server's: of the ack of a [Reply], and in [Namespace.OnServer]. Any goroutine.
func (e *Event) Socket() *Socket { return e.s }

// Name lends the event's name; it is empty for an acknowledgement. It may be
// emitted; to keep it, or to name a room, clone it (strings.Clone). Any
// goroutine. Does not allocate.
func (e *Event) Name() string { return b2s(e.name) }

// Raw lends the arguments as they came: a comma-separated list of valid JSON
// values, without brackets. Attachments are placeholders in it. Any goroutine.
// Does not allocate.
func (e *Event) Raw() []byte { return e.args }

// Attachments is the number of attachments. Any goroutine.
func (e *Event) Attachments() int { return len(e.bins) }

// Attachment lends the i-th attachment; nil if there is none. Any goroutine.
// Does not allocate.
func (e *Event) Attachment(i int) []byte {
	if i < 0 || i >= len(e.bins) {
		return nil
	}
	return e.bins[i]
}

// Context is the socket's, done when it disconnects. Any goroutine.
func (e *Event) Context() context.Context {
	if e.s == nil {
		return context.Background()
	}
	return e.s.Context()
}

// Clone gives a copy of the event that lives as long as it is wanted. It can be
// acknowledged in place of the original, not beside it. Any goroutine.
func (e *Event) Clone() *Event {
	c := &Event{s: e.s, id: e.id, asker: e.asker}
	c.keep(nil, e.name, e.args, e.bins)
	c.answered.Store(e.answered.Load())
	return c
}

// WantsAck reports whether the client asked for an acknowledgement that it has
// not had. Any goroutine.
func (e *Event) WantsAck() bool { return e.id >= 0 && !e.answered.Load() }

// Ack acknowledges the event with args. A []byte or [Binary] travels as an
// attachment. It returns [ErrNoAck] if no acknowledgement was asked for or one
// was given before, [ErrDisconnected] when the socket has left, and, after which
// it can be called again, [ErrSlow] (see Options.WhenSlow) and the encoder's
// error. Any goroutine; but of an event that an inline handler was lent, only
// that handler: others its [Event.Clone].
func (e *Event) Ack(args ...any) error {
	if !e.WantsAck() {
		return ErrNoAck
	}
	sc, err := encode(args)
	if err != nil {
		return err
	}
	err = e.ack(sc.args, sc.bins)
	sc.free()
	return err
}

// AckRaw is Ack for arguments that are JSON already: a comma-separated list
// without brackets, which it borrows. Goroutines as with Ack. Does not allocate.
func (e *Event) AckRaw(args []byte) error { return e.ack(args, nil) }

// Only the first acknowledgement of an event goes out, as with the reference.
func (e *Event) ack(args []byte, bins [][]byte) error {
	if e.id < 0 || !e.answered.CompareAndSwap(false, true) {
		return ErrNoAck
	}
	var err error
	if e.asker != nil {
		err = e.asker.answer(args, bins)
	} else {
		err = e.s.reply(e.id, args, bins, e.loop)
	}
	if err != nil && err != ErrDisconnected && err != ErrClosed {
		e.answered.Store(false) // it may be tried again
	}
	return err
}
