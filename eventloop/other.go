//go:build !linux

package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"

	"github.com/sio-fast/sio-fast/eio"
)

// Elsewhere than on Linux the same calls serve through net/http: slower, and
// the same to the clients. Good enough to develop on.

// Handler is what can be served: a sio.Server, or an [eio.Mux] itself.
type Handler interface{ Mux() *eio.Mux }

var (
	// ErrServerClosed is what Wait returns after Shutdown.
	ErrServerClosed = errors.New("eventloop: server closed")
	// ErrStopped is never returned here.
	ErrStopped = errors.New("eventloop: the loops stopped unasked")

	errNoHost = errors.New("eventloop: hosts need Linux")
)

// ListenAndServe serves h on addr until it fails or the process ends.
func ListenAndServe(addr string, h Handler) error {
	s := NewServer(addr, h, nil)
	if err := s.Start(); err != nil {
		return err
	}
	return s.Wait()
}

// Server serves one mux on one address. It can be started once.
type Server struct {
	addr string
	opts *Options
	http http.Server
	at   net.Addr
	done chan error
}

// NewServer makes a server of h for addr. Nothing happens before Start.
func NewServer(addr string, h Handler, o *Options) *Server {
	return &Server{addr: addr, opts: o, http: http.Server{Handler: h.Mux()}, done: make(chan error, 1)}
}

// Start listens and serves in the background. Any goroutine.
func (s *Server) Start() error {
	if _, err := s.opts.withDefaults(); err != nil {
		return err
	}
	network, addr := "tcp", s.addr
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		network, addr = "unix", strings.TrimPrefix(path, "//")
	} else if n, rest, ok := strings.Cut(addr, "://"); ok {
		network, addr = n, rest
	}
	ln, err := net.Listen(network, addr)
	if err != nil && network == "unix" {
		if c, derr := net.Dial(network, addr); derr == nil {
			_ = c.Close()
		} else if os.Remove(addr) == nil {
			ln, err = net.Listen(network, addr)
		}
	}
	if err != nil {
		return fmt.Errorf("eventloop: %w", err)
	}
	s.at = ln.Addr()
	go func() { s.done <- s.http.Serve(ln) }()
	return nil
}

// Addr is where the server listens, with the port filled in. Any goroutine.
func (s *Server) Addr() net.Addr { return s.at }

// Wait blocks until the server has ended and says why. Any goroutine.
func (s *Server) Wait() error {
	err := <-s.done
	s.done <- err
	if errors.Is(err, http.ErrServerClosed) {
		return ErrServerClosed
	}
	return err
}

// Shutdown ends the server. Any goroutine. Blocks until ctx is done at most.
func (s *Server) Shutdown(ctx context.Context) error { return s.http.Shutdown(ctx) }

// Stats returns the figures of now. Any goroutine.
func (s *Server) Stats() Stats { return Stats{} }

// Host runs loops for connections that net/http accepted: on Linux alone.
type Host struct{}

// NewHost makes a host that adopts nothing.
func NewHost(*Options) *Host { return new(Host) }

// Loop always fails: the session stays with its goroutines. Any goroutine.
func (h *Host) Loop(*eio.Mux) (*eio.Loop, error) { return nil, errNoHost }

// Adopt always fails: the connection stays with its goroutine. Any goroutine.
func (h *Host) Adopt(*eio.Mux, net.Conn, []byte) error { return errNoHost }

// Shutdown does nothing. Any goroutine.
func (h *Host) Shutdown(context.Context) error { return nil }

// Stats returns the figures of now. Any goroutine.
func (h *Host) Stats() Stats { return Stats{} }
