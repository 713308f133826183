package eio

import (
	"log/slog"
	"net"
	"net/http"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Mux is everything that is served on one address: engines by their paths,
// bare websocket endpoints, and an http.Handler for what is left. Loops belong
// to a Mux. Its fields and its table are set before it serves.
type Mux struct {
	// Fallback answers every other path. It runs on a goroutine of its own,
	// may block, and cannot hijack. nil answers 404.
	Fallback http.Handler
	// MaxHeaderBytes bounds the request line and the headers together, in
	// bytes. 0 means 16 KiB.
	MaxHeaderBytes int
	// MaxFallbackBytes bounds the body of a request to Fallback, in bytes. 0
	// means 10 MiB.
	MaxFallbackBytes int
	// HeaderTimeout bounds the time from the beginning of a request, or from
	// the accept of its connection, to the end of its headers. 0 means 20s.
	HeaderTimeout time.Duration
	// RequestTimeout bounds the time from the beginning of a request to the
	// end of its body. 0 means 60s.
	RequestTimeout time.Duration
	// IdleTimeout bounds the time between two requests of a connection. 0
	// means 75s.
	IdleTimeout time.Duration
	// ForeignUpgradeTimeout bounds the time that a request for an upgrade which
	// nobody here serves stays open: its connection is then closed without an
	// answer. 0 means 1s. Negative: such a request is like any other, Fallback's
	// or 404. Under net/http, where its handlers take upgrades too, it is always
	// like that.
	ForeignUpgradeTimeout time.Duration
	// MaxIdlePolling bounds, in bytes a loop, what polling sessions hold while
	// no poll of theirs waits. One that goes beyond it ends the one that was
	// silent longest. 0 means 64 MiB, about 60,000 sessions.
	MaxIdlePolling int
	// OnStall hears that a loop was held up for d, over 100 ms, by what. nil
	// logs it. Loop only.
	OnStall func(d time.Duration, what string)
	// Logger hears of what nobody else can be told. nil means slog.Default.
	Logger *slog.Logger
	// PerMessageDeflate lets the websockets of HandleWebsocket negotiate
	// compression; it is set before that is called. nil means off.
	PerMessageDeflate *Deflate
	// Host serves what comes through net/http on loops of its own, where an idle
	// websocket costs no goroutine: see eventloop.NewHost. nil: goroutines do.
	Host Host
	// Clock replaces time.Now, for tests. Any goroutine.
	Clock func() time.Time

	pages     map[string]http.Handler // by whole path
	engines   []*Engine
	endpoints []*endpoint
	mu        sync.Mutex // guards appending to loops, and ids
	loops     atomic.Pointer[[]*Loop]
	ids       map[string]*Session // sessions whose id does not name their slot
	host      host                // what drives m under net/http
}

// Host lends loops to what net/http has accepted.
type Host interface {
	// Loop gives a loop of m's for a session that comes by requests. An error
	// leaves it to a goroutine. Any goroutine.
	Loop(m *Mux) (*Loop, error)
	// Adopt moves a connection of m's that net/http has given up, with head,
	// which was already read from it, into a loop. It takes both, unless it
	// returns an error: then a goroutine serves the connection, as it must for
	// TLS. Any goroutine.
	Adopt(m *Mux, c net.Conn, head []byte) error
}

// endpoint is a bare websocket path.
type endpoint struct {
	path       string
	maxMessage int
	deflate    *deflate
	serve      func(p *RawPeer, data []byte, binary bool)
}

// NewMux makes an empty Mux.
func NewMux() *Mux { return new(Mux) }

// Mux returns m itself, so that a Mux can be served like anything that has one.
// Any goroutine.
func (m *Mux) Mux() *Mux { return m }

// Handle serves e under its path. Of several engines that match, the one with
// the longest path gets the request. Before serving only.
func (m *Mux) Handle(e *Engine) {
	m.engines = append(m.engines, e)
	sort.SliceStable(m.engines, func(i, j int) bool {
		return len(m.engines[i].opts.Path) > len(m.engines[j].opts.Path)
	})
	e.attach(m)
}

// HandleWebsocket serves a bare websocket, without Engine.IO, on exactly path:
// serve is called on the loop for every message of at most maxMessage bytes. It
// borrows data and must not block. Before serving only.
func (m *Mux) HandleWebsocket(path string, maxMessage int, serve func(p *RawPeer, data []byte, binary bool)) {
	m.endpoints = append(m.endpoints, &endpoint{
		path: path, maxMessage: maxMessage, deflate: m.PerMessageDeflate.clamp(), serve: serve,
	})
}

// HandleHTTP serves exactly path, even one below an engine's, with h, which runs
// as Fallback does. Before serving only.
func (m *Mux) HandleHTTP(path string, h http.Handler) {
	if m.pages == nil {
		m.pages = make(map[string]http.Handler)
	}
	m.pages[path] = h
}

// page finds who serves path if no engine does; nil: nobody.
func (m *Mux) page(path string) http.Handler {
	if h := m.pages[path]; h != nil {
		return h
	}
	return m.Fallback
}

// engine finds who serves path: the prefix decides, as in the reference.
func (m *Mux) engine(path []byte) *Engine {
	if m.pages[string(path)] != nil {
		return nil
	}
	for _, e := range m.engines {
		if strings.HasPrefix(string(path), e.opts.Path) {
			return e
		}
	}
	return nil
}

func (m *Mux) endpoint(path []byte) *endpoint {
	for _, e := range m.endpoints {
		if e.path == string(path) {
			return e
		}
	}
	return nil
}

// Loops lends the loops made so far, by index. Any goroutine.
func (m *Mux) Loops() []*Loop {
	if p := m.loops.Load(); p != nil {
		return *p
	}
	return nil
}

func (m *Mux) logger() *slog.Logger {
	if m.Logger != nil {
		return m.Logger
	}
	return slog.Default()
}
