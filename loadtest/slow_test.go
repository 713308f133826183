package main

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/loadtest/internal/fake"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
)

// slowArgs have a client that does not read fall behind by more messages than the
// kernel's buffers and the fake server's queue hold. The kernel lends twice of what
// comes in a round trip, of which a busy machine makes half a second: so three without
// reading.
var slowArgs = []string{"slow", "-n4", "--slow-share=25", "--rate=200", "--size=10000", "--turns=2", "--pid=-1"}

// stopped runs slowArgs and more until enough has come of it: where a machine makes
// more than half a second of a round trip, they have to stop reading for longer yet.
// The longest of these runs takes more than the minute that others may take.
func stopped(t *testing.T, fault string, enough func(r *report.Result) bool, more ...string) (s *fake.Server, r report.Result, out string) {
	t.Helper()
	for d := 4; d <= 32; d *= 2 {
		s = &fake.Server{Fault: fault}
		addr := listen(t, s)
		args := append(slices.Clone(slowArgs), fmt.Sprintf("--duration=%ds", d), "--max-time=110s")
		for _, x := range more {
			args = append(args, strings.ReplaceAll(x, "{addr}", addr))
		}
		_, r, out = against(t, addr, args...)
		s.Close()
		if enough(&r) {
			return s, r, out
		}
	}
	t.Fatalf("%s", out)
	return nil, r, out
}

func cutTwice(r *report.Result) bool { return r.OK && r.Figures.Slow.Cut == 2 }

// TestSlowReaders: messages dropped silently are lost. Who is cut comes back, in
// each turn, and is cut again.
func TestSlowReaders(t *testing.T) {
	t.Parallel()
	_, r, out := stopped(t, fake.Silent, func(r *report.Result) bool { return r.Faults["lost"] > 0 })
	failed(t, 1, r, out, "lost")

	s, r, out := stopped(t, fake.Strict, cutTwice)
	x := r.Figures.Slow
	if x.Clients != 1 || len(x.Reasons) != 1 || x.ServerCuts != nil || len(x.Turns) != 2 {
		t.Errorf("%+v\n%s", x, out)
	}
	if n := s.From()["127.0.0.1"]; n != 6 {
		t.Errorf("%d connections", n)
	}
}

// TestServerCuts: what the server says of its cuts stands beside, and what a delivery
// has allocated is told of the windows in which some do not read.
func TestServerCuts(t *testing.T) {
	t.Parallel()
	enough := func(r *report.Result) bool { return cutTwice(r) && objects(r, 4./3) }
	_, r, out := stopped(t, fake.Strict, enough, "--runtime-metrics=http://{addr}/stats")
	if got := r.Figures.Slow.ServerCuts; !maps.Equal(got, map[string]int64{fake.SlowClient: 2}) {
		t.Errorf("%v", got)
	}
	for _, want := range []string{"times that, the median of 2 turns", "cut, as they saw it", "as the server says", "slow client: 2", "objects allocated a message"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
}

// TestObjectsPaced: the same of broadcasts by the clock. What is under way at the
// edges of a window is the less of it the longer it is.
func TestObjectsPaced(t *testing.T) {
	t.Parallel()
	s := &fake.Server{}
	addr := listen(t, s)
	defer s.Close()
	for d := 1; ; d *= 4 {
		code, r, out := against(t, addr, "fanout", "-n10", "--rate=100", fmt.Sprintf("--duration=%ds", d), "--runtime-metrics=http://"+addr+"/stats")
		if code == 0 && objects(&r, 1) && strings.Contains(out, "objects allocated a message") {
			return
		}
		if d == 16 {
			t.Fatalf("exit code %d, want about %d objects allocated a message\n%s", code, fake.Objects, out)
		}
	}
}

// objects says whether r found about what the fake server says of a delivery, of which
// it has done so many times as many as were received.
func objects(r *report.Result, times float64) bool {
	got, want := r.Figures.ObjectsPerMessage, fake.Objects*times
	return got != nil && math.Abs(*got-want) < want/3
}

// TestNoServerCuts: metrics without the reasons are good, and say nothing.
func TestNoServerCuts(t *testing.T) {
	t.Parallel()
	stats := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, `{"mallocs":1}`) }))
	defer stats.Close()
	code, r, out := loadtest(t, &fake.Server{}, "slow", "-n5", "--turns=1", "--runtime-metrics", stats.URL)
	if code != 0 || r.Figures.Slow.ServerCuts != nil || r.Figures.ObjectsPerMessage == nil {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	x := r.Figures.Slow
	if x.PeakRSS == 0 || x.PeakGrowth != x.PeakRSS-r.Figures.RSSBefore {
		t.Errorf("%+v", x)
	}
	if turn := x.Turns[0]; turn.Baseline.Count == 0 || turn.Latency.Count == 0 || turn.Ratio <= 0 || x.Ratio != turn.Ratio {
		t.Errorf("%+v, ratio %v", turn, x.Ratio)
	}
}

// TestFaultsWhileSlow: a fault is seen while some do not read, or in what those read
// later. There are 800 deliveries a second, and a turn takes five.
func TestFaultsWhileSlow(t *testing.T) {
	for name, fault := range map[string]*fake.Server{
		"first turn":  {Fault: fake.Double, After: 2400},
		"second turn": {Fault: fake.Drop, After: 6500},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, r, out := loadtest(t, fault, append(slices.Clone(slowArgs), "--duration=4s", "--stall=3s", "--drain=3s")...)
			failed(t, code, r, out, "doubled", "lost")
		})
	}
}
