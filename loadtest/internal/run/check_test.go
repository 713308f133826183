package run

import (
	"net/netip"
	"slices"
	"testing"

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
