package admin

import (
	"bytes"
	"fmt"
	"net/http"
	"strconv"

	"github.com/VictoriaMetrics/metrics"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
)

// exposition collects metrics in the text format of Prometheus. What the
// process and the Go runtime say is the library's work; the server's own
// counters are read where they are, so they are written here.
type exposition struct{ bytes.Buffer }

// family begins a metric.
func (e *exposition) family(name, kind, help string) {
	fmt.Fprintf(e, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind)
}

// number writes a metric of a single number.
func (e *exposition) number(name, kind, help string, v uint64) {
	e.family(name, kind, help)
	fmt.Fprintf(e, "%s %d\n", name, v)
}

// line writes one number of a metric with a label.
func (e *exposition) line(name, label, value string, v uint64) {
	fmt.Fprintf(e, "%s{%s=%q} %d\n", name, label, value, v)
}

// histogram writes one of a family of histograms; labels is empty or ends with
// a comma.
func (e *exposition) histogram(name, labels string, h *eio.Histogram) {
	n := uint64(0)
	for i, bound := range eio.HistogramBounds() {
		n += h.Buckets[i]
		fmt.Fprintf(e, "%s_bucket{%sle=%q} %d\n", name, labels, strconv.FormatFloat(bound.Seconds(), 'f', -1, 64), n)
	}
	fmt.Fprintf(e, "%s_bucket{%sle=\"+Inf\"} %d\n", name, labels, h.Count())
	if labels != "" {
		labels = "{" + labels[:len(labels)-1] + "}"
	}
	fmt.Fprintf(e, "%s_sum%s %g\n%s_count%s %d\n", name, labels, h.Sum.Seconds(), name, labels, h.Count())
}

