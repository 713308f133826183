package main

import (
	"encoding/json"
	"net/http"
	"net/http/pprof"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// figures is what /stats of the admin address answers.
type figures struct {
	Uptime     float64   `json:"uptime_seconds"`
	Server     sio.Stats `json:"server"`
	Mallocs    uint64    `json:"mallocs"` // objects allocated since the start
	HeapBytes  uint64    `json:"heap_bytes"`
	TotalBytes uint64    `json:"runtime_bytes"`
	Goroutines uint64    `json:"goroutines"`
	GCCycles   uint64    `json:"gc_cycles"`
	GCSeconds  float64   `json:"gc_cpu_seconds"`
	GoVersion  string    `json:"go"`
}

var samples = []string{
	"/gc/heap/allocs:objects",
	"/memory/classes/heap/objects:bytes",
	"/memory/classes/total:bytes",
	"/sched/goroutines:goroutines",
	"/gc/cycles/total:gc-cycles",
	"/cpu/classes/gc/total:cpu-seconds",
}

// adminHandler answers the admin address: pprof, figures and health. It has no
// password: it is for a local or otherwise guarded address.
func adminHandler(io *sio.Server, start time.Time) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /stats", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "no-store")
		f := read(io)
		f.Uptime = time.Since(start).Seconds()
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(f) // the reader has gone: nobody is left to be told
	})
	mux.HandleFunc("POST /gc", func(w http.ResponseWriter, _ *http.Request) {
		debug.FreeOSMemory()
		w.WriteHeader(http.StatusNoContent)
	})
	return mux
}

func read(io *sio.Server) figures {
	s := make([]metrics.Sample, len(samples))
	for i, name := range samples {
		s[i].Name = name
	}
	metrics.Read(s)
	f := figures{Server: io.Stats()}
	f.Mallocs = s[0].Value.Uint64()
	f.HeapBytes = s[1].Value.Uint64()
	f.TotalBytes = s[2].Value.Uint64()
	f.Goroutines = s[3].Value.Uint64()
	f.GCCycles = s[4].Value.Uint64()
	f.GCSeconds = s[5].Value.Float64()
	if b, ok := debug.ReadBuildInfo(); ok {
		f.GoVersion = b.GoVersion
	}
	return f
}

func healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok")) // as above
}
