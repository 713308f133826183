package report

import (
	"strings"
	"testing"
)

// TestRatios: the ratio of a run is the median of its turns', and the table has their
// range, the cuts of both sides, and the growth of memory.
func TestRatios(t *testing.T) {
	turn := func(base, slow float64) Turn {
		return Turn{Baseline: &Percentiles{P99: base}, Latency: &Percentiles{P99: slow}}
	}
	s := &Slow{Clients: 2, Cut: 3, Turns: []Turn{turn(100, 90), turn(200, 900), turn(100, 120)}, PeakRSS: 5 << 20, PeakGrowth: 3 << 20,
		Reasons: map[string]int{"connection reset by peer": 3}, ServerCuts: map[string]int64{"slow client": 3}}
	s.Compare()
	if s.Ratio != 1.2 || s.Turns[1].Ratio != 4.5 {
		t.Errorf("%+v", s)
	}
	text := ""
	for _, x := range s.rows() {
		text += x.name + ": " + x.value + "\n"
	}
	for _, want := range []string{"1.20 times that, the median of 3 turns (0.90 to 4.50)", "2 in each of 3 turns: 3 cut and back, 3 caught up",
		"as they saw it: connection reset by peer: 3", "as the server says: slow client: 3", "5.0 MiB, +3.0 MiB"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
}
