//go:build linux

package eventloop

import (
	"net"
	"net/netip"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
)

// connState is where a connection stands. Only stateOpen may be sent to.
type connState uint8

const (
	stateOpen     connState = iota
	stateMoving             // on its way to another loop: nobody owns it
	stateFinished           // the peer was told that it is closed
)

// What was asked of a connection and waits for a safe moment.
const (
	wantClose uint8 = 1 << iota
	wantAbort
	wantMove
)

// conn is one TCP or unix connection: gnet's context, the engine's eio.Conn and
// the peer itself, in one allocation. It lives as long as gnet's own and moves
// between loops whole. Loop only.
type conn struct {
	peer   eio.Peer
	g      gnet.Conn
	l      *loop
	fd     int32
	slot   int32 // in the loop's table of blocked sockets, plus one; 0: none
	state  connState
	want   uint8
	queued bool // in loop.after
	// blocked: the kernel was full at the last send, and nothing has said since
	// that it has room.
	blocked bool
}

// Send implements [eio.Conn].
func (c *conn) Send(p []byte) (int, error) {
	if c.state != stateOpen {
		return 0, net.ErrClosed
	}
	n, err := send(c.fd, p)
	if n < len(p) && err == nil {
		err = c.l.block(c)
	}
	return n, err
}

// SendV implements [eio.Conn].
func (c *conn) SendV(bufs [][]byte) (int, error) {
	if c.state != stateOpen {
		return 0, net.ErrClosed
	}
	n, full, err := c.l.vec.send(c.fd, bufs)
	if full && err == nil {
		err = c.l.block(c)
	}
	return n, err
}

// Close implements [eio.Conn].
func (c *conn) Close() { c.ask(wantClose) }

// Abort implements [eio.Conn].
func (c *conn) Abort() { c.ask(wantClose | wantAbort) }

// CloseWrite ends our stream and keeps reading.
func (c *conn) CloseWrite() {
	if c.state == stateOpen {
		shutdownWrite(c.fd)
	}
}

// Secure implements [eio.Conn].
func (c *conn) Secure() bool { return false }

// RemoteAddr implements [eio.Conn]. It is taken from gnet's connection, which
// knows it until OnClose has returned; so it costs no room here.
func (c *conn) RemoteAddr() netip.AddrPort {
	if c.g == nil {
		return netip.AddrPort{}
	}
	a, ok := c.g.RemoteAddr().(*net.TCPAddr)
	if !ok || a == nil {
		return netip.AddrPort{}
	}
	ip, _ := netip.AddrFromSlice(a.IP)
	return netip.AddrPortFrom(ip.Unmap().WithZone(a.Zone), uint16(a.Port))
}

// ask notes what is to be done with c once nothing of it is on the stack: at
// the end of its own read, else at the end of the loop's round. Closing another
// connection inside a batch would leave gnet with an event for a descriptor
// that may already belong to a stranger.
func (c *conn) ask(what uint8) {
	c.want |= what
	if c.l.current == c || c.queued || c.state != stateOpen {
		return
	}
	c.queued = true
	c.l.after = append(c.l.after, c)
	c.l.armAfter()
}

// settle does what was asked of c, now that nothing of it is on the stack, and
// returns gnet.Close if gnet is to close its descriptor.
func (c *conn) settle() gnet.Action {
	switch {
	case c.state != stateOpen:
		return gnet.None
	case c.want&wantMove != 0:
		c.depart()
		return gnet.Close
	case c.want&wantAbort != 0:
		abortive(c.fd)
		return gnet.Close
	case c.want&wantClose != 0:
		// Our end of the stream first, then what has arrived and nobody will
		// read: a close with unread bytes would be a reset, which can take our
		// last bytes with it.
		shutdownWrite(c.fd)
		drain(c.fd, c.l.buf())
		return gnet.Close
	}
	return gnet.None
}

// end takes c away from the engine, whose peer hears of it exactly once.
func (c *conn) end(err error) {
	if c.state != stateOpen && c.state != stateMoving {
		return
	}
	c.stay()
	if c.l.due.put && err == nil {
		c.l.run() // a client that has ended its stream may still read: the round's end would be too late
	}
	c.l.closed(c, err)
	c.l.aux.forget(c)
	c.state = stateFinished
}
