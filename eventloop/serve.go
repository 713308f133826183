//go:build linux

package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/panjf2000/gnet/v2"
	"github.com/sio-fast/sio-fast/eio"
	"golang.org/x/sys/unix"
)

// Handler is what can be served: a sio.Server, or an [eio.Mux] itself.
type Handler interface{ Mux() *eio.Mux }

// ListenAndServe serves h on addr until it fails or the process ends, with the
// default options. addr is "host:port", ":port" or "unix:///path". Blocks. It
// returns [ErrServerClosed] after a Shutdown, and [ErrStopped] if the loops
// ended by themselves. Any goroutine.
func ListenAndServe(addr string, h Handler) error {
	s := NewServer(addr, h, nil)
	if err := s.Start(); err != nil {
		return err
	}
	return s.Wait()
}

// ErrServerClosed is what Wait returns after Shutdown.
var ErrServerClosed = errors.New("eventloop: server closed")

var errStarted = errors.New("eventloop: the server was started before")

// Server serves one mux on one address. It can be started once.
type Server struct {
	addr string
	h    Handler
	opts *Options

	mu      sync.Mutex // guards what follows
	started bool
	core    *core
	at      net.Addr
	stop    func() // has gnet's loops end
	unix    *acceptor
	done    chan struct{} // closed when gnet has returned and all is freed
	err     error
}

// NewServer makes a server of h for addr. Nothing happens before Start. A nil o
// means the defaults.
func NewServer(addr string, h Handler, o *Options) *Server {
	return &Server{addr: addr, h: h, opts: o, done: make(chan struct{})}
}

// Start listens and serves in the background. The error, if any, is one clear
// line: a bad address, an address in use. Any goroutine. Blocks until the
// server accepts connections.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.started {
		return errStarted
	}
	s.started = true
	err := s.start()
	if err != nil && s.stop == nil { // else bury will
		s.err = err
		close(s.done)
	}
	return err
}

func (s *Server) start() error {
	o, err := s.opts.withDefaults()
	if err != nil {
		return err
	}
	network, addr, err := splitAddr(s.addr)
	if err != nil {
		return err
	}
	s.core = newCore(s.h.Mux(), o)
	if !o.KeepFileLimit {
		s.core.raiseFileLimit()
		s.core.refreshLimit()
	}
	if network == "unix" {
		return s.startUnix(addr)
	}
	return s.startTCP(network, addr)
}

// startTCP runs gnet with one listener a loop.
func (s *Server) startTCP(network, addr string) error {
	k := s.core
	c, err := claimTCP(network, addr, k.opt.ReusePort)
	if err != nil {
		return err
	}
	defer c.release()
	s.at = c.net
	engine := make(chan gnet.Engine, 1)
	ended := make(chan error, 1)
	boot := &booting{core: k, engine: engine}
	go func() { ended <- gnet.Run(boot, c.addr, k.gnetOptions()...) }()
	select {
	case err := <-ended:
		if errors.Is(err, unix.EADDRINUSE) {
			return fmt.Errorf("eventloop: listen %s: address already in use", addr)
		}
		return fmt.Errorf("eventloop: listen %s: %w", addr, err)
	case <-k.begun:
	}
	e := <-engine
	err = k.seed(func(ctx context.Context, c net.Conn) error {
		_, err := e.Register(gnet.NewNetConnContext(ctx, c))
		return err
	})
	s.stop = k.end
	go s.bury(ended)
	if err != nil {
		k.end()
	}
	return err
}

// booting is a core that hands over the engine gnet made for it.
type booting struct {
	*core
	engine chan gnet.Engine
}

func (b *booting) OnBoot(e gnet.Engine) gnet.Action {
	b.engine <- e
	return gnet.None
}

