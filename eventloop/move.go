//go:build linux

package eventloop

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
	"golang.org/x/sys/unix"
)

var errLost = errors.New("eventloop: the connection did not reach its loop")

// transfer is a connection on its way into a loop: from another one, or from
// outside. gnet carries it as the connection's context until OnOpen.
type transfer struct {
	to   *loop
	conn net.Conn // a duplicate for gnet to enroll
	// c is the connection that moves; nil for one that comes from outside.
	c *conn
	// head are bytes that were already read from a connection from outside.
	head   []byte
	err    error
	opened atomic.Bool
}

// Move implements [eio.Conn]: gnet enrolls a duplicate of the descriptor in the
// other loop, and this one lets go. What arrives meanwhile waits in the kernel,
// so nothing is lost and nothing overtakes.
func (c *conn) Move(to *eio.Loop, _ *eio.Peer) bool {
	k := c.l.core
	l := k.loopOf(to)
	if c.state != stateOpen || c.want != 0 || l == nil || l == c.l || !k.admitTransfer() {
		return false
	}
	nc, err := duplicate(c.fd, k.fdLimit.Load()+reserve/2)
	if err != nil {
		k.transit.Add(-1)
		if k.unmoved.due(5 * time.Second) { // a client that has gone is enough
			k.opt.Logger.Warn("eventloop: cannot move a connection", "error", err)
		}
		return false
	}
	c.l.moves[c] = &transfer{to: l, conn: nc, c: c}
	c.ask(wantMove)
	return true
}

// duplicate gives a net.Conn of its own over what fd refers to, unless that
// takes a number of limit or above: the last descriptors are for accepting, of
// which gnet must never run out.
func duplicate(fd int32, limit int64) (net.Conn, error) {
	d, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if int64(d) >= limit {
		closeFD(d)
		return nil, unix.EMFILE
	}
	nc, err := connFromFD(d)
	if err != nil {
		return nil, err
	}
	if nc.RemoteAddr() == nil { // the other side has gone; gnet needs the address
		_ = nc.Close()
		return nil, unix.ENOTCONN
	}
	return nc, nil
}

// depart lets go of c and sends it on its way. Nothing here may touch c
// afterwards: the other loop may have it already.
func (c *conn) depart() {
	t := c.l.moves[c]
	delete(c.l.moves, c)
	c.want &^= wantMove
	c.l.aux.forget(c)
	c.blocked = false
	c.state = stateMoving
	c.g.SetContext(nil)
	c.g = nil
	t.start()
}

// stay calls off a move that has not begun: the connection has ended first.
func (c *conn) stay() {
	if t := c.l.moves[c]; t != nil {
		delete(c.l.moves, c)
		_ = t.conn.Close()
		c.l.core.transit.Add(-1)
	}
}

// start enrolls t in its loop. Any goroutine.
func (t *transfer) start() {
	ch, err := t.to.el.Enroll(gnet.NewContext(context.Background(), t), t.conn)
	if err != nil {
		_ = t.conn.Close()
		t.lose(err)
		return
	}
	go func() {
		r := <-ch
		if r.Err != nil || !t.opened.Load() {
			t.lose(errors.Join(errLost, r.Err))
		}
	}()
}

// lose reports that t will never arrive. Any goroutine.
func (t *transfer) lose(err error) {
	t.err = err
	t.to.reportLost(t)
}

// arrive makes t a connection of the loop it was sent to.
func (l *loop) arrive(t *transfer, g gnet.Conn) gnet.Action {
	t.opened.Store(true)
	l.core.transit.Add(-1)
	c := t.c
	if c == nil {
		return l.enter(g, t.head)
	}
	c.g, c.l, c.fd, c.state = g, l, int32(g.Fd()), stateOpen
	g.SetContext(c)
	l.moved(c)
	return c.settle()
}

// moved tells the engine that c is here.
func (l *loop) moved(c *conn) {
	l.current = c
	defer func() { l.current = nil }()
	defer l.recovered("moved", c)
	c.peer.Moved(c)
}

// left accounts for a transfer that came to nothing.
func (k *core) left(t *transfer) {
	k.transit.Add(-1)
	if t.c != nil {
		k.conns.Add(-1)
	}
}
