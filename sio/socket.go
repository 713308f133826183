package sio

import (
	"sync"
	"sync/atomic"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/pool"
)

// The life of a socket. Any goroutine reads the state; the arrows are taken
// with compare-and-swap, so exactly one side sees each.
//
//	connecting ──► connected ──► leaving ──► ended
//	    │              ├─ the server's doing ──▲
//	    └──────────────┴─ the client's doing ──► closed
const (
	stateConnecting uint32 = iota // in its middlewares
	stateConnected                // admitted: OnConnect runs or has run
	stateLeaving                  // Disconnect was called
	stateClosed                   // the client left; what it had sent is still handled
	stateEnded                    // we closed it; handlers that wait do not run
)

// Socket is one client's connection to one namespace. All its methods may be
// called from any goroutine.
//
// What one goroutine asks of sockets, rooms and broadcasts takes effect in the
// order in which it was asked: each call leaves an op in the inbox of the loop
// that owns the socket, and a loop takes its inbox first in, first out.
type Socket struct {
	nsp      *Namespace
	client   *client
	next     *Socket               // the client's next socket; loop only
	hs       *Handshake            // nil until needed; under mu
	more     atomic.Pointer[extra] // nil for a socket without rooms, acks, data
	jobs     *jobQueue             // not nil while a worker has the socket; under mu
	mu       sync.Mutex
	state    atomic.Uint32
	slot     uint32 // in the namespace's table on this loop; loop only
	stamp    uint32 // the last selection that met this socket; loop only
	id       [idLen]byte
	live     bool // CONNECT was sent; loop only
	parted   bool // the names of the rooms are forgotten; under mu
	returned bool // see Recovered; set before anybody else knows the socket
	late     bool // counted in client.late; under mu
	older    bool // its client speaks protocol 4, and its id is in more
	due      bool // admitted, and welcome is posted; loop only
}

// noSlot is the slot of a socket whose namespace is not known yet.
const noSlot = ^uint32(0)

// ID is the socket's public id, which is also the name of a room with the
// socket alone in it. The string lies in the socket: clone it if it is to be
// kept for long after the socket has gone. Any goroutine. Does not allocate.
func (s *Socket) ID() string {
	if s.older {
		return s.more.Load().id
	}
	return b2s(s.id[:])
}

// Namespace is the socket's namespace. Any goroutine.
func (s *Socket) Namespace() *Namespace { return s.nsp }

// Server is the socket's server. Any goroutine.
func (s *Socket) Server() *Server { return s.nsp.srv }

// Connected reports whether the socket was admitted and has not left: false in
// connect middlewares. Any goroutine.
func (s *Socket) Connected() bool { return s.state.Load() == stateConnected }

// Transport is how the client is connected now. Any goroutine.
func (s *Socket) Transport() eio.Transport { return s.client.session.Transport() }

// Protocol is the Engine.IO revision the client speaks. Any goroutine.
func (s *Socket) Protocol() int { return s.client.session.Protocol() }

// Session is the Engine.IO session below; most of its methods are loop only.
// Any goroutine.
func (s *Socket) Session() *eio.Session { return s.client.session }

// closed reports that the socket has left its namespace. Any goroutine.
func (s *Socket) closed() bool { return s.state.Load() >= stateClosed }

func (s *Socket) loop() *eio.Loop { return s.client.ls.loop }

// on is what the socket's namespace has on its loop. Loop only.
func (s *Socket) on() *nsLoop { return s.nsp.on(s.client.ls) }

// admit begins the socket's connection to n, which counts it already. Loop only.
func (s *Socket) admit(n *Namespace) {
	c := s.client
	linked := s.nsp != nil
	s.nsp = n
	l := n.on(c.ls)
	l.add(s)
	if s.older {
		l.addOlder(s) // its id is its own, and it cannot come back
	} else {
		s.identify(l)
	}
	if debugNamespace.On() {
		debugNamespace.Print("adding socket", "namespace", debuglog.Text(n.name), "sid", s.ID())
	}
	if !linked {
		c.link(s)
	}
	t := n.table.Load()
	if len(t.use)+len(t.connect) > 0 {
		s.enqueue(job{kind: jobConnect})
		return
	}
	s.state.Store(stateConnected)
	switch {
	case s.returned:
		n.store.welcome(s)
	case c.ls.loop.Quiet():
		s.welcome(nil)
	default: // half a broadcast may wait there, which was made before s came
		s.due = true
		s.post(op{kind: opWelcome})
	}
	if n.srv.opts.DropHandshake {
		s.dropHandshake()
	}
}

// welcome tells the client that it has joined, behind what it has missed, if it
// was away (WIRE 12: "AFTER the missed packets"). It takes missed, which may be
// nil. Loop only.
func (s *Socket) welcome(missed *pool.Shared) {
	c := s.client
	if missed != nil {
		defer missed.Release()
	}
	if s.closed() || s.live {
		return
	}
	if missed != nil {
		c.session.Send(missed, 0)
	}
	s.live = true
	if debugSocket.On() {
		debugSocket.Print("socket connected, sending packet", "namespace", debuglog.Text(s.nsp.name), "sid", s.ID())
	}
	s.nsp.count.Add(1)
	s.ownRoom(true)
	if !c.joined {
		c.joined = true
		c.stopTimer()
	}
	f := pool.NewShared()
	pid := ""
	if s.nsp.store != nil {
		pid = s.extra().pid
	}
	if s.older {
		f.B = frameConnectOlder(f.B, s.nsp.name)
	} else {
		f.B = s.nsp.srv.frameConnect(f.B, s.nsp.name, s.ID(), pid)
	}
	c.session.Send(f, 0)
	f.Release()
}