// startUnix runs gnet without a listener and accepts for it: gnet cannot share
// a unix socket between loops, and its single acceptor dies of EMFILE.
func (s *Server) startUnix(path string) error {
	k := s.core
	ln, err := listenUnix(path, k.opt.SocketMode)
	if err != nil {
		return err
	}
	stop, err := k.startClient()
	if err != nil {
		_ = ln.Close()
		return err
	}
	s.at = ln.Addr()
	s.unix = newAcceptor(k, ln)
	ended := make(chan error, 1)
	s.stop = func() { ended <- stop() }
	go s.bury(ended)
	return nil
}

// bury waits for gnet to return and frees what is left.
func (s *Server) bury(ended chan error) {
	err := <-ended
	k := s.core
	if !k.stopping.Load() {
		k.closing.Store(true)
		k.opt.Logger.Error("eventloop: the loops stopped unasked; every connection is closed", "error", err)
		s.err = errors.Join(ErrStopped, err)
	} else {
		s.err = ErrServerClosed
	}
	k.bury()
	close(s.done)
}

// Addr is where the server listens, with the port filled in; nil before Start.
// Any goroutine.
func (s *Server) Addr() net.Addr {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.at
}

// Wait blocks until the server has ended and says why: [ErrServerClosed],
// [ErrStopped] or what Start returned. Any goroutine.
func (s *Server) Wait() error {
	<-s.done
	return s.err
}

// Shutdown ends the server: it lets nobody in, waits until nothing is on its
// way any more (at most Options.DrainTimeout), closes every connection and
// frees the address. Close the engine first (sio.Server.Close), so that clients
// are told. Any goroutine. Blocks until all is done or ctx is; then it returns
// ctx's error and goes on in the background.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	stop, k := s.stop, s.core
	s.stop = nil
	s.mu.Unlock()
	if k == nil {
		return nil
	}
	select {
	case <-s.done: // it ended by itself
		return nil
	default:
	}
	if stop != nil {
		k.closing.Store(true)
		if s.unix != nil {
			s.unix.close()
		}
		k.drain(ctx)
		stop()
	}
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats returns the figures of now. Any goroutine.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	k := s.core
	s.mu.Unlock()
	if k == nil {
		return Stats{}
	}
	return k.stats()
}

func (k *core) stats() Stats {
	return Stats{Conns: k.conns.Load(), Refused: k.refused.Load(), Rings: int(k.rings.Load())}
}

// startClient runs gnet without a listener. stop ends it and returns when its
// loops have returned.
func (k *core) startClient() (stop func() error, err error) {
	cli, err := gnet.NewClient(k, k.gnetOptions()...)
	if err != nil {
		return nil, fmt.Errorf("eventloop: %w", err)
	}
	if err := cli.Start(); err != nil {
		return nil, fmt.Errorf("eventloop: %w", err)
	}
	<-k.begun
	stop = func() error {
		k.stopping.Store(true)
		return cli.Stop()
	}
	err = k.seed(func(ctx context.Context, c net.Conn) error {
		_, err := cli.EnrollContext(c, gnet.FromContext(ctx))
		return err
	})
	if err != nil {
		_ = stop()
		k.bury()
	}
	return stop, err
}

// acceptor takes connections from a unix socket and gives them to the loops.
type acceptor struct {
	k    *core
	ln   *net.UnixListener
	done chan struct{}
}

func newAcceptor(k *core, ln *net.UnixListener) *acceptor {
	a := &acceptor{k, ln, make(chan struct{})}
	go a.run()
	return a
}

func (a *acceptor) run() {
	defer close(a.done)
	for {
		c, err := a.ln.AcceptUnix()
		switch {
		case err == nil:
			if a.k.adopt(c, nil) != nil {
				_ = c.Close()
			}
		case errors.Is(err, net.ErrClosed):
			return
		default: // out of descriptors, most likely: some will come back
			a.k.refuse(reason(err).Error(), a.k.fdLimit.Load())
			time.Sleep(20 * time.Millisecond)
		}
	}
}

// close stops accepting and removes the socket's file.
func (a *acceptor) close() {
	_ = a.ln.Close()
	<-a.done
}
