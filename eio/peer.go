package eio

// Peer is one TCP connection: HTTP requests, of which one may make it a
// websocket. The driver embeds it by value and must not copy it.
type Peer struct {
	conn Conn
	loop *Loop
	sess *Session
}

// Feed gives the peer bytes that arrived. It borrows b, unmasks in place and
// takes all of it. It never panics; on an error the connection is closed. It
// does not flush: see [Loop.Flush]. Loop only.
func (p *Peer) Feed(b []byte) {}

// Writable says that the kernel has room again after a short Send. Loop only.
func (p *Peer) Writable() {}

// Closed says that the connection is gone; err is why, if known. The peer must
// not be used any more. Loop only.
func (p *Peer) Closed(err error) {}

// Moved says that the connection has arrived on the loop it was given to, whose
// goroutine calls it. It flushes. Loop only.
func (p *Peer) Moved(c Conn) {}

// Loop is the loop that owns the peer. Loop only.
func (p *Peer) Loop() *Loop { return p.loop }

// RawPeer is the peer of a bare websocket endpoint.
type RawPeer Peer

// Send sends one message. It borrows data. Loop only. Does not allocate.
func (p *RawPeer) Send(data []byte, binary bool) {}
