//go:build linux

package eventloop

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/sio-fast/sio-fast/eio"
)

// Host runs loops without a listener, for connections that arrive elsewhere:
// websockets that net/http has accepted and given up. On a loop such a
// connection needs no goroutine and no buffers of its own. Its loops start with
// the first connection.
type Host struct {
	opts *Options

	mu   sync.Mutex // guards what follows
	core *core
	stop func() error
	err  error
	dead bool
}

var (
	errOtherMux = errors.New("eventloop: the host serves another mux")
	errNotPlain = errors.New("eventloop: not a plain TCP or unix connection")
)

// NewHost makes a host. A nil o means the defaults. It serves one mux: the
// first that gives it a connection.
func NewHost(o *Options) *Host { return &Host{opts: o} }

// Adopt moves a connection of m, with what was already read from it, into a
// loop. It takes c and head, which begins with the request line of the request
// that the connection is at: the loop serves it as if it had read it. On an
// error, for a TLS connection for instance, c and head are the caller's again.
// Any goroutine.
func (h *Host) Adopt(m *eio.Mux, c net.Conn, head []byte) error {
	switch c.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return errNotPlain
	}
	if c.RemoteAddr() == nil {
		return net.ErrClosed
	}
	k, err := h.start(m)
	if err != nil {
		return err
	}
	return k.adopt(c, head)
}

// Loop gives one of the host's loops in turn, for a session of m that comes by
// the requests of net/http. Any goroutine.
func (h *Host) Loop(m *eio.Mux) (*eio.Loop, error) {
	k, err := h.start(m)
	if err != nil {
		return nil, err
	}
	loops := k.all()
	if len(loops) == 0 || k.closing.Load() {
		return nil, net.ErrClosed
	}
	return loops[int(k.next.Add(1))%len(loops)].eio, nil
}

// start begins the loops, once.
func (h *Host) start(m *eio.Mux) (*core, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	switch {
	case h.dead:
		return nil, net.ErrClosed
	case h.err != nil:
		return nil, h.err
	case h.core != nil && h.core.mux != m:
		return nil, errOtherMux
	case h.core != nil:
		return h.core, nil
	}
	o, err := h.opts.withDefaults()
	if err != nil {
		h.err = err
		return nil, err
	}
	k := newCore(m, o)
	if h.stop, h.err = k.startClient(); h.err != nil {
		return nil, h.err
	}
	h.core = k
	return k, nil
}

// Shutdown ends the loops and closes their connections, after what is on its
// way has been sent (at most Options.DrainTimeout). Any goroutine. Blocks.
func (h *Host) Shutdown(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.dead || h.core == nil {
		h.dead = true
		return nil
	}
	h.dead = true
	k := h.core
	k.closing.Store(true)
	k.drain(ctx)
	done := make(chan struct{})
	go func() {
		_ = h.stop()
		k.bury()
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stats returns the figures of now. Any goroutine.
func (h *Host) Stats() Stats {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.core == nil {
		return Stats{}
	}
	return h.core.stats()
}
