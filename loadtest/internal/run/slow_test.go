package run

import (
	"strings"
	"testing"
	"time"
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
