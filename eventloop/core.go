//go:build linux

package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
)

// ErrStopped is what Wait and ListenAndServe return when the loops ended
// without having been asked to: gnet gives up when it cannot accept. Nothing is
// served any more and every connection is closed.
var ErrStopped = errors.New("eventloop: the loops stopped unasked")

// core is a set of gnet loops with one mux on top: the part that a Server and a
// Host share.
type core struct {
	opt Options
	mux *eio.Mux

	mu    sync.RWMutex // guards byEL and the making of loops
	byEL  map[gnet.EventLoop]*loop
	loops atomic.Pointer[[]*loop]

	begun   chan struct{} // closed when gnet's loops run
	beginNS time.Time
	once    sync.Once
	soon    chan struct{} // a loop is new, or wants its tick earlier than it has said
	buried  chan struct{} // closed when gnet's loops have returned
	gone    sync.Once     // closes buried

	// conns counts open connections, transit those on their way to a loop.
	conns, transit, refused atomic.Int64
	closing                 atomic.Bool // nothing new is let in
	ringless                atomic.Bool // it was said that there is no ring
	rings                   atomic.Int32
	stopping                atomic.Bool // the loops are to end
	fdLimit                 atomic.Int64
	next                    atomic.Uint32
	refusal, unmoved        every   // what is logged now and then
	janitor                 janitor // of the ticking goroutine
	lastChore               int64   // of the ticking goroutine, in seconds; -1: none yet
}

func newCore(mux *eio.Mux, o Options) *core {
	k := &core{opt: o, mux: mux, byEL: make(map[gnet.EventLoop]*loop), begun: make(chan struct{}),
		soon: make(chan struct{}, 1), buried: make(chan struct{}), beginNS: time.Now(), lastChore: -1}
	k.loops.Store(new([]*loop))
	k.refreshLimit()
	return k
}

// gnetOptions are what gnet is told: level-triggered, one loop a core.
func (k *core) gnetOptions() []gnet.Option {
	return []gnet.Option{
		gnet.WithNumEventLoop(k.opt.Loops),
		gnet.WithReusePort(true),
		// Sockets in TIME_WAIT keep this, and let the next server have the port.
		gnet.WithReuseAddr(true),
		gnet.WithTicker(true),
		gnet.WithTCPNoDelay(gnet.TCPNoDelay),
		gnet.WithTCPKeepAlive(k.opt.KeepAlive),
		gnet.WithSocketRecvBuffer(k.opt.RecvBuffer),
		gnet.WithSocketSendBuffer(k.opt.SendBuffer),
		gnet.WithLogger(gnetLog{k.opt.Logger}),
	}
}

// all lends the loops made so far. Any goroutine.
func (k *core) all() []*loop { return *k.loops.Load() }

// loopOf finds the driver of an engine's loop, or nil. Any goroutine.
func (k *core) loopOf(e *eio.Loop) *loop {
	for _, l := range k.all() {
		if l.eio == e {
			return l
		}
	}
	return nil
}

// loopFor finds the loop that drives el, or makes it. Any goroutine.
func (k *core) loopFor(el gnet.EventLoop) (*loop, error) {
	k.mu.RLock()
	l := k.byEL[el]
	k.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if l := k.byEL[el]; l != nil {
		return l, nil
	}
	l, err := k.newLoop(el)
	if err != nil {
		return nil, err
	}
	k.byEL[el] = l
	loops := append(append([]*loop(nil), k.all()...), l)
	k.loops.Store(&loops)
	k.look()
	return l, nil
}

func (k *core) newLoop(el gnet.EventLoop) (*loop, error) {
	w, far, err := newWake()
	if err != nil {
		return nil, fmt.Errorf("eventloop: cannot make a loop: %w", err)
	}
	l := &loop{core: k, el: el, wake: w, moves: make(map[*conn]*transfer)}
	if l.aux, err = newWritables(l.report); err != nil {
		w.close()
		_ = far.Close()
		return nil, fmt.Errorf("eventloop: cannot make a loop: %w", err)
	}
	l.bulk.start(k)
	l.eio = k.mux.NewLoop(l)
	k.transit.Add(1)
	ch, err := el.Enroll(gnet.NewContext(context.Background(), l), far)
	if err != nil {
		l.free()
		_ = far.Close()
		k.transit.Add(-1)
		return nil, fmt.Errorf("eventloop: cannot make a loop: %w", err)
	}
	go func() {
		<-ch
		k.transit.Add(-1)
	}()
	return l, nil
}

// seed makes every loop of gnet known, which it will tell only through a
// connection: register enrolls one in the next loop.
func (k *core) seed(register func(ctx context.Context, c net.Conn) error) error {
	keep := make([]int, 0, k.opt.Loops)
	defer func() {
		for _, fd := range keep {
			closeFD(fd) // gnet sees the end and closes its side
		}
	}()
	for range k.opt.Loops {
		c, far, err := socketpair()
		if err != nil {
			return err
		}
		keep = append(keep, far)
		s := &seedling{done: make(chan error, 1)}
		if err := register(gnet.NewContext(context.Background(), s), c); err != nil {
			return err
		}
		if err := <-s.done; err != nil {
			return err
		}
	}
	if n := len(k.all()); n != k.opt.Loops {
		return fmt.Errorf("eventloop: %d loops of %d began", n, k.opt.Loops)
	}
	return nil
}

// seedling is the context of a connection that only brings a loop to light.
type seedling struct{ done chan error }

// admitTransfer counts a connection that is about to travel, unless the loops
// are about to end: gnet would strand it.
func (k *core) admitTransfer() bool {
	k.transit.Add(1)
	if k.closing.Load() {
		k.transit.Add(-1)
		return false
	}
	return true
}

// adopt gives a connection from outside to the next loop. It takes c and head.
// Any goroutine.
func (k *core) adopt(c net.Conn, head []byte) error {
	loops := k.all()
	if len(loops) == 0 || !k.admitTransfer() {
		return net.ErrClosed
	}
	l := loops[int(k.next.Add(1))%len(loops)]
	t := &transfer{to: l, conn: c, head: head}
	t.start()
	return nil
}

// drain waits, after closing was set, until nothing is on its way any more: no
// transfer, no blocked socket, no inbox (at most DrainTimeout). Then it stops
// the engine's loops, and lets them say what they still have to say. It gives
// up when ctx is done.
func (k *core) drain(ctx context.Context) {
	k.quieten(ctx, k.opt.DrainTimeout)
	stop, cancel := context.WithTimeout(ctx, k.opt.DrainTimeout)
	for _, l := range k.all() {
		l.ask(stop, (*loop).halt)
	}
	cancel()
	k.quieten(ctx, k.opt.DrainTimeout/4)
}

// quieten waits until every loop is quiet, twice in a row: what is quiet on one
// loop may come from another.
func (k *core) quieten(ctx context.Context, limit time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for held := 0; held < 2; {
		if held++; !k.everyQuiet(ctx) {
			held = 0
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Millisecond):
		}
	}
}

func (k *core) everyQuiet(ctx context.Context) bool {
	quiet := k.transit.Load() == 0
	for _, l := range k.all() {
		quiet = l.ask(ctx, (*loop).quiet) && quiet
	}
	return quiet
}

// end has every loop return to gnet with the wish to stop.
func (k *core) end() {
	k.stopping.Store(true)
	for _, l := range k.all() {
		l.Wake()
	}
}

// bury ends what is left of the loops once gnet's have returned.
func (k *core) bury() {
	k.gone.Do(func() { close(k.buried) })
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, l := range k.all() {
		l.bury()
	}
}
