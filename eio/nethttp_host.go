package eio

import (
	"context"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// host is what serves a Mux under net/http: loops that goroutines drive. They
// start with the first request and end with the last engine. The zero value is
// ready. Any goroutine.
//
//	net/http goroutine ──event──► driver.queue ─┐
//	reader of a websocket ─event──►             ├─► driver goroutine: Feed, Flush, Run, Tick
//	Loop.Post ──────────────────► Loop's inbox ─┘
//
// Events of connections have a queue of their own, apart from the loop's
// inbox: a long fan-out stays at the head of that one, and must let the
// sockets be served in between.
type host struct {
	mu      sync.Mutex
	drivers []*driver
	peers   map[*netPeer]struct{}
	closed  bool
	turn    uint              // round robin over drivers
	byLoop  map[*Loop]*driver // under mu
	idle    chan struct{}     // closed when closed and no peer is left
	running sync.WaitGroup    // drivers
}

// driver is one goroutine that drives a loop.
type driver struct {
	loop  *Loop
	wake  chan struct{}
	quit  chan struct{}
	run   atomic.Bool // the loop wants Run
	clock func() time.Time
	timer *time.Timer // of the next tick

	mu    sync.Mutex
	queue []netEvent
	spare []netEvent
	ended bool
}

// netEvent tells a connection's peer, on its loop, what happened.
type netEvent struct {
	p    *netPeer
	kind eventKind
}

type eventKind uint8

const (
	evAccept   eventKind = iota // the connection is new
	evFeed                      // p.in has bytes
	evWritable                  // there is room again
	evClosed                    // the connection is gone
	evMoved                     // it has come from another loop
	evShutdown                  // the host stops
)

// netPeer is a peer whose connection goroutines serve.
type netPeer struct {
	peer     Peer
	conn     Conn
	end      func()               // has the goroutines of the connection end; any goroutine, repeatable
	loop     atomic.Pointer[Loop] // that owns it
	host     *host
	in       []byte        // for evFeed: lent by the reader until fed
	fed      chan struct{} // capacity 1: one token for each evFeed done with
	closeErr error         // for evClosed
	gone     bool          // evClosed was handled; loop only
	remote   netip.AddrPort
	secure   bool
}

// enter registers p with a loop and has its peer made there. false: closed.
func (m *Mux) enter(p *netPeer) bool {
	h := &m.host
	h.mu.Lock()
	if h.closed {
		h.mu.Unlock()
		return false
	}
	if h.drivers == nil {
		h.start(m)
	}
	l := h.drivers[h.turn%uint(len(h.drivers))].loop
	h.turn++
	h.peers[p] = struct{}{}
	h.mu.Unlock()
	if m.Host != nil {
		if lent, err := m.Host.Loop(m); err == nil {
			l = lent
		}
	}
	p.host = h
	p.fed = make(chan struct{}, 1)
	p.loop.Store(l)
	p.post(evAccept)
	return true
}

// leave forgets p, whose goroutines have ended.
func (h *host) leave(p *netPeer) {
	h.mu.Lock()
	delete(h.peers, p)
	if h.closed && len(h.peers) == 0 && h.idle != nil {
		close(h.idle)
		h.idle = nil
	}
	h.mu.Unlock()
}

// start makes the loops; h.mu is held.
func (h *host) start(m *Mux) {
	h.peers = make(map[*netPeer]struct{})
	h.byLoop = make(map[*Loop]*driver)
	for range runtime.GOMAXPROCS(0) {
		d := &driver{wake: make(chan struct{}, 1), quit: make(chan struct{}), clock: m.Clock}
		if d.clock == nil {
			d.clock = time.Now
		}
		d.loop = m.NewLoop(d)
		h.drivers = append(h.drivers, d)
		h.byLoop[d.loop] = d
		h.running.Go(d.drive)
	}
}

// stopPatience is how long stop lets clients end by themselves: polls that are
// being answered, close frames that are being echoed.
const stopPatience = 250 * time.Millisecond

// stop ends what serves under net/http: no new requests, the connections that
// are left are closed after what they still have to send, then the loops end.
// Blocks until that is done; when ctx ends, what is left is cut. Any goroutine,
// but never a loop.
func (h *host) stop(ctx context.Context) {
	h.mu.Lock()
	first := !h.closed
	h.closed = true
	idle := make(chan struct{})
	if len(h.peers) == 0 || !first {
		close(idle)
	} else {
		h.idle = idle
	}
	h.mu.Unlock()
	patience := time.NewTimer(stopPatience)
	defer patience.Stop()
	select {
	case <-idle:
	case <-patience.C:
	case <-ctx.Done():
	}
	for _, p := range h.remaining() {
		p.post(evShutdown)
	}
	select {
	case <-idle:
	case <-ctx.Done():
		for _, p := range h.remaining() {
			p.end()
		}
	}
	if first {
		for _, d := range h.drivers {
			close(d.quit)
		}
	}
	h.running.Wait()
}

func (h *host) remaining() []*netPeer {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Collect(maps.Keys(h.peers))
}

// stopHost ends what serves m under net/http once its last engine is closed.
// Blocks as stop does.
func (m *Mux) stopHost(ctx context.Context) {
	for _, e := range m.engines {
		if !e.closing.Load() {
			return
		}
	}
	m.host.stop(ctx)
}

func (h *host) driver(l *Loop) *driver {
	// byLoop is written once, by start, before any peer has a loop.
	return h.byLoop[l]
}

// post has kind handled on the loop that owns p. Any goroutine. Does not
// allocate.
func (p *netPeer) post(kind eventKind) {
	l := p.loop.Load()
	if d := p.host.driver(l); d != nil {
		if !d.post(netEvent{p, kind}) {
			p.drop(kind)
		}
		return
	}
	// A loop of somebody else's, which a session lives on.
	switch kind {
	case evAccept:
		l.Post((*acceptTask)(p))
	case evFeed:
		l.Post((*feedTask)(p))
	case evWritable:
		l.Post((*writableTask)(p))
	case evClosed:
		l.Post((*closedTask)(p))
	case evMoved:
		l.Post((*movedTask)(p))
	case evShutdown:
		l.Post((*shutdownTask)(p))
	}
}

// The same events as tasks for a loop that is not ours.
type (
	acceptTask   netPeer
	feedTask     netPeer
	writableTask netPeer
	closedTask   netPeer
	movedTask    netPeer
	shutdownTask netPeer
)

func (t *acceptTask) Run(l *Loop) bool   { (*netPeer)(t).handle(l, evAccept); return false }
func (t *feedTask) Run(l *Loop) bool     { (*netPeer)(t).handle(l, evFeed); return false }
func (t *writableTask) Run(l *Loop) bool { (*netPeer)(t).handle(l, evWritable); return false }
func (t *closedTask) Run(l *Loop) bool   { (*netPeer)(t).handle(l, evClosed); return false }
func (t *movedTask) Run(l *Loop) bool    { (*netPeer)(t).handle(l, evMoved); return false }
func (t *shutdownTask) Run(l *Loop) bool { (*netPeer)(t).handle(l, evShutdown); return false }
func (t *shutdownTask) Dropped()         { (*netPeer)(t).drop(evShutdown) }
func (t *acceptTask) Dropped()           { (*netPeer)(t).drop(evAccept) }
func (t *feedTask) Dropped()             { (*netPeer)(t).drop(evFeed) }
func (t *writableTask) Dropped()         { (*netPeer)(t).drop(evWritable) }
func (t *closedTask) Dropped()           { (*netPeer)(t).drop(evClosed) }
func (t *movedTask) Dropped()            { (*netPeer)(t).drop(evMoved) }

// drop is what remains of an event whose loop has ended.
func (p *netPeer) drop(kind eventKind) {
	p.end()
	if kind == evFeed {
		p.fed <- struct{}{}
	}
}

// handle does an event. Loop only.
func (p *netPeer) handle(l *Loop, kind eventKind) {
	if p.loop.Load() != l {
		p.post(kind) // it has moved on; so do we
		return
	}
	if p.gone {
		if kind == evFeed {
			p.fed <- struct{}{}
		}
		return
	}
	switch kind {
	case evAccept:
		l.Accept(&p.peer, p.conn)
	case evFeed:
		in := p.in
		p.in = nil
		p.peer.Feed(in)
		p.fed <- struct{}{}
	case evWritable:
		p.peer.Writable()
	case evClosed:
		p.gone = true
		p.peer.Closed(p.closeErr)
	case evMoved:
		p.peer.Moved(p.conn)
	case evShutdown:
		l.Flush() // the last words of closing sessions first
		p.conn.(interface{ shutdown() }).shutdown()
	}
}

// feed hands b to the peer and waits until it is done with it. Reader only.
func (p *netPeer) feed(b []byte) {
	p.in = b
	p.post(evFeed)
	<-p.fed
}

// move gives p to another loop. Loop only.
func (p *netPeer) move(to *Loop) bool {
	p.loop.Store(to)
	p.post(evMoved)
	return true
}

// Wake is the Waker of the driver's loop. Any goroutine.
func (d *driver) Wake() {
	d.run.Store(true)
	d.signal()
}

func (d *driver) signal() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// post queues an event; false: the driver has ended. Any goroutine.
func (d *driver) post(e netEvent) bool {
	d.mu.Lock()
	if d.ended {
		d.mu.Unlock()
		return false
	}
	d.queue = append(d.queue, e)
	first := len(d.queue) == 1
	d.mu.Unlock()
	if first {
		d.signal()
	}
	return true
}

// TickSoon implements [TickWaker]. Loop only: the goroutine that serves the timer.
func (d *driver) TickSoon() { d.timer.Reset(d.loop.TickEvery()) }

// drive is the driver's goroutine: the loop's owner.
func (d *driver) drive() {
	d.timer = time.NewTimer(0)
	defer d.timer.Stop()
	for {
		select {
		case <-d.wake:
			d.serve()
			if d.run.Swap(false) {
				d.loop.Run()
			}
		case due := <-d.timer.C:
			d.loop.Late(time.Since(due))
			d.loop.Tick(d.clock())
			d.timer.Reset(d.loop.NextTick())
		case <-d.quit:
			d.finish()
			return
		}
	}
}

// serve does the events that wait, as one batch of reads.
func (d *driver) serve() {
	d.mu.Lock()
	batch := d.queue
	d.queue, d.spare = d.spare, nil
	d.mu.Unlock()
	for _, e := range batch {
		e.p.handle(d.loop, e.kind)
	}
	if len(batch) > 0 {
		d.loop.Flush()
	}
	clear(batch)
	d.mu.Lock()
	d.spare = batch[:0]
	d.mu.Unlock()
}

// finish ends the loop and lets go of those who wait for it.
func (d *driver) finish() {
	d.serve()
	d.loop.Stop()
	d.mu.Lock()
	d.ended = true
	rest := d.queue
	d.queue, d.spare = nil, nil
	d.mu.Unlock()
	for _, e := range rest {
		e.p.drop(e.kind)
	}
}
