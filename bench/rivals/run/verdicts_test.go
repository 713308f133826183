package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const top = "../../.."

// TestNearby: the digits show on which side of a limit a figure is.
func TestNearby(t *testing.T) {
	for _, c := range []struct {
		v, limit float64
		want     string
	}{
		{0.92, 1, "0.92"}, {1, 1, "1.000"}, {1.003, 1, "1.003"}, {1.0004, 1, "1.0004"}, {0.9996, 1, "1.000"},
		{1.0504, 1.05, "1.0504"}, {1.0496, 1.05, "1.050"}, {1.04, 1.05, "1.040"}, {1.14, 1.1, "1.14"},
		{0.0998, 0.1, "0.0998"}, {0.00999, 0.01, "0.00999"}, {0.01004, 0.01, "0.01004"}, {0.01023, 0.01, "0.01023"},
		{1182, 1250, "1,182"}, {1250.2, 1250, "1250.2"}, {1249.8, 1250, "1,250"}, {1251, 1250, "1,251"}, {4.95, 5, "4.950"},
	} {
		if got := nearby(c.v, c.limit); got != c.want {
			t.Errorf("%v of %v: %q, want %q", c.v, c.limit, got, c.want)
		}
	}
	for v, want := range map[float64]string{0.036: "3.6 %", 0.0004: "0.04 %", 0.0000001: "0.00001 %", 1e-12: "less than 0.000001 %"} {
		if got := percent(v); got != want {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}

// TestTally: what was not measured is not missed.
func TestTally(t *testing.T) {
	all := []verdict{{known: true, met: true}, {known: true}, {}, {}}
	if got := tally(all); got != "1 of 2 measured; 2 not measured" {
		t.Error(got)
	}
	if got := tally([]verdict{{known: true, failed: true}, {known: true, met: true}}); got != "1 of 2 measured" {
		t.Errorf("what failed is not missed: %s", got)
	}
	if got := tally(all[:2]); got != "1 of 2 measured" {
		t.Error(got)
	}
	s := made()
	s.Samples = s.Samples[:0:0]
	for _, x := range made().Samples {
		if x.Round < 2 {
			s.Samples = append(s.Samples, x)
		}
	}
	for _, v := range s.judged() {
		if v.known {
			t.Errorf("judged by two rounds: %+v", v)
		}
	}
}

// TestSigns: an aim is marked for the warnings of its own runs and of those it
// is compared with, and only for what casts doubt on the figure.
func TestSigns(t *testing.T) {
	s := made()
	warn := func(measure, server, text string) {
		for i := range s.Samples {
			if x := &s.Samples[i]; x.Measure == measure && x.Server == server && x.Round == 1 {
				x.Warnings = append(x.Warnings, text)
			}
		}
	}
	warn("fanout", "floor", "measure: a process of clients was busy 97 % of the time: it, not the server, may be what is measured (more)")
	warn("fanout", "node", "measure: other processes of this machine kept 0.3 cores busy: times")
	warn("fanout", "sio", "leave: 10 clients were not let go")
	if text := s.aims(); !strings.Contains(text, " Of the reached ones, 1 in runs with a warning (‡). Not") || !strings.Contains(text, " †: in at") || !strings.Contains(text, " ‡: in at") {
		t.Error(text)
	}
	text := table(s, "x")
	for _, want := range []string{
		"| ≤ 1.00 × floor | 2.00 × floor | **missed**: 2.00 times the aim † |", "| ≤ 0.50 × node | 0.5000 × node | reached ‡ |", "\n†: in at", "\n‡: in at",
		"| fan-out: objects allocated | sio | ≤ 0.01 | 0.001 | reached |", "\nReached: 4 of 5 measured; 3 not measured.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}

// TestWarningsAreLoadtests: the texts that cast doubt are those that loadtest
// prints.
func TestWarningsAreLoadtests(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(top, "loadtest/internal/run/*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(b)
	}
	for _, d := range doubts {
		if !strings.Contains(all.String(), d.warning) {
			t.Errorf("loadtest does not warn %q", d.warning)
		}
	}
}

// TestRings: with io_uring and without are compared within the rounds, where
// both are there.
func TestRings(t *testing.T) {
	s := made()
	if strings.Contains(table(s, "x"), "With io_uring") {
		t.Error("compared with what was not measured")
	}
	s.Servers = append(s.Servers, installed{Name: "sio-send", Title: "sio-send", Kind: ours})
	for r, v := range []float64{25, 60, 22} {
		s.Samples = append(s.Samples, sample{Measure: "fanout", Server: "sio-send", Round: r, Figures: &figures{ServerCPUPerMessage: v}})
	}
	if text := table(s, "x"); !strings.Contains(text, "## With io_uring and without\n") || !strings.Contains(text, "| fan-out | 1.000 | 0.80 … 1.000 |\n\n") {
		t.Error(text)
	}
}

// TestChurn: one round that happens to be small does not make the slope steep,
// steady growth does.
func TestChurn(t *testing.T) {
	flat, steep := new(figures), new(figures)
	for i := range int64(20) {
		flat.Rounds = append(flat.Rounds, visits{1000 + i%3*30})
		steep.Rounds = append(steep.Rounds, visits{1000 + 10*i})
	}
	flat.Rounds[1].RSS = 900
	if v, ok := slope(flat); !ok || v != 1 {
		t.Errorf("flat: %v %v", v, ok)
	}
	if v, ok := growth(flat); !ok || v < 1.1 {
		t.Errorf("by the second round: %v %v", v, ok)
	}
	if v, ok := slope(steep); !ok || math.Abs(v-1170.0/1030) > 1e-9 {
		t.Errorf("steep: %v %v", v, ok)
	}
	if _, ok := slope(&figures{Rounds: flat.Rounds[:10]}); ok {
		t.Error("a slope of rounds that are in both ends")
	}
}

// TestHeld: memory may be less than before, but it must have been told.
func TestHeld(t *testing.T) {
	for bytes, want := range map[int64]float64{3 << 20: 3, 0: 0, -1 << 20: -1} {
		if v, ok := held(&figures{Slow: &slow{PeakRSS: 9 << 20, PeakGrowth: &bytes}}); !ok || v != want {
			t.Errorf("%d: %v %v", bytes, v, ok)
		}
	}
}

// TestSlow: what loadtest tells of slow readers, and an older one does not.
func TestSlow(t *testing.T) {
	for _, f := range []*figures{{}, {Slow: &slow{Cut: 3}}, {Slow: &slow{PeakGrowth: new(int64)}}} {
		if _, ok := beside(f); ok {
			t.Errorf("a ratio of %+v", f)
		}
		if _, ok := held(f); ok {
			t.Errorf("memory of %+v", f)
		}
	}
	s, objects, grew := made(), 0.002, int64(3<<20)
	s.Commands["slow"], s.Commands["calm"] = "loadtest slow", "loadtest slow --slow-share 0"
	for r, ratio := range []float64{1.02, 1.01, 1.2} {
		s.Samples = append(s.Samples, sample{Measure: "slow", Server: "sio", Round: r, Figures: &figures{ObjectsPerMessage: &objects,
			Slow: &slow{Cut: 3, ServerCuts: map[string]int64{slowClient: 3, "ping timeout": 1}, Ratio: ratio, Turns: []turn{{1.5}, {ratio}}, PeakGrowth: &grew}}})
		s.Samples = append(s.Samples, sample{Measure: "calm", Server: "sio", Round: r, Figures: &figures{Slow: &slow{Ratio: ratio + 0.04}}})
	}
	text := table(s, "x")
	for _, want := range []string{
		"| sio | ≤ 1.10 × | 1.02 × | reached |", "| memory held for slow readers | sio | ≤ 8.00 MiB | 3.00 MiB | reached |",
		"| beside slow readers: objects allocated | sio | ≤ 0.01 | 0.002 | reached |",
		"turns differ by themselves: here it was 1.06 (1.05 … 1.24) of sio, and a ratio within that says nothing of slow readers.\n",
		"The aim is 8 MiB: 3 slow readers with the 1 MiB that",
		"In 3 runs with a server that tells whom it cuts and why, clients saw themselves cut 9 times",
		"- slow, sio, round 1: 3 slow clients cut; closed by the server's own count: ping timeout 1, slow client 3; memory grew by 3,145,728 bytes at most; turns 1.50, 1.02\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
}
