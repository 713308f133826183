package eio

import "net/netip"

// Waker calls a loop's owner: it has the owning goroutine call [Loop.Run] soon.
type Waker interface {
	// Wake has the owner goroutine call [Loop.Run] soon. It is called once per
	// batch of ops, never for each. Any goroutine; the loop itself calls it
	// from inside Run when it stops before its work is done, and the driver
	// must then serve its sockets before it runs the loop again.
	Wake()
}

// Conn is one TCP connection as the engine sees it: the seam below. It is
// implemented by eventloop over gnet, by this package over net/http, and by
// eiotest in memory. All methods are loop only.
type Conn interface {
	// Send makes one non-blocking send. It borrows p. n < len(p) without an
	// error means that the kernel is full: [Peer.Writable] is then called once
	// when there is room again.
	Send(p []byte) (n int, err error)
	// SendV is Send for several slices, in one system call. It borrows bufs.
	SendV(bufs [][]byte) (n int, err error)
	// Close ends the connection after what was sent. It never calls back into
	// the peer before it returns; Peer.Closed(nil) follows exactly once.
	Close()
	// Abort is Close, but drops what the kernel has not sent yet.
	Abort()
	// RemoteAddr is the zero AddrPort for a unix socket.
	RemoteAddr() netip.AddrPort
	// Secure tells whether the connection came over TLS.
	Secure() bool
	// Move gives the connection to another loop, whose goroutine then calls
	// p.Moved with the new connection. After true the old loop must not touch
	// the peer any more. false: this connection cannot be moved.
	Move(to *Loop, p *Peer) bool
}

// halfCloser is what a Conn may offer besides: the end of our stream while the
// other side may still be sending. It makes a refusal arrive that would
// otherwise be lost in a reset.
type halfCloser interface{ CloseWrite() }

// Task is a piece of work for a loop, usually pooled by its maker.
type Task interface {
	// Run does the work on the loop. again keeps the task at the head of the
	// queue: the loop serves its sockets and then calls Run once more, so a
	// large fan-out is cut into chunks and order is kept. Loop only.
	Run(l *Loop) (again bool)
}

// Merger is what a Task may implement to take over the task right behind it, so
// that both are done in one go. It is asked before it runs, and again for the
// task that stands behind then.
type Merger interface {
	// Merge says whether it has taken over next, which is then never run: its
	// memory is the receiver's. Loop only.
	Merge(next Task) bool
}

// dropper is what a Task may implement to hear that it will never run, because
// its loop has ended. Any goroutine.
type dropper interface{ Dropped() }

// Handler is the seam above: Socket.IO, or any user of bare Engine.IO. All
// methods are called on the loop of the session and must not block.
type Handler interface {
	// OnOpen follows the open packet. An error closes the session.
	OnOpen(s *Session) error
	// OnMessage gets the data of one message packet. It borrows p.
	OnMessage(s *Session, p []byte, binary bool)
	// OnClose is called exactly once for each session whose OnOpen was called.
	// detail says more about r, or is empty.
	OnClose(s *Session, r Reason, detail string)
}

// DrainHandler is what a Handler may implement besides, to hear that a session
// that could not take more has nothing left to send: its connection was full, or
// it refused something. Loop only.
type DrainHandler interface{ OnDrain(s *Session) }

// SendFlags say how one message may be treated.
type SendFlags uint8

const (
	// Volatile drops the message when the session is not writable at once.
	Volatile SendFlags = 1 << iota
	// NoCompress keeps the message out of compression.
	NoCompress
	// Refuse drops the message when the session's backlog is above its limit.
	// Without it the session is closed then.
	Refuse
	// Reserved says that [Session.Reserve] has made room for the message.
	Reserved
	// admitted says that the message was in the backlog already.
	admitted
)

// Transport is how a session's packets travel.
type Transport uint8

const (
	// Polling is HTTP long-polling.
	Polling Transport = iota
	// Websocket is RFC 6455.
	Websocket
)

// String is the name on the wire: "polling" or "websocket".
func (t Transport) String() string {
	if t == Websocket {
		return "websocket"
	}
	return "polling"
}
