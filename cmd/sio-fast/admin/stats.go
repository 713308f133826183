package admin

import (
	"net/http"
	"runtime"
	"runtime/metrics"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/sio"
)

// figures is one reading of everything there is.
type figures struct {
	at     time.Time
	uptime time.Duration
	server sio.Stats
	loops  []eio.Stats // by loop
	all    eio.Stats   // their sum
	front  eventloop.Stats
	proc   process
	rt     goRuntime
}

// read takes one reading.
func (a *Admin) read() *figures {
	f := new(figures)
	a.readInto(f)
	return f
}

// readInto takes a reading in place of the one that f was: what is read every
// second is not to leave the heap as garbage.
func (a *Admin) readInto(f *figures) {
	f.at, f.server, f.all, f.proc = time.Now(), a.io.Stats(), a.io.Mux().Stats(), readProcess()
	f.rt.read()
	f.uptime = f.at.Sub(a.start)
	f.loops = f.loops[:0]
	for _, l := range a.io.Mux().Loops() {
		f.loops = append(f.loops, l.Stats())
	}
	if s := a.loops.Load(); s != nil {
		f.front = s.Stats()
	}
}

// goRuntime is what the Go runtime says of itself.
type goRuntime struct {
	heap       uint64 // bytes of live and not yet swept objects
	goal       uint64 // heap size at which the next collection ends
	total      uint64 // bytes mapped
	goroutines uint64
	cycles     uint64
	gc         float64 // CPU seconds
	pauses     *metrics.Float64Histogram
	samples    []metrics.Sample // what all that is read into, again and again
}

var samples = []string{
	"/memory/classes/heap/objects:bytes",
	"/gc/heap/goal:bytes",
	"/memory/classes/total:bytes",
	"/sched/goroutines:goroutines",
	"/gc/cycles/total:gc-cycles",
	"/cpu/classes/gc/total:cpu-seconds",
	"/sched/pauses/total/gc:seconds",
}

func (r *goRuntime) read() {
	if r.samples == nil {
		r.samples = make([]metrics.Sample, len(samples))
		for i, name := range samples {
			r.samples[i].Name = name
		}
	}
	s := r.samples
	metrics.Read(s)
	for i, p := range []*uint64{&r.heap, &r.goal, &r.total, &r.goroutines, &r.cycles} {
		*p = s[i].Value.Uint64()
	}
	r.gc = s[5].Value.Float64()
	r.pauses = s[6].Value.Float64Histogram()
}

// pauseSince is the longest pause for garbage collection since old, rounded up
// to what the runtime tells apart.
func (r *goRuntime) pauseSince(old *goRuntime) float64 {
	longest := 0.0
	for i, n := range r.pauses.Counts {
		if old.pauses == nil || n > old.pauses.Counts[i] {
			if n > 0 {
				longest = r.pauses.Buckets[i]
				if next := r.pauses.Buckets[i+1]; next < 1e9 { // not the infinite one
					longest = next
				}
			}
		}
	}
	return longest
}

// stats answers everything, now. The members are named as in the metrics.
func (a *Admin) stats(w http.ResponseWriter, _ *http.Request) {
	f := a.read()
	loops := make([]map[string]any, len(f.loops))
	for i := range f.loops {
		l := &f.loops[i]
		loops[i] = map[string]any{
			"sessions": l.Open, "backlog_bytes": l.Backlog, "lag_peak_seconds": l.LagPeak.Seconds(),
			"messages_received": l.Messages, "messages_sent": l.Sent, "fanout_seconds": quantiles(l.Fanout),
		}
	}
	closed, discarded := map[string]uint64{}, map[string]uint64{}
	for reason, n := range f.all.Closed.All() {
		closed[string(reason)] = n
	}
	for reason, n := range f.all.Discarded.All() {
		discarded[string(reason)] = n
	}
	answer(w, map[string]any{
		"version": a.opts.Version, "revision": a.opts.Revision, "go": goVersion, "uptime_seconds": f.uptime.Seconds(),

		"clients": f.server.Clients, "sockets": f.server.Sockets, "namespaces": f.server.Namespaces,
		"connections": f.front.Conns, "io_uring_loops": f.front.Rings, "backlog_bytes": f.all.Backlog,

		"connections_accepted": f.all.Connections, "connections_refused": f.front.Refused,
		"sessions_opened": f.all.Sessions, "sessions_closed": closed, "requests_refused": f.all.Refused,
		"messages_received": f.all.Messages, "messages_sent": f.all.Sent,
		"bytes_received": f.all.BytesIn, "bytes_sent": f.all.BytesOut,
		"bytes_discarded": discarded, "broadcast_deliveries": f.server.Delivered,
		"messages_dropped": map[string]uint64{
			"volatile": f.all.VolatileDropped, "slow": f.all.SlowClosed, "refused": f.all.SlowRefused, "closed": f.all.ClosedDropped,
		},
		"panics":         f.all.Panics + f.server.Panics,
		"fanout_seconds": quantiles(f.all.Fanout), "loop_lag_seconds": quantiles(f.all.Lag),
		"loops": loops,

		"mallocs": mallocs(), "heap_bytes": f.rt.heap, "heap_goal_bytes": f.rt.goal, "runtime_bytes": f.rt.total,
		"goroutines": f.rt.goroutines, "gc_cycles": f.rt.cycles, "gc_cpu_seconds": f.rt.gc,
		"gc_pause_seconds": pauses(f.rt.pauses),
		"resident_bytes":   f.proc.resident, "cpu_seconds": f.proc.cpu, "open_files": f.proc.files,
	}, "  ")
}

// mallocs is how many objects were allocated since the start, to the last one. What
// runtime/metrics has of that lags by what each processor has left of its pages,
// and costs no stop of the world: this does, of some tens of microseconds.
func mallocs() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Mallocs
}

// quantiles sums up a histogram of all the time since the start.
func quantiles(h eio.Histogram) map[string]any {
	return map[string]any{
		"count": h.Count(), "sum": h.Sum.Seconds(),
		"p50": h.Quantile(0.5).Seconds(), "p99": h.Quantile(0.99).Seconds(),
	}
}

// pauses sums up the stops of the world for garbage collection since the start.
func pauses(h *metrics.Float64Histogram) map[string]any {
	n := uint64(0)
	for _, c := range h.Counts {
		n += c
	}
	return map[string]any{"count": n, "p50": pauseAt(h, n/2), "p99": pauseAt(h, n*99/100), "max": pauseAt(h, max(n, 1)-1)}
}

// pauseAt is the pause that rank others are not longer than, rounded up to what
// the runtime tells apart.
func pauseAt(h *metrics.Float64Histogram, rank uint64) float64 {
	for i, c := range h.Counts {
		if rank < c {
			if next := h.Buckets[i+1]; next < 1e9 { // not the infinite one
				return next
			}
			return h.Buckets[i]
		}
		rank -= c
	}
	return 0
}
