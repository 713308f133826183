//go:build !race

package admin

import "testing"

// Who measures a busy server by /stats every second, or scrapes it as often as
// Prometheus does, must not see himself in the objects that its messages cost.
func TestScrapeAllocates(t *testing.T) {
	a, _ := open(t)
	for target, limit := range map[string]float64{"/metrics": 2500, "/stats": 350} {
		if n := testing.AllocsPerRun(20, func() { ask(t, a, "GET", target) }); n > limit {
			t.Errorf("%s: %v objects, want at most %v", target, n, limit)
		}
	}
}
