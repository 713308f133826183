package run

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// TestBothWatched: who has no time left is told of the windows in which all read, too,
// and by their name. The figures are of the others alone.
func TestBothWatched(t *testing.T) {
	const busy, atEase = 990 * time.Millisecond, 300 * time.Millisecond
	for name, c := range map[string]struct {
		all, some time.Duration
		warned    []string
	}{
		"never":       {atEase, atEase, nil},
		"all read":    {busy, atEase, []string{"all read: "}},
		"some do not": {atEase, busy, []string{"some slow: "}},
		"always":      {busy, busy, []string{"all read: ", "some slow: "}},
	} {
		r := &runner{processes: make([]*process, 1)}
		all, some := r.nothing(), r.nothing()
		for total, d := range map[*snapshot]time.Duration{&all: c.all, &some: c.some} {
			total.add(r.nothing(), snapshot{at: 1e9, received: 100, own: d, each: []time.Duration{d}})
		}
		r.spent(all, some)
		if r.fig.GeneratorCores != c.some.Seconds() || r.fig.Messages != 100 || r.fig.Saturated != (c.warned != nil) || len(r.res.Warnings) != len(c.warned) {
			t.Errorf("%s: %q, %+v", name, r.res.Warnings, r.fig)
			continue
		}
		for i, want := range c.warned {
			if !strings.HasPrefix(r.res.Warnings[i], want) {
				t.Errorf("%s: %q, want %q", name, r.res.Warnings[i], want)
			}
		}
	}
}

// TestLateStats: the server is asked again until it tells of the cuts that the clients
// saw, but not for ever.
func TestLateStats(t *testing.T) {
	for name, c := range map[string]struct {
		late int64 // answers that do not tell of it yet
		want map[string]int64
	}{
		"at once": {0, map[string]int64{"slow client": 2}},
		"later":   {3, map[string]int64{"slow client": 2}},
		"never":   {1 << 30, map[string]int64{"slow client": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			stats := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n := 9
				if asked.Add(1) <= c.late {
					n = 8
				}
				fmt.Fprintf(w, `{"sessions_closed":{"slow client":%d,"ping timeout":5}}`, n)
			}))
			defer stats.Close()
			area, f, err := shm.Create()
			if err != nil {
				t.Fatal(err)
			}
			_ = f.Close()
			area.P[0].Cut.Store(1)
			area.P[1].Cut.Store(1)
			r := &runner{cfg: Config{MetricsURL: stats.URL}, ctx: context.Background(), area: area}
			got, err := r.serverCuts(map[string]int64{"slow client": 7, "ping timeout": 5})
			if err != nil || !maps.Equal(got, c.want) {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
}
