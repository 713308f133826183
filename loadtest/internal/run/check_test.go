package run

import (
	"errors"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
)

func TestShares(t *testing.T) {
	for _, c := range []struct {
		n, processes, unit int
		want               []int
	}{
		{10, 1, 1, []int{10}}, {10, 3, 1, []int{3, 3, 4}}, {100, 3, 10, []int{30, 30, 40}}, {1, 1, 1, []int{1}},
	} {
		if got := shares(c.n, c.processes, c.unit); !slices.Equal(got, c.want) {
			t.Errorf("shares(%d, %d, %d) = %v, want %v", c.n, c.processes, c.unit, got, c.want)
		}
	}
}

func TestSources(t *testing.T) {
	local := netip.MustParseAddr("127.0.0.1")
	for _, c := range []struct {
		cfg  Config
		want int
	}{
		{Config{Clients: 1}, 1}, {Config{Clients: 30000}, 3}, {Config{Clients: 15000, Polling: true}, 3},
		{Config{Scenario: "churn", Clients: 1, Rounds: 20, Visits: 3000}, 5}, {Config{Clients: 1, Sources: []string{"127.0.0.9"}}, 1},
	} {
		if got := c.cfg.sources(local); len(got) != c.want {
			t.Errorf("%+v: %v, want %d", c.cfg, got, c.want)
		}
	}
	far := Config{Clients: 50000}
	if got := far.sources(netip.MustParseAddr("192.0.2.1")); got != nil {
		t.Errorf("remote server: %v", got)
	}
}

func TestOnlyLoopback(t *testing.T) {
	for target, good := range map[string]bool{"127.0.0.1:80": true, "127.9.9.9:80": true, "localhost:80": true, "192.0.2.1:80": false, "0.0.0.0:80": false} {
		c := Config{Target: target}
		if _, _, err := c.resolve(); (err == nil) != good {
			t.Errorf("%s: %v", target, err)
		}
		c.AllowRemote = true
		if _, _, err := c.resolve(); err != nil {
			t.Errorf("%s, allowed: %v", target, err)
		}
	}
}

// TestRemote: of a server on another machine nothing is read here, and that is
// said; one under an address of this machine is a local one.
func TestRemote(t *testing.T) {
	r := &runner{stage: "start"}
	r.findServer(false, 1)
	if r.pid != 0 || len(r.res.Warnings) != 1 || r.res.Warnings[0] != "the server is on another machine: no figures of its CPU and memory" {
		t.Errorf("process %d, warnings %q", r.pid, r.res.Warnings)
	}
	if own(netip.MustParseAddr("192.0.2.1")) || !own(netip.MustParseAddr("127.0.0.1")) {
		t.Error("which addresses are this machine's")
	}
}

// TestWatch: one process of clients without time left is enough to say so, and
// foreign work is told from the server's.
func TestWatch(t *testing.T) {
	second := func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) }
	for name, c := range map[string]struct {
		each          []time.Duration
		server, busy  float64
		pid           int
		warnings      int
		saturated     bool
		others, cores float64
	}{
		"at ease":                {[]time.Duration{second(0.5), second(0.4)}, 0.8, 1.8, 1, 0, false, 0.1, 0.9},
		"one saturated":          {[]time.Duration{second(0.99), second(0.1)}, 0.8, 1.9, 1, 1, true, 0, 1.09},
		"others at work":         {[]time.Duration{second(0.5)}, 0.5, 1.5, 1, 1, false, 0.5, 0.5},
		"server on another host": {[]time.Duration{second(0.5)}, 0, 1, 0, 1, false, 0.5, 0.5},
	} {
		r := &runner{stage: "start", pid: c.pid, local: c.pid > 0}
		b := snapshot{at: 1e9, each: c.each, server: second(c.server), busy: second(c.busy)}
		for _, d := range c.each {
			b.own += d
		}
		r.watch(snapshot{each: make([]time.Duration, len(c.each))}, b)
		f := r.fig
		if len(r.res.Warnings) != c.warnings || f.Saturated != c.saturated || math.Abs(f.OtherCores-c.others) > 0.02 || math.Abs(f.GeneratorCores-c.cores) > 0.001 {
			t.Errorf("%s: %q, %+v", name, r.res.Warnings, f)
		}
	}
}

// TestVerdict: faults are told whatever ended the run, and a run that did not go on is
// not good for having none.
func TestVerdict(t *testing.T) {
	late := errors.New("not done within --max-time")
	stalled := fmt.Errorf("%w: nothing came", errStalled)
	for _, c := range []struct {
		err          error
		faults, want string
	}{
		{nil, "", ""}, {nil, "1 lost", "1 lost"}, {errFaults, "1 lost", "1 lost"}, {late, "", "not done within --max-time"},
		{late, "2 doubled", "2 doubled (not done within --max-time)"}, {stalled, "", "stalled: nothing came"}, {stalled, "1 lost", "1 lost (stalled: nothing came)"},
	} {
		r := &runner{cfg: Config{Scenario: "idle"}}
		got := ""
		if err := r.verdict(c.err, c.faults); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%v and %q: %q, want %q", c.err, c.faults, got, c.want)
		}
	}
}

func TestCPULists(t *testing.T) {
	for list, want := range map[string][]int{"": nil, "0": {0}, "0,2-4": {0, 2, 3, 4}} {
		if got, err := proc.ParseCPUs(list); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q: %v %v", list, got, err)
		}
	}
	for _, bad := range []string{"a", "1-", "3-1", "-1", "0,,1", "2000"} {
		if _, err := proc.ParseCPUs(bad); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}
