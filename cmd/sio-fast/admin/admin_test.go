package admin

import (
	"encoding/json"
	"io"
	"log/slog"
	"math"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/sio"
)

// open makes an admin for a server with one client, on a hand-driven loop that
// has ticked since.
func open(t *testing.T) (*Admin, *eiotest.Driver) {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	m := eio.NewMux()
	io, err := sio.New(&sio.Options{Mux: m, Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	d := eiotest.New(m)
	a := New(io, Options{Version: "v1", Revision: "abc", Logger: quiet})
	t.Cleanup(func() { a.Close(); d.Stop(); d.Settle() })
	c := d.Dial()
	c.WriteString("GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n")
	d.Advance(50 * time.Millisecond)
	return a, d
}

func ask(t *testing.T, a *Admin, method, target string, header ...string) (int, string) {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	a.ServeHTTP(w, r)
	b, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Code, string(b)
}

func TestPages(t *testing.T) {
	a, _ := open(t)
	for target, says := range map[string]string{
		"/": "<title>sio-fast</title>", "/admin.js": "Plot", "/plot.js": "svg", "/admin.css": "--accent",
		"/healthz": "ok", "/debug/pprof/": "goroutine", "/debug/pprof/heap?debug=1": "heap profile",
	} {
		if code, body := ask(t, a, "GET", target); code != 200 || !strings.Contains(body, says) {
			t.Errorf("%s: %d, %d bytes without %q", target, code, len(body), says)
		}
	}
	for _, target := range []string{"/nothing", "/web/index.html", "/../go.mod"} {
		if code, _ := ask(t, a, "GET", target); code == 200 {
			t.Errorf("%s: %d", target, code)
		}
	}
}

// The tool that measures allocations reads "mallocs"; the others are named as
// the metrics are.
func TestStats(t *testing.T) {
	a, _ := open(t)
	before := mallocs()
	_, body := ask(t, a, "GET", "/stats")
	after := mallocs()
	var v map[string]any
	if err := json.Unmarshal([]byte(body), &v); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"mallocs", "heap_bytes", "runtime_bytes", "goroutines", "uptime_seconds"} {
		if n, _ := v[name].(float64); n <= 0 {
			t.Errorf("%s: %v", name, v[name])
		}
	}
	if n, _ := v["mallocs"].(float64); n < float64(before) || n > float64(after) {
		t.Errorf("mallocs: %.0f, not between %d and %d", n, before, after)
	}
	if _, ok := v["gc_pause_seconds"].(map[string]any); !ok {
		t.Errorf("gc_pause_seconds: %v", v["gc_pause_seconds"])
	}
	if v["clients"] != 1.0 || v["sessions_opened"] != 1.0 || v["version"] != "v1" || v["revision"] != "abc" {
		t.Errorf("%s", body)
	}
	for _, l := range v["loops"].([]any) { // what loadtest loops reads
		fan, _ := l.(map[string]any)["fanout_seconds"].(map[string]any)
		if _, ok := fan["sum"].(float64); !ok || fan["count"] == nil {
			t.Errorf("a loop's fanout_seconds: %v", fan)
		}
	}
	for _, m := range regexp.MustCompile(`"([^"]+)":`).FindAllStringSubmatch(body, -1) {
		if !regexp.MustCompile(`^[a-z0-9_ ]+$`).MatchString(m[1]) {
			t.Errorf("member %q is not in snake case", m[1])
		}
	}
}

func TestProfiling(t *testing.T) {
	a, _ := open(t)
	for _, c := range []struct {
		target string
		code   int
		now    string
	}{
		{"/profiling?block=10000", 200, `{"block_nanoseconds":10000,"mutex_fraction":0}`},
		{"/profiling?mutex=100", 200, `{"block_nanoseconds":10000,"mutex_fraction":100}`},
		{"/profiling?mutex=-1", 400, ""},
		{"/profiling?block=0&mutex=much", 400, ""},
		{"/profiling?block=0", 200, `{"block_nanoseconds":0,"mutex_fraction":100}`},
	} {
		code, body := ask(t, a, "POST", c.target)
		if code != c.code || c.now != "" && strings.TrimSpace(body) != c.now {
			t.Errorf("%s: %d %s", c.target, code, body)
		}
	}
	if _, body := ask(t, a, "GET", "/profiling"); strings.TrimSpace(body) != `{"block_nanoseconds":0,"mutex_fraction":100}` {
		t.Errorf("now: %s", body)
	}
	// A page of another site cannot press the buttons.
	for _, target := range []string{"/profiling?block=1", "/gc"} {
		if code, _ := ask(t, a, "POST", target, "Sec-Fetch-Site", "cross-site"); code != http.StatusForbidden {
			t.Errorf("%s from another site: %d", target, code)
		}
	}
	if code, _ := ask(t, a, "POST", "/gc"); code != http.StatusNoContent {
		t.Errorf("/gc: %d", code)
	}
}

// The page gets each point once, the oldest fall out, and rates are per second.
func TestLive(t *testing.T) {
	a, _ := open(t)
	h := a.hist
	f := a.read()
	for range keep + 5 {
		g := *f
		g.at = f.at.Add(2 * time.Second)
		g.all.Messages = f.all.Messages + 30
		g.all.Fanout.Buckets[3]++
		h.take(&g)
		f = &g
	}
	all := h.after(0)
	if len(all) != keep || !slices.IsSortedFunc(all, func(a, b point) int { return int(a.T - b.T) }) {
		t.Fatalf("%d points, want %d in order", len(all), keep)
	}
	last := all[keep-1]
	if last.In != 15 || last.FanP50 <= 0 || last.FanP99 < last.FanP50 || len(last.Lag) != 1 || last.Clients != 1 {
		t.Errorf("%+v", last)
	}
	_, body := ask(t, a, "GET", "/live?since="+strconv.FormatInt(all[keep-3].T, 10))
	var v struct{ Points []point }
	if err := json.Unmarshal([]byte(body), &v); err != nil || len(v.Points) < 2 || v.Points[0].T != all[keep-2].T {
		t.Errorf("%v, %d points", err, len(v.Points))
	}
	if _, body := ask(t, a, "GET", "/live?since=nonsense"); !strings.Contains(body, `"every_ms":1000`) {
		t.Errorf("%s", body)
	}
}

// What is read every second leaves next to nothing for the collector: an open
// file's name and what the server's own figures need.
func TestReadingAllocates(t *testing.T) {
	a, _ := open(t)
	f := a.read()
	if n := testing.AllocsPerRun(50, func() { a.readInto(f) }); n > 4 {
		t.Errorf("%v objects", n)
	}
	if runtime.GOOS == "linux" && f.proc.resident < 1<<20 || f.rt.pauses == nil || f.uptime <= 0 {
		t.Errorf("%+v", f.proc)
	}
}

func TestPauses(t *testing.T) {
	h := &metrics.Float64Histogram{Counts: []uint64{0, 98, 1, 1}, Buckets: []float64{0, 1, 2, 3, math.Inf(1)}}
	got := pauses(h)
	if got["count"] != uint64(100) || got["p50"] != 2.0 || got["p99"] != 3.0 || got["max"] != 3.0 {
		t.Errorf("%v", got)
	}
	got = pauses(&metrics.Float64Histogram{Counts: []uint64{0}, Buckets: []float64{0, 1}})
	if got["count"] != uint64(0) || got["max"] != 0.0 {
		t.Errorf("of none: %v", got)
	}
}
