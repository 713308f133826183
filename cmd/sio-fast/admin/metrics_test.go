package admin

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// scrape reads what /metrics answers with the library's parser: the names of its
// families, and its series as the answer writes them.
func scrape(t *testing.T, a *Admin) (families []string, series map[string]float64) {
	t.Helper()
	_, body := ask(t, a, "GET", "/metrics")
	parser := expfmt.TextParser{}
	all, err := parser.TextToMetricFamilies(strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	series = map[string]float64{}
	samples, err := expfmt.ExtractSamples(&expfmt.DecodeOptions{Timestamp: model.Now()}, slices.Collect(maps.Values(all))...)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range samples {
		series[strings.ReplaceAll(s.Metric.String(), ", ", ",")] = float64(s.Value)
	}
	return slices.Sorted(maps.Keys(all)), series
}

func TestMetrics(t *testing.T) {
	a, d := open(t)
	d.Loop(0).Late(3 * time.Millisecond)
	d.Advance(50 * time.Millisecond)
	families, found := scrape(t, a)
	for name, want := range map[string]float64{
		"sio_fast_clients": 1, "sio_fast_sessions_total": 1, "sio_fast_connections_total": 1,
		"sio_fast_io_uring_loops": 0,
		`sio_fast_build_info{goversion="` + goVersion + `",revision="abc",version="v1"}`: 1,
		`sio_fast_loop_sessions{loop="0"}`:                                               1,
		`sio_fast_loop_lag_seconds_bucket{le="0.002",loop="0"}`:                          0,
		`sio_fast_loop_lag_seconds_bucket{le="0.005",loop="0"}`:                          1,
		`sio_fast_loop_lag_seconds_bucket{le="+Inf",loop="0"}`:                           1,
		`sio_fast_loop_lag_seconds_count{loop="0"}`:                                      1,
		`sio_fast_loop_lag_seconds_sum{loop="0"}`:                                        0.003,
		`sio_fast_loop_lag_peak_seconds{loop="0"}`:                                       0.003,
		`sio_fast_sessions_closed_total{reason="transport close"}`:                       0,
		`sio_fast_messages_dropped_total{reason="volatile"}`:                             0,
		`sio_fast_discarded_bytes_total{reason="slow client"}`:                           0,
		`sio_fast_fanout_latency_seconds_bucket{le="+Inf"}`:                              0,
	} {
		if got, ok := found[name]; !ok || got != want {
			t.Errorf("%s: %v (there: %v), want %v", name, got, ok, want)
		}
	}
	for _, name := range []string{
		"process_cpu_seconds_total", "process_resident_memory_bytes", "process_open_fds", "process_max_fds",
		"process_start_time_seconds", "go_goroutines", "go_memstats_heap_alloc_bytes", "go_gc_duration_seconds",
		"go_cpu_classes_gc_total_cpu_seconds_total", "go_sched_pauses_total_gc_seconds",
	} {
		if !slices.Contains(families, name) {
			t.Errorf("no %s", name)
		}
	}
}

// Names, types and help are what Prometheus' own linter wants, of all families.
func TestMetricsLint(t *testing.T) {
	a, _ := open(t)
	code, body := ask(t, a, "GET", "/metrics")
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil || code != 200 {
		t.Fatal(code, err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	for name := range strings.SplitSeq(body, "# TYPE ") {
		name, _, _ = strings.Cut(name, " ")
		if strings.HasPrefix(name, "sio_fast_") && !strings.Contains(body, "# HELP "+name+" ") {
			t.Errorf("%s has no help", name)
		}
	}
}

// A scraper gets the format that it prefers.
func TestMetricsFormats(t *testing.T) {
	a, _ := open(t)
	_, body := ask(t, a, "GET", "/metrics", "Accept", "application/openmetrics-text;version=1.0.0")
	if !strings.HasSuffix(body, "# EOF\n") {
		t.Error("OpenMetrics was asked for")
	}
	if _, body = ask(t, a, "GET", "/metrics", "Accept", "*/*"); strings.Contains(body, "# EOF") {
		t.Error("plain text was asked for")
	}
}

// The table of docs/PROFILING.md has each of the server's metrics, and no other.
func TestMetricsTable(t *testing.T) {
	a, _ := open(t)
	families, series := scrape(t, a)
	b, err := os.ReadFile("../../../docs/PROFILING.md")
	if err != nil {
		t.Fatal(err)
	}
	labels := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if cells := strings.Split(line, "|"); len(cells) == 5 {
			for _, m := range regexp.MustCompile("`(sio_fast_\\w+)(\\{[a-z,]+\\})?`").FindAllStringSubmatch(cells[1], -1) {
				labels[m[1]] = m[2]
			}
		}
	}
	for _, name := range families {
		if _, ok := labels[name]; strings.HasPrefix(name, "sio_fast_") && !ok {
			t.Errorf("the table has no %s", name)
		}
	}
	for name, names := range labels {
		if !slices.Contains(families, name) {
			t.Errorf("no server has %s of the table", name)
		}
		for s := range series {
			if s == name || strings.HasPrefix(s, name+"{") {
				if got := labelNames(s); got != names {
					t.Errorf("%s has the labels %s, the table says %s", name, got, names)
				}
			}
		}
	}
}

// labelNames gives the names of a series' labels as the table writes them.
func labelNames(series string) string {
	var names []string
	for _, m := range regexp.MustCompile(`[{,](\w+)=`).FindAllStringSubmatch(series, -1) {
		names = append(names, m[1])
	}
	if names == nil {
		return ""
	}
	return "{" + strings.Join(names, ",") + "}"
}

// sessions is a handler that keeps them.
type sessions []*eio.Session

func (s *sessions) OnOpen(n *eio.Session) error                { *s = append(*s, n); return nil }
func (*sessions) OnMessage(*eio.Session, []byte, bool)         {}
func (*sessions) OnClose(*eio.Session, eio.Reason, string)     {}
func (s *sessions) send(f *pool.Shared, fl eio.SendFlags) bool { return (*s)[len(*s)-1].Send(f, fl) }

// What does not reach its client counts, each by its reason and once.
func TestMetricsDropped(t *testing.T) {
	a, d := open(t)
	var all sessions
	e, err := eio.NewEngine(&eio.Options{MaxBacklog: 5000}, &all)
	if err != nil {
		t.Fatal(err)
	}
	a.io.Mux().Handle(e)
	f := pool.NewShared()
	defer f.Release()
	f.B = wsframe.AppendFrame(f.B, wsframe.OpText, []byte("4"+strings.Repeat("x", 999)))
	c := d.Dial()
	c.WriteString("GET /engine.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" +
		"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	c.SetRoom(100)
	sent := 0
	for sent < 20 && all.send(f, eio.Refuse) {
		sent++
		d.Loop(0).Flush()
	}
	all.send(f, eio.Refuse)
	all.send(f, eio.Volatile)
	held := all[0].Backlog()
	all.send(f, 0) // which is too much
	c.Settle()
	for range 3 {
		all.send(f, 0)
	}
	d.Advance(50 * time.Millisecond)
	_, found := scrape(t, a)
	for name, want := range map[string]float64{
		`sio_fast_messages_dropped_total{reason="refused"}`:    2,
		`sio_fast_messages_dropped_total{reason="volatile"}`:   1,
		`sio_fast_messages_dropped_total{reason="slow"}`:       1,
		`sio_fast_messages_dropped_total{reason="closed"}`:     3,
		`sio_fast_sessions_closed_total{reason="slow client"}`: 1,
		`sio_fast_discarded_bytes_total{reason="slow client"}`: float64(held),
		`sio_fast_messages_sent_total`:                         float64(sent),
	} {
		if found[name] != want || want == 0 {
			t.Errorf("%s: %v, want %v", name, found[name], want)
		}
	}
	if _, body := ask(t, a, "GET", "/stats"); !regexp.MustCompile(`"bytes_discarded": \{[^}]*"slow client": [1-9]`).MatchString(body) {
		t.Errorf("%s", body)
	}
}
