package admin

import (
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sio-fast/sio-fast/eio"
)

// families are the server's own metrics, but for sio_fast_build_info. The table in
// docs/PROFILING.md has the same names, and a test that says so.
var families = slicesOf(now, loops, events, dropped, recovery)

func slicesOf(lists ...[]family) (all []family) {
	for _, l := range lists {
		all = append(all, l...)
	}
	return all
}

// gauge is a family that goes up and down, counter one that only grows.
func gauge(name, help string, read func(*figures, *reading), labels ...string) family {
	return family{describe(name, help, labels), prometheus.GaugeValue, read}
}

func counter(name, help string, read func(*figures, *reading), labels ...string) family {
	return family{describe(name+"_total", help, labels), prometheus.CounterValue, read}
}

func histogram(name, help string, read func(*figures, *reading), labels ...string) family {
	return family{describe(name, help, labels), prometheus.UntypedValue, read}
}

func describe(name, help string, labels []string) *prometheus.Desc {
	return prometheus.NewDesc("sio_fast_"+name, help, labels, nil)
}

// is reads a family of a single number.
func is[T int | int64 | uint64](get func(*figures) T) func(*figures, *reading) {
	return func(f *figures, m *reading) { m.put(float64(get(f))) }
}

// each reads a number of each loop.
func each(get func(*eio.Stats) float64) func(*figures, *reading) {
	return func(f *figures, m *reading) {
		for i := range f.loops {
			m.put(get(&f.loops[i]), strconv.Itoa(i))
		}
	}
}

// now is what is open.
var now = []family{
	gauge("clients", "Engine.IO sessions open now.",
		is(func(f *figures) int { return f.server.Clients })),
	gauge("sockets", "Sockets connected now, over all namespaces.",
		is(func(f *figures) int { return f.server.Sockets })),
	gauge("namespaces", "Namespaces that exist now.",
		is(func(f *figures) int { return f.server.Namespaces })),
	gauge("connections", "TCP and unix connections open now on the event loops.",
		is(func(f *figures) int64 { return f.front.Conns })),
	gauge("io_uring_loops", "Event loops that send through io_uring.",
		is(func(f *figures) int { return f.front.Rings })),
}

// loops is what each loop has of its own.
var loops = []family{
	gauge("loop_sessions", "Engine.IO sessions open now, by loop.",
		each(func(s *eio.Stats) float64 { return float64(s.Open) }), "loop"),
	gauge("backlog_bytes", "Bytes taken to be sent that the kernel, or a poll, has not taken yet, by loop.",
		each(func(s *eio.Stats) float64 { return float64(s.Backlog) }), "loop"),
	gauge("loop_lag_peak_seconds", "The longest wait for the loop in the last second; grows while it is held up.",
		each(func(s *eio.Stats) float64 { return s.LagPeak.Seconds() }), "loop"),
	histogram("loop_lag_seconds", "How long a tick, and so any other work, waited for its loop.",
		func(f *figures, m *reading) {
			for i := range f.loops {
				m.histogram(&f.loops[i].Lag, strconv.Itoa(i))
			}
		}, "loop"),
	histogram("fanout_latency_seconds", "From the post of a broadcast to its last send on a loop; each loop that has a part in it counts.",
		func(f *figures, m *reading) { m.histogram(&f.all.Fanout) }),
}

// events is what has happened since the start.
var events = []family{
	counter("connections", "TCP and unix connections accepted.",
		is(func(f *figures) uint64 { return f.all.Connections })),
	counter("connections_refused", "Connections turned away for want of descriptors or above a limit.",
		is(func(f *figures) int64 { return f.front.Refused })),
	counter("sessions", "Engine.IO sessions opened.",
		is(func(f *figures) uint64 { return f.all.Sessions })),
	counter("sessions_closed", "Engine.IO sessions ended, by the reason that handlers are told.",
		func(f *figures, m *reading) { m.closes(f.all.Closed) }, "reason"),
	counter("requests_refused", "Requests answered with an Engine.IO error.",
		is(func(f *figures) uint64 { return f.all.Refused })),
	counter("messages_received", "Messages received from clients.",
		is(func(f *figures) uint64 { return f.all.Messages })),
	counter("messages_sent", "Messages taken to be sent, once for each client; what is thrown away later is in discarded_bytes.",
		is(func(f *figures) uint64 { return f.all.Sent })),
	counter("broadcast_deliveries", "Events that broadcasts had taken to be sent, once for each socket.",
		is(func(f *figures) uint64 { return f.server.Delivered })),
	counter("received_bytes", "Bytes read from connections, above TCP and TLS.",
		is(func(f *figures) uint64 { return f.all.BytesIn })),
	counter("sent_bytes", "Bytes that connections took, above TCP and TLS.",
		is(func(f *figures) uint64 { return f.all.BytesOut })),
	counter("panics", "Panics recovered, in handlers and elsewhere on the loops.",
		func(f *figures, m *reading) {
			m.count(f.server.Panics, "handler")
			m.count(f.all.Panics, "loop")
		}, "where"),
}

// dropped is what has not reached its client.
var dropped = []family{
	counter("messages_dropped", "Messages not taken to be sent. volatile: the client was not writable. "+
		"refused: its backlog was full, and it stays. slow: its backlog was full, and it was cut: the one message that was too much. "+
		"closed: the session had ended.",
		func(f *figures, m *reading) {
			m.count(f.all.VolatileDropped, "volatile")
			m.count(f.all.SlowRefused, "refused")
			m.count(f.all.SlowClosed, "slow")
			m.count(f.all.ClosedDropped, "closed")
		}, "reason"),
	counter("discarded_bytes", "Bytes taken to be sent and thrown away when their session or connection ended, by the reason of that, as in sessions_closed.",
		func(f *figures, m *reading) { m.closes(f.all.Discarded) }, "reason"),
}

// recovery is what connection state recovery tells, all 0 while it is off.
var recovery = []family{
	gauge("recovery_events", "Events remembered for clients that may come back.",
		is(func(f *figures) int { return f.server.Recovery.Events })),
	gauge("recovery_bytes", "Bytes of the packets of these events.",
		is(func(f *figures) int { return f.server.Recovery.Bytes })),
	gauge("recovery_sessions", "Clients that are waited for.",
		is(func(f *figures) int { return f.server.Recovery.Sessions })),
	counter("recoveries", "Clients that came back to their socket (recovered), that came too late or had missed too much (failed), that did not come (expired).",
		func(f *figures, m *reading) {
			r := &f.server.Recovery
			m.count(r.Recovered, "recovered")
			m.count(r.Failed, "failed")
			m.count(r.Expired, "expired")
		}, "result"),
	counter("recovery_dropped", "Events and sessions forgotten before their time, because there were too many.",
		func(f *figures, m *reading) {
			m.count(f.server.Recovery.EventsDropped, "event")
			m.count(f.server.Recovery.SessionsDropped, "session")
		}, "what"),
}
