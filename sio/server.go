package sio

import (
	"context"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/pool"
)

// Server is a Socket.IO server: an [http.Handler], and what
// eventloop.ListenAndServe serves. It embeds its default namespace "/", so
// everything that can be registered on or sent to a namespace can be on it.
type Server struct {
	*Namespace

	opts    Options
	parser  Parser // nil: the protocol's own
	plain   bool   // neither a parser nor a replacer: what is emitted goes as it is
	limits  limits
	engine  *eio.Engine
	mux     *eio.Mux
	bundle  *bundle
	workers workers
	member  *Member // nil: no adapter

	mu      sync.RWMutex
	nsps    map[string]*Namespace
	parents []*Namespace // in the order of registration
	onNew   []func(*Namespace)

	loops  atomic.Pointer[[]*loopState] // by loop index; entries may be nil
	closed atomic.Bool
	panics atomic.Uint64
	empty  atomic.Int64 // children of dynamic namespaces without sockets

	failures, crashes logGate // what handlers return, and panic with
}

// loopState is what a server has on one loop. Loop only, but for the counters.
type loopState struct {
	srv      *Server
	loop     *eio.Loop
	gid      uint64 // the loop's goroutine
	ids      idSource
	event    Event  // the scratch of inline handlers and replies
	parsed   Packet // the scratch of a Parser
	acks     pool.Slab[pendingAck]
	rooms    pool.Slab[room]
	partials pool.Slab[reassembly]
	name     [64]byte // scratch of event names with escapes
	known    knowns   // the last events found
	args     []byte   // scratch of arguments; nil while in use
	stamp    uint32   // the last selection made on this loop
	count    counters
}

// New makes a server; o may be nil for the reference's defaults and is copied.
// It returns an error for options that make no sense. Any goroutine.
func New(o *Options) (*Server, error) {
	opts, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, parser: opts.Parser, nsps: make(map[string]*Namespace)}
	s.plain = opts.Parser == nil && opts.Replacer == nil
	debugServer.Print("creating engine", "path", opts.Path)
	s.workers.ended = make(chan struct{})
	s.limits = limits{attachments: opts.MaxAttachments, depth: opts.MaxDepth}
	if s.engine, err = eio.NewEngine(opts.engine(), handler{s}); err != nil {
		return nil, err
	}
	if s.bundle, err = newBundle(opts.ClientBundle, opts.BundleVersion, !opts.DisableHTTPCompression); err != nil {
		return nil, err
	}
	s.Namespace = s.newNamespace("/", nil)
	s.Namespace.store = s.newStore(s.Namespace)
	s.nsps["/"] = s.Namespace
	if s.mux = opts.Mux; s.mux == nil {
		s.mux = eio.NewMux()
		s.mux.Fallback, s.mux.OnStall, s.mux.Logger = opts.Fallback, opts.OnStall, opts.Logger
	}
	if opts.Host != nil {
		s.mux.Host = opts.Host
	}
	if err = s.join(); err != nil {
		return nil, err
	}
	s.mux.Handle(s.engine)
	if s.bundle != nil {
		for name := range s.bundle.files {
			s.mux.HandleHTTP(s.opts.Path+name, s)
		}
	}
	return s, nil
}

// Mux is what serves the server on an address. Any goroutine.
func (s *Server) Mux() *eio.Mux { return s.mux }

// Engine is the Engine.IO engine below. Any goroutine.
func (s *Server) Engine() *eio.Engine { return s.engine }

// Path is the prefix of the server's requests, "/socket.io/". Any goroutine.
func (s *Server) Path() string { return s.opts.Path }

// Options is a copy of the server's options, with every default filled in. Any
// goroutine.
func (s *Server) Options() Options { return s.opts }

// ServeHTTP serves s under net/http and whatever routes to an [http.Handler].
// Any goroutine.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if s.bundle != nil && strings.HasPrefix(r.URL.Path, s.opts.Path) &&
		s.bundle.serve(w, r, r.URL.Path[len(s.opts.Path):], s.engine.CORSHeaders) {
		return
	}
	s.engine.ServeHTTP(w, r)
}

// newNamespace makes one that is not yet known to anybody.
func (s *Server) newNamespace(name string, parent *Namespace) *Namespace {
	n := &Namespace{srv: s, name: name, parent: parent}
	if parent != nil {
		n.table.Store(parent.table.Load().child())
	} else {
		n.table.Store(new(table))
	}
	return n
}

// Of gives the namespace of that name and makes it if need be; a missing slash
// is added. A new one whose name matches a pattern ([Server.OfPattern]) becomes
// a child of it. Any goroutine.
func (s *Server) Of(name string) *Namespace {
	if !strings.HasPrefix(name, "/") {
		name = "/" + name
	}
	if n := s.lookup(s2b(name)); n != nil {
		return n
	}
	var parent *Namespace
	for _, p := range s.dynamic() {
		if p.pattern && p.match(name, nil) {
			parent = p
			break
		}
	}
	n := s.create(name, parent)
	n.named.Store(true)
	return n
}

