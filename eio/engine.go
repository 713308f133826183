package eio

import (
	"context"
	"sync"
	"sync/atomic"
)

// Engine is Engine.IO under one path: options, a handler, and the sessions that
// its mux's loops own.
type Engine struct {
	opts    Options
	handler Handler
	cors    *cors
	cookie  *cookie
	deflate *deflate // of websockets
	gzip    *deflate // of answers to polls

	polling, websocket        bool   // the transports
	pingInterval, pingTimeout uint32 // ms

	watched bool // somebody wants to know of each packet: Options.Hooks, the debug log

	mux     atomic.Pointer[Mux]
	clients atomic.Int64
	closing atomic.Bool
}

// NewEngine makes an engine. o may be nil for the defaults; it is copied. Any
// goroutine.
func NewEngine(o *Options, h Handler) (*Engine, error) {
	opts, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, errNoHandler
	}
	e := &Engine{opts: opts, handler: h}
	e.watched = opts.Hooks != nil || debugSocket.On()
	if e.cors, err = opts.CORS.compile(); err != nil {
		return nil, err
	}
	if e.cookie, err = opts.Cookie.compile(); err != nil {
		return nil, err
	}
	if e.deflate, err = opts.PerMessageDeflate.compile("PerMessageDeflate", opts.PerMessageDeflate == nil); err != nil {
		return nil, err
	}
	if e.gzip, err = opts.HTTPCompression.compile("HTTPCompression", opts.DisableHTTPCompression); err != nil {
		return nil, err
	}
	for _, t := range opts.Transports {
		switch t {
		case "polling":
			e.polling = true
		case "websocket":
			e.websocket = true
		default:
			return nil, errTransports
		}
	}
	e.pingInterval = uint32(opts.PingInterval.Milliseconds())
	e.pingTimeout = uint32(opts.PingTimeout.Milliseconds())
	return e, nil
}

func (e *Engine) attach(m *Mux) { e.mux.Store(m) }

// Options returns the options with their defaults filled in. Any goroutine.
func (e *Engine) Options() *Options { return &e.opts }

// Clients is the number of open sessions. Any goroutine.
func (e *Engine) Clients() int { return int(e.clients.Load()) }

// Close refuses new sessions and closes the open ones with [ReasonShutdown]: a
// GET that waits gets a close packet, a websocket a close frame. Blocks until
// every loop has done so, and with the last engine of a mux what serves it under
// net/http has ended, or ctx is done, and returns ctx's error then. Any
// goroutine, but never a loop.
func (e *Engine) Close(ctx context.Context) error {
	e.closing.Store(true)
	m := e.mux.Load()
	if m == nil {
		return nil
	}
	var all sync.WaitGroup
	for _, l := range m.Loops() {
		all.Add(1)
		l.Post(&closeTask{e: e, done: all.Done})
	}
	done := make(chan struct{})
	go func() { all.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
	}
	m.stopHost(ctx)
	return ctx.Err()
}

// closeTask ends an engine's sessions on one loop, in chunks.
type closeTask struct {
	e    *Engine
	next int
	done func()
}

const closeChunk = 1024

// Run implements Task.
func (t *closeTask) Run(l *Loop) (again bool) {
	for n := 0; t.next < len(l.table.sessions); t.next++ {
		s := l.table.sessions[t.next]
		if s == nil || s.engine != t.e {
			continue
		}
		if n++; n > closeChunk {
			return true
		}
		if s.peer != nil {
			s.peer.discard()
		}
		s.end(ReasonShutdown, "", endOrderly)
	}
	t.done()
	return false
}

// Dropped is called where the loop has ended.
func (t *closeTask) Dropped() { t.done() }

// discard drops the messages that wait, but not the rest of one whose beginning
// is sent: a close frame in its middle would be part of it.
func (p *Peer) discard() {
	q := p.out
	if q == nil {
		return
	}
	keep := 0
	if q.off > 0 {
		keep = 1
	}
	for _, f := range q.items[q.head+keep:] {
		q.count(-len(f.B))
		f.Release()
	}
	clear(q.items[q.head+keep:])
	q.items = q.items[:q.head+keep]
	q.own = false
}

// Stop ends the loop: its sessions are closed with [ReasonShutdown] and all its
// connections with them; what the inbox holds and all that is posted later is
// dropped. The driver calls it when its goroutine ends, and reports the
// connections closed. Loop only.
func (l *Loop) Stop() {
	if l.dead.Swap(true) {
		return
	}
	l.begin(nil)
	for _, s := range l.table.sessions {
		if s != nil {
			s.end(ReasonShutdown, "", endOrderly)
		}
	}
	l.flush()
	for len(l.watch.peers) > 0 {
		l.watch.peers[0].cut(false)
	}
	l.leave(nil)
	for ; l.pos < len(l.ops); l.pos++ {
		l.ops[l.pos].drop()
	}
	l.dropAll()
}
