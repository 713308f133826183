package sio

import (
	"sync"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// opKind says what an op does to its socket.
type opKind uint8

const (
	opJoin opKind = iota
	opLeave
	opWelcome
	opRefuse
	opResolved
	opDisconnect
	opCloseConn
	opTerminate
	opDropHandshake
	opAsk
	opForget
	opWhenSent
)

// op is a piece of work for the loop of one socket: the form in which another
// goroutine's call reaches it. It is pooled.
type op struct {
	s       *Socket
	n       *Namespace // opResolved; nil: no such namespace
	frame   *pool.Shared
	reply   func(*Event, error)
	fn      func() // opWhenSent
	text    string // a room, or a message
	data    []byte
	ackID   int64
	timeout int64 // ms
	kind    opKind
	flags   eio.SendFlags
	all     bool
}

var ops = sync.Pool{New: func() any { return new(op) }}

// post leaves o for the socket's loop. Any goroutine. Does not allocate.
func (s *Socket) post(o op) {
	p := ops.Get().(*op)
	*p = o
	p.s = s
	s.loop().Post(p)
}

// Run does the work. Loop only.
func (o *op) Run(*eio.Loop) bool {
	s := o.s
	switch o.kind {
	case opJoin:
		s.joinNow(o.text)
	case opLeave:
		s.leaveNow(o.text)
	case opWelcome:
		s.welcome(o.frame)
	case opRefuse:
		s.refused(o.text, o.data)
	case opResolved:
		s.resolved(o.n)
	case opDisconnect:
		s.leave(o.all)
	case opCloseConn:
		s.client.close(ReasonForced)
	case opTerminate:
		s.client.session.Terminate()
	case opDropHandshake:
		s.dropHandshake()
	case opAsk:
		s.askNow(o)
	case opForget:
		s.forgetAck(o.ackID)
	case opWhenSent:
		s.whenSent(o.fn)
	}
	o.free()
	return false
}

// Dropped lets go of an op whose loop has ended.
func (o *op) Dropped() {
	if o.kind == opAsk {
		o.frame.Release()
		if o.reply != nil {
			// Not here: who posts may hold locks, ours or its own.
			go o.s.replyTo(o.reply, nil, o.s.gone())
		}
	}
	if o.kind == opWelcome && o.frame != nil {
		o.frame.Release()
	}
	if o.kind == opResolved && o.n != nil {
		o.n.release()
	}
	o.free()
}

func (o *op) free() {
	*o = op{}
	ops.Put(o)
}