// metrics answers /metrics.
func (a *Admin) metrics(w http.ResponseWriter, _ *http.Request) {
	var e exposition
	f := a.read()
	e.family("sio_fast_build_info", "gauge", "The running version, as a label.")
	fmt.Fprintf(&e, "sio_fast_build_info{version=%q} 1\n", a.opts.Version)
	e.gauges(f)
	e.counters(f)
	e.loops(f)
	metrics.ExposeMetadata(true)
	metrics.WriteProcessMetrics(&e)
	if f.proc.files > 0 {
		e.number("process_open_fds", "gauge", "Open file descriptors.", f.proc.files)
		e.number("process_max_fds", "gauge", "The most file descriptors there may be.", f.proc.maxFiles)
	} else {
		metrics.WriteFDMetrics(&e)
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
	_, _ = w.Write(e.Bytes()) // the scraper has gone: nobody is left to be told
}

func (e *exposition) gauges(f *figures) {
	const gauge = "gauge"
	e.number("sio_fast_clients", gauge, "Engine.IO sessions open now.", uint64(f.server.Clients))
	e.number("sio_fast_sockets", gauge, "Sockets connected now, over all namespaces.", uint64(f.server.Sockets))
	e.number("sio_fast_namespaces", gauge, "Namespaces that exist now.", uint64(f.server.Namespaces))
	e.number("sio_fast_connections", gauge, "TCP and unix connections open now on the event loops.", uint64(f.front.Conns))
}

func (e *exposition) counters(f *figures) {
	const counter = "counter"
	s := &f.all
	e.number("sio_fast_connections_total", counter, "Connections accepted.", s.Connections)
	e.number("sio_fast_connections_refused_total", counter, "Connections refused for want of descriptors or above a limit.", uint64(f.front.Refused))
	e.number("sio_fast_sessions_total", counter, "Engine.IO sessions opened.", s.Sessions)
	e.family("sio_fast_sessions_closed_total", counter, "Engine.IO sessions ended, by reason.")
	for reason, n := range s.Closed.All() {
		e.line("sio_fast_sessions_closed_total", "reason", string(reason), n)
	}
	e.number("sio_fast_requests_refused_total", counter, "Requests answered with an Engine.IO error.", s.Refused)
	e.number("sio_fast_messages_received_total", counter, "Messages received from clients.", s.Messages)
	e.number("sio_fast_messages_sent_total", counter, "Messages taken to be sent to clients.", s.Sent)
	e.number("sio_fast_broadcast_deliveries_total", counter, "Events given to sockets by broadcasts.", f.server.Delivered)
	e.number("sio_fast_received_bytes_total", counter, "Bytes read from connections.", s.BytesIn)
	e.number("sio_fast_sent_bytes_total", counter, "Bytes written to connections.", s.BytesOut)
	e.family("sio_fast_messages_dropped_total", counter, "Messages not sent: volatile and not writable, the client too slow and cut, or its backlog full and the message refused, the session closed.")
	e.line("sio_fast_messages_dropped_total", "reason", "volatile", s.VolatileDropped)
	e.line("sio_fast_messages_dropped_total", "reason", "slow", s.SlowClosed)
	e.line("sio_fast_messages_dropped_total", "reason", "refused", s.SlowRefused)
	e.line("sio_fast_messages_dropped_total", "reason", "closed", s.ClosedDropped)
	e.recovery(&f.server.Recovery)
	e.family("sio_fast_panics_total", counter, "Panics recovered, in handlers and elsewhere on the loops.")
	e.line("sio_fast_panics_total", "where", "handler", f.server.Panics)
	e.line("sio_fast_panics_total", "where", "loop", s.Panics)
	e.family("sio_fast_fanout_latency_seconds", "histogram", "From the post of a broadcast to its last send on a loop.")
	e.histogram("sio_fast_fanout_latency_seconds", "", &s.Fanout)
}

// recovery writes the figures of connection state recovery, all 0 while it is
// off.
func (e *exposition) recovery(r *sio.RecoveryStats) {
	const gauge = "gauge"
	e.number("sio_fast_recovery_events", gauge, "Events remembered for clients that may come back.", uint64(r.Events))
	e.number("sio_fast_recovery_bytes", gauge, "Bytes of the packets of these events.", uint64(r.Bytes))
	e.number("sio_fast_recovery_sessions", gauge, "Clients that are waited for.", uint64(r.Sessions))
	e.family("sio_fast_recoveries_total", "counter", "Clients that came back, that came too late or had missed too much, that did not come.")
	e.line("sio_fast_recoveries_total", "result", "recovered", r.Recovered)
	e.line("sio_fast_recoveries_total", "result", "failed", r.Failed)
	e.line("sio_fast_recoveries_total", "result", "expired", r.Expired)
	e.family("sio_fast_recovery_dropped_total", "counter", "Events and sessions forgotten before their time, because there were too many.")
	e.line("sio_fast_recovery_dropped_total", "what", "event", r.EventsDropped)
	e.line("sio_fast_recovery_dropped_total", "what", "session", r.SessionsDropped)
}

// loops writes what each loop has of its own.
func (e *exposition) loops(f *figures) {
	of := func(name, help string, get func(*eio.Stats) int) {
		e.family(name, "gauge", help)
		for i := range f.loops {
			e.line(name, "loop", strconv.Itoa(i), uint64(get(&f.loops[i])))
		}
	}
	of("sio_fast_loop_sessions", "Engine.IO sessions open now, by loop.", func(s *eio.Stats) int { return s.Open })
	of("sio_fast_backlog_bytes", "Bytes accepted for clients that the kernel, or a poll, has not taken yet.", func(s *eio.Stats) int { return s.Backlog })
	e.family("sio_fast_loop_lag_peak_seconds", "gauge", "The longest wait for the loop in the last second; more while it is held up.")
	for i := range f.loops {
		fmt.Fprintf(e, "sio_fast_loop_lag_peak_seconds{loop=\"%d\"} %g\n", i, f.loops[i].LagPeak.Seconds())
	}
	e.family("sio_fast_loop_lag_seconds", "histogram", "How long a tick, and so any work, waited for its loop.")
	for i := range f.loops {
		e.histogram("sio_fast_loop_lag_seconds", fmt.Sprintf("loop=\"%d\",", i), &f.loops[i].Lag)
	}
}
