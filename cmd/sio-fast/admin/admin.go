// Package admin is what the binary shows its operator, on an address of its
// own: a page with live plots, Prometheus metrics, figures as JSON, health, and
// the profiles of net/http/pprof.
//
//	/              the page; it polls /live
//	/live          a point a second, the last ten minutes
//	/stats         everything, now, as JSON
//	/metrics       the same for Prometheus
//	/healthz       "ok"
//	/profiling     what is profiled beyond CPU and memory: see profiling.go
//	/debug/pprof/  the profiles
//	/gc            POST: collect garbage and give memory back
//
// It has no password: whoever reaches the address can read the process.
package admin

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/sio"
)

var goVersion = runtime.Version()

// Options say what an Admin is to know beyond its server.
type Options struct {
	// Version and Revision, of the source, are shown as they are.
	Version, Revision string
	// Logger hears of switched profiles; nil: slog.Default().
	Logger *slog.Logger
}

// Admin is the handler of the admin address. Close ends its sampling.
type Admin struct {
	io       *sio.Server
	opts     Options
	start    time.Time
	mux      *http.ServeMux
	loops    atomic.Pointer[eventloop.Server]
	hist     *history
	prof     profiling
	registry *prometheus.Registry
}

// New makes an Admin for io and begins to sample its figures, once a second.
func New(io *sio.Server, o Options) *Admin {
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	a := &Admin{io: io, opts: o, start: time.Now(), mux: http.NewServeMux()}
	a.prof.log = o.Logger
	a.registry = newRegistry(a)
	a.hist = newHistory(a)
	a.routes()
	return a
}

// Serving says which event loops serve the server, once they do. Any goroutine.
func (a *Admin) Serving(s *eventloop.Server) { a.loops.Store(s) }

// Close ends the sampling and switches the profiles off that were switched on.
func (a *Admin) Close() {
	a.hist.close()
	a.prof.close()
}

// ServeHTTP answers the admin address. Any goroutine.
func (a *Admin) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.mux.ServeHTTP(w, r) }

func (a *Admin) routes() {
	// A page of another site must not be able to press the buttons.
	var same http.CrossOriginProtection
	post := func(pattern string, h http.HandlerFunc) { a.mux.Handle(pattern, same.Handler(h)) }

	a.mux.HandleFunc("GET /{$}", file("web/index.html", "text/html; charset=utf-8"))
	for _, name := range []string{"admin.js", "plot.js"} {
		a.mux.HandleFunc("GET /"+name, file("web/"+name, "text/javascript; charset=utf-8"))
	}
	a.mux.HandleFunc("GET /admin.css", file("web/admin.css", "text/css; charset=utf-8"))
	a.mux.HandleFunc("GET /live", a.live)
	a.mux.HandleFunc("GET /stats", a.stats)
	a.mux.HandleFunc("GET /metrics", a.metrics)
	a.mux.HandleFunc("GET /healthz", Health)
	a.mux.HandleFunc("GET /profiling", a.prof.read)
	post("POST /profiling", a.prof.set)
	post("POST /gc", func(w http.ResponseWriter, _ *http.Request) {
		debug.FreeOSMemory()
		w.WriteHeader(http.StatusNoContent)
	})
	a.mux.HandleFunc("/debug/pprof/", pprof.Index)
	a.mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	a.mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	a.mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	a.mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
}

// Health answers a probe that asks whether the process lives.
func Health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok")) // the asker has gone: nobody is left to be told
}

// answer writes v as JSON.
func answer(w http.ResponseWriter, v any, indent string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	e := json.NewEncoder(w)
	e.SetIndent("", indent)
	_ = e.Encode(v) // as in Health
}
