package eio

import (
	"context"
	"sync/atomic"
)

// Engine is Engine.IO under one path: options, a handler, and the sessions that
// its mux's loops own.
type Engine struct {
	opts    Options
	handler Handler
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
	return &Engine{opts: opts, handler: h}, nil
}

func (e *Engine) attach(m *Mux) { e.mux.Store(m) }

// Options returns the options with their defaults filled in. Any goroutine.
func (e *Engine) Options() *Options { return &e.opts }

// Clients is the number of open sessions. Any goroutine.
func (e *Engine) Clients() int { return int(e.clients.Load()) }

// Close refuses new sessions and closes the open ones with [ReasonShutdown];
// what was not sent is dropped. Blocks until every loop has done so or ctx is
// done, and returns its error then. Any goroutine, but never a loop.
func (e *Engine) Close(ctx context.Context) error { return ctx.Err() }