// refused tells the client that it was not admitted. It may try again. Loop
// only.
func (s *Socket) refused(message string, data []byte) {
	if s.closed() {
		return
	}
	name := s.nsp.name
	if st := s.nsp.store; st != nil {
		st.bar(s)
	}
	s.close(ReasonForced)
	if s.older {
		s.client.refuseOlder(name, message, data)
		return
	}
	s.client.refuse(name, message, data)
}

// runConnect asks the middlewares and then tells OnConnect. On a worker.
func (s *Socket) runConnect() {
	t := s.nsp.table.Load()
	use := t.use
	if s.returned && !s.nsp.store.opts.Middlewares {
		use = nil
	}
	for _, f := range use {
		if s.closed() {
			return // the client left meanwhile
		}
		if err := s.guard(f); err != nil {
			message, data := s.refusal(err)
			s.post(op{kind: opRefuse, text: message, data: data})
			return
		}
	}
	if !s.state.CompareAndSwap(stateConnecting, stateConnected) {
		return
	}
	if s.returned {
		s.nsp.store.welcome(s)
	} else {
		s.due = true
		s.post(op{kind: opWelcome})
	}
	for _, f := range t.connect {
		if err := s.guard(f); err != nil && err != errPanicked {
			s.nsp.fail(s, "connection", err)
		}
	}
	if s.nsp.srv.opts.DropHandshake {
		s.post(op{kind: opDropHandshake})
	}
}

// guard runs fn; a panic is reported and becomes an error.
func (s *Socket) guard(fn func(*Socket) error) (err error) {
	ok := false
	defer func() {
		if !ok {
			err = errPanicked
		}
	}()
	defer s.recovered("connection")
	err = fn(s)
	ok = true
	return err
}

// close ends the socket: no event reaches or leaves it any more. Its rooms are
// left, its acks end with [ErrDisconnected], and OnDisconnecting and
// OnDisconnect run on its worker, behind the handlers that wait there. Loop
// only.
func (s *Socket) close(why Reason) {
	next := stateClosed
	if why == ReasonServerDisconnect || why == ReasonShutdown || s.state.Load() == stateLeaving {
		next = stateEnded
	}
	if s.closed() {
		return
	}
	c, n := s.client, s.nsp
	if debugSocket.On() {
		debugSocket.Print("closing socket", "namespace", debuglog.Text(n.name), "sid", s.ID(), "reason", string(why))
	}
	if n.store != nil {
		n.store.part(s, why)
	}
	prev := s.state.Swap(next)
	c.unlink(s)
	if s.live {
		s.live = false
		n.count.Add(-1)
		s.ownRoom(false)
	}
	if s.slot != noSlot { // else the namespace was a stand-in
		l := s.on()
		l.leaveAll(s)
		l.remove(s)
		n.release()
	}
	if x := s.more.Load(); x != nil {
		s.endAcks(x)
		s.mu.Lock()
		cancel := x.cancel
		s.mu.Unlock()
		if cancel != nil {
			cancel(ErrDisconnected)
		}
	}
	t := n.table.Load()
	if prev == stateConnecting || len(t.disconnecting)+len(t.disconnect) == 0 {
		s.forgetRooms()
	} else {
		s.enqueue(job{kind: jobClosed, why: why})
	}
	s.mu.Lock()
	if s.jobs != nil {
		s.late = true
		c.late.Add(1)
	}
	s.mu.Unlock()
}

// runClosed tells the disconnect hooks. On a worker.
func (s *Socket) runClosed(why Reason) {
	t := s.nsp.table.Load()
	for _, f := range t.disconnecting {
		s.tell(f, "disconnecting", why)
	}
	s.forgetRooms()
	for _, f := range t.disconnect {
		s.tell(f, "disconnect", why)
	}
}

func (s *Socket) tell(f func(*Socket, Reason), event string, why Reason) {
	defer s.recovered(event)
	f(s, why)
}

// Disconnect leaves the namespace: the client is told, and nothing can be sent
// to it any more. With all, every namespace of the client is left and its
// connection closed. The reason is "server namespace disconnect". What was
// emitted before goes out before. Any goroutine.
func (s *Socket) Disconnect(all bool) {
	if !s.state.CompareAndSwap(stateConnected, stateLeaving) && !all {
		return
	}
	s.post(op{kind: opDisconnect, all: all})
}

// Detail says more about the reason why the connection below ended, such as
// "overlap from client"; "" if there is no more to say. For OnDisconnecting and
// OnDisconnect. Any goroutine.
func (s *Socket) Detail() string {
	x := s.more.Load()
	if x == nil {
		return ""
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return x.detail
}

// CloseConnection closes the client's connection in an orderly way, without
// telling its namespaces; their reason is "forced close". Any goroutine.
func (s *Socket) CloseConnection() { s.post(op{kind: opCloseConn}) }

// Terminate cuts the client's connection. Any goroutine.
func (s *Socket) Terminate() { s.post(op{kind: opTerminate}) }

// leave does what Disconnect asks for. Loop only.
func (s *Socket) leave(all bool) {
	c := s.client
	if !all {
		s.goodbye()
		return
	}
	if c.shut {
		return
	}
	for c.sockets != nil {
		c.sockets.goodbye()
	}
	c.close(ReasonServerDisconnect)
}

// goodbye sends DISCONNECT and ends the socket. Loop only.
func (s *Socket) goodbye() {
	if s.live {
		f := pool.NewShared()
		f.B = s.nsp.srv.frameDisconnect(f.B, s.nsp.name)
		s.client.session.Send(f, 0)
		f.Release()
	}
	s.close(ReasonServerDisconnect)
}
