package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/cmd/sio-fast/admin"
	"github.com/sio-fast/sio-fast/cmd/sio-fast/chat"
	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/internal/bundle"
	"github.com/sio-fast/sio-fast/internal/loadapp"
	"github.com/sio-fast/sio-fast/sio"
)

// app is the Socket.IO server with what is registered on it.
type app struct {
	io    *sio.Server
	log   *slog.Logger
	web   http.Handler
	admin *admin.Admin // nil without an admin address
	quit  chan struct{}
}

func newApp(c *config, log *slog.Logger) (*app, error) {
	a := &app{log: log, quit: make(chan struct{})}
	a.web = pages(c)
	o := &sio.Options{
		Path:         c.path,
		PingInterval: c.pingInterval,
		PingTimeout:  c.pingTimeout,
		MaxPayload:   c.maxPayload,
		MaxBacklog:   c.maxBacklog,
		WhenSlow:     c.slowPolicy(),
		AllowEIO3:    c.allowEIO3,
		Logger:       log,
		Fallback:     a.web,
	}
	if c.origins != "" {
		o.CORS = &eio.CORS{Origins: split(c.origins)}
	}
	if c.deflate {
		o.PerMessageDeflate = &sio.Deflate{}
	}
	if c.recovery > 0 {
		o.Recovery = &sio.Recovery{MaxDisconnection: c.recovery}
	}
	if files, ok := bundle.FS(); ok {
		o.ClientBundle = files
	} else {
		log.Warn(bundle.Missing)
	}
	io, err := sio.New(o)
	if err != nil {
		return nil, err
	}
	a.io = io
	switch c.app {
	case "chat":
		chat.Serve(io, a.quit)
	case "load":
		loadapp.Register(io)
	case "load-raw":
		loadapp.RegisterRaw(io)
	}
	return a, nil
}

func (a *app) stop() { close(a.quit) }

func split(list string) []string {
	parts := strings.Split(list, ",")
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// pages answers what is not Socket.IO.
func pages(c *config) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", admin.Health)
	if c.app == "chat" {
		mux.Handle("GET /", chat.Pages())
	}
	return mux
}

// front is a listener that serves the app.
type front struct {
	addr     func() string
	shutdown func(context.Context) error
}

// listen opens the address of c: on event loops, or through net/http for TLS,
// which the loops do not speak. A later failure goes to failed.
func (a *app) listen(c *config, failed chan<- error) (*front, error) {
	if c.tlsCert != "" {
		return a.listenTLS(c, failed)
	}
	s := eventloop.NewServer(c.addr, a.io, &eventloop.Options{
		Loops: c.loops, UserTimeout: c.userTimeout, NoIOUring: c.noIOUring, Logger: a.log,
	})
	if err := s.Start(); err != nil {
		return nil, err
	}
	if a.admin != nil {
		a.admin.Serving(s)
	}
	go func() { failed <- s.Wait() }()
	return &front{
		addr: func() string { return s.Addr().String() },
		shutdown: func(ctx context.Context) error {
			return errors.Join(a.io.Close(ctx), s.Shutdown(ctx))
		},
	}, nil
}

func (a *app) listenTLS(c *config, failed chan<- error) (*front, error) {
	cert, err := tls.LoadX509KeyPair(c.tlsCert, c.tlsKey)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	ln, err := net.Listen("tcp", c.addr)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle(c.path, a.io)
	mux.Handle("/", a.web)
	srv := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		TLSConfig:         &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12},
	}
	go func() { failed <- srv.ServeTLS(ln, "", "") }()
	return &front{
		addr: func() string { return ln.Addr().String() },
		shutdown: func(ctx context.Context) error {
			return errors.Join(a.io.Close(ctx), srv.Shutdown(ctx))
		},
	}, nil
}
