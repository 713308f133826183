//go:build linux

package eventloop

import (
	"errors"
	"io"
	"time"

	"github.com/panjf2000/gnet/v2"
	"golang.org/x/sys/unix"
)

// OnBoot implements gnet.EventHandler.
func (k *core) OnBoot(gnet.Engine) gnet.Action { return gnet.None }

// OnShutdown implements gnet.EventHandler.
func (k *core) OnShutdown(gnet.Engine) {}

// OnTick is called by a goroutine of gnet's when all loops run. Its next call is
// an hour away: the ticks are our own, for gnet's cannot be had earlier than was
// said, and a loop at rest wants the next one as soon as it is called.
func (k *core) OnTick() (time.Duration, gnet.Action) {
	k.once.Do(func() {
		close(k.begun)
		go k.ticks()
	})
	return time.Hour, gnet.None
}

// OnOpen implements gnet.EventHandler.
func (k *core) OnOpen(g gnet.Conn) (out []byte, action gnet.Action) {
	l, err := k.loopFor(g.EventLoop())
	switch v := g.Context().(type) {
	case *loop: // its own eventfd
		return nil, gnet.None
	case *seedling:
		v.done <- err
		return nil, gnet.None
	case *transfer:
		return nil, l.arrive(v, g)
	}
	if err != nil {
		k.opt.Logger.Error("eventloop: connection refused", "error", err)
		return nil, gnet.Close
	}
	return nil, l.enter(g, nil)
}

// enter lets g in, or refuses it. It borrows head: bytes already read from it.
func (l *loop) enter(g gnet.Conn, head []byte) gnet.Action {
	fd := int32(g.Fd())
	if l.core.admit(g.Fd()) {
		return l.open(g, head)
	}
	drain(fd, l.buf())
	_, _ = send(fd, busy) // the buffer of a fresh socket has room for it
	shutdownWrite(fd)
	drain(fd, l.buf())
	return gnet.Close
}

// open makes g a connection of l.
func (l *loop) open(g gnet.Conn, head []byte) gnet.Action {
	c := &conn{g: g, l: l, fd: int32(g.Fd())}
	g.SetContext(c)
	l.core.conns.Add(1)
	l.tune(c.fd)
	l.accept(c)
	if len(head) > 0 {
		l.feed(c, head)
	}
	return c.settle()
}

func (l *loop) accept(c *conn) {
	defer l.recovered("accept", c)
	l.eio.Accept(&c.peer, c)
}

// tune sets what gnet cannot. TCP_NODELAY came from the listener. On a unix
// socket both fail, which does no harm.
func (l *loop) tune(fd int32) {
	if n := l.core.opt.NotSentLowat; n > 0 {
		setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_NOTSENT_LOWAT, int32(n))
	}
	if d := l.core.opt.UserTimeout; d > 0 {
		setsockopt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int32(d.Milliseconds()))
	}
}

// OnTraffic implements gnet.EventHandler. It always takes all there is: bytes
// left with gnet would be copied into a ring, and copied again at each look.
func (k *core) OnTraffic(g gnet.Conn) gnet.Action {
	b, _ := g.Next(-1)
	switch v := g.Context().(type) {
	case *conn:
		return v.traffic(b)
	case *loop:
		v.awake()
		v.breathe()
		if k.stopping.Load() {
			v.do((*loop).halt)
			return gnet.Shutdown
		}
	}
	return gnet.None
}

// traffic serves one read of c. It borrows b.
func (c *conn) traffic(b []byte) gnet.Action {
	if c.state != stateOpen {
		return gnet.None
	}
	l := c.l
	l.feed(c, b)
	if l.turn.read() {
		l.breathe()
	}
	return c.settle()
}

// OnClose implements gnet.EventHandler. The descriptor is closed right after it
// returns, so this is the last moment it may be used.
func (k *core) OnClose(g gnet.Conn, err error) gnet.Action {
	c, ok := g.Context().(*conn)
	if !ok {
		return gnet.None
	}
	if errors.Is(err, io.EOF) { // the usual end, nothing to report
		err = nil
	}
	if k.stopping.Load() {
		drain(c.fd, c.l.buf())
	}
	c.end(err)
	c.g = nil
	k.conns.Add(-1)
	return gnet.None
}