// lookup finds an existing namespace. Any goroutine. Does not allocate.
func (s *Server) lookup(name []byte) *Namespace {
	if len(name) == 1 {
		return s.Namespace
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.nsps[string(name)]
}

// create makes the namespace, unless somebody was faster.
func (s *Server) create(name string, parent *Namespace) *Namespace {
	s.mu.Lock()
	n := s.nsps[name]
	if n != nil {
		s.mu.Unlock()
		return n
	}
	n = s.newNamespace(name, parent)
	n.store = s.newStore(n)
	s.nsps[name] = n
	switch {
	case parent != nil && debugParent.On():
		debugParent.Print("creating child namespace", "parent", parent.name, "namespace", debuglog.Text(name))
	case debugServer.On():
		debugServer.Print("initializing namespace", "namespace", debuglog.Text(name))
	}
	if parent != nil {
		s.empty.Add(1) // until somebody has joined
		parent.mu.Lock()
		parent.children = append(parent.children, n) // who reads them sees as many as there were
		parent.mu.Unlock()
	}
	hooks := s.onNew
	s.mu.Unlock()
	for _, f := range hooks {
		s.made(f, n)
	}
	return n
}

// made calls a hook of OnNamespace. The goroutine may be a worker's, and then
// nobody above would survive its panic.
func (s *Server) made(f func(*Namespace), n *Namespace) {
	defer func() {
		if r := recover(); r != nil {
			s.panics.Add(1)
			s.opts.Logger.Error("sio: panic in OnNamespace", "namespace", n.name, "panic", r, "stack", string(debug.Stack()))
		}
	}()
	f(n)
}

// OnNamespace has fn hear of each namespace that is made after this call,
// static or dynamic. It runs on the goroutine that makes it; its panics are
// logged. Any goroutine.
func (s *Server) OnNamespace(fn func(n *Namespace)) {
	notNil(fn == nil)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onNew = append(s.onNew[:len(s.onNew):len(s.onNew)], fn)
}

// Namespaces gives the namespaces that exist, "/" among them, parents not. Any
// goroutine.
func (s *Server) Namespaces() []*Namespace {
	s.mu.RLock()
	defer s.mu.RUnlock()
	list := make([]*Namespace, 0, len(s.nsps))
	for _, n := range s.nsps {
		list = append(list, n)
	}
	return list
}

// on gives what the server has on loop l, and makes it if need be. Loop only.
func (s *Server) on(l *eio.Loop) *loopState {
	i := l.Index()
	if p := s.loops.Load(); p != nil && i < len(*p) && (*p)[i] != nil {
		return (*p)[i]
	}
	ls := &loopState{srv: s, loop: l, gid: goroutineID()}
	ls.rooms.Reset = resetRoom
	ls.partials.Reset = func(*reassembly) {} // release has emptied it
	s.mu.Lock()
	defer s.mu.Unlock()
	var old []*loopState
	if p := s.loops.Load(); p != nil {
		old = *p
	}
	list := make([]*loopState, max(len(old), i+1))
	copy(list, old)
	list[i] = ls
	s.loops.Store(&list)
	return ls
}

// each gives the server's loops, nil entries among them.
func (s *Server) each() []*loopState {
	if p := s.loops.Load(); p != nil {
		return *p
	}
	return nil
}

// Close disconnects every socket with the reason "server shutting down", closes
// every connection (what was not sent is dropped), leaves the cluster, and waits
// for the handlers that run. It returns ctx's error if that takes too long. It does not close
// listeners. Blocks; any goroutine, but never a handler's, which it would wait
// for: on a loop it does nothing and returns [ErrOnLoop], in a handler that may
// block start a goroutine for it.
func (s *Server) Close(ctx context.Context) error {
	if s.onLoop() {
		return ErrOnLoop
	}
	first := !s.closed.Swap(true)
	if s.member != nil {
		s.member.giveUp()
	}
	var wg sync.WaitGroup
	for _, ls := range s.each() {
		if ls != nil {
			wg.Add(1)
			ls.loop.Post(&shutdown{ls, &wg})
		}
	}
	err := wait(ctx, &wg)
	err = errors.Join(err, s.engine.Close(ctx))
	if s.member != nil && first {
		err = errors.Join(err, s.member.leave(ctx))
	}
	s.workers.close()
	select {
	case <-s.workers.ended:
		return err
	case <-ctx.Done():
		return errors.Join(err, ctx.Err())
	}
}

// wait waits for wg or ctx.
func wait(ctx context.Context, wg *sync.WaitGroup) error {
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// shutdown closes every socket of one loop.
type shutdown struct {
	ls *loopState
	wg *sync.WaitGroup
}

// Run closes the sockets. Loop only.
func (t *shutdown) Run(*eio.Loop) bool {
	for _, n := range t.ls.srv.Namespaces() {
		list := n.each()
		if i := t.ls.loop.Index(); i < len(list) && list[i] != nil {
			for _, s := range list[i].slots {
				if s != nil {
					s.close(ReasonShutdown)
				}
			}
		}
	}
	t.wg.Done()
	return false
}

// Dropped says that the loop has ended, and its sockets with it.
func (t *shutdown) Dropped() { t.wg.Done() }
