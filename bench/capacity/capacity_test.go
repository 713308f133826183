package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// TestPage holds that docs/CAPACITY.md has each block once, and can be filled.
func TestPage(t *testing.T) {
	text, err := os.ReadFile("../../docs/CAPACITY.md")
	if err != nil {
		t.Fatal(err)
	}
	page, blocks := string(text), 0
	for _, p := range parts {
		for _, b := range p.blocks {
			blocks++
			end := fmt.Sprintf(closing, b.name)
			for _, mark := range []string{fmt.Sprintf(opening, b.name), end} {
				if n := strings.Count(page, mark); n != 1 {
					t.Errorf("%q is there %d times", mark, n)
				}
			}
			filled, err := fill(page, b.name, "FILLED\n")
			if err != nil || !strings.Contains(filled, "\n\nFILLED\n\n"+end) {
				t.Errorf("%s: %v", b.name, err)
			}
		}
	}
	if n := strings.Count(page, "<!-- "); n != 2*blocks {
		t.Errorf("%d marks of %d blocks", n, blocks)
	}
}

func growthOf(clients int, µs float64) growth {
	return growth{Clients: clients, ServerCPUPerDelivery: µs, ServerCPUPerConnect: 60, BytesPerClient: 1178, KernelSlabsPerClient: 10_000}
}

// all is a result that has what every part needs: two sweeps of grow, loops and a
// churn of three rounds.
func all() []result {
	f := &figures{
		Growth:    []growth{growthOf(5000, 8), growthOf(10000, 15), growthOf(5000, 10), growthOf(10000, 15)},
		Loops:     []loopsRun{{1, 10000, []float64{100_000}, 12}, {2, 10000, []float64{50_000}, 12}},
		Ratios:    []loopsRatio{{2, 1, 2, 1}},
		Rounds:    []round{{3000, 15 << 20}, {3000, 16 << 20}, {3000, 16 << 20}},
		RSSBefore: 10 << 20, RSSConnected: 27 << 20, RSSAfter: 11 << 20, BackAfter: 4.5,
	}
	f.Beside = &figures{
		Growth: []growth{growthOf(5000, 8), growthOf(10000, 10), growthOf(5000, 8), growthOf(10000, 10)},
		Loops:  f.Loops, Ratios: []loopsRatio{{2, 1, 1.9, 1}},
	}
	// Fifteen thousand clients, two intervals of pings at rest after the first.
	samples := []sample{{0, 0, 0}, {1, 15_000, 1}, {3, 15_000, 0}, {5, 15_000, 0.2}, {6, 15_000, 0.3}, {7, 15_000, 0.1}}
	text := `    million_test.go:89: 1000000 clients, connected in 10s (10µs each)
    million_test.go:92: heap: 992 bytes a client, 9.25 objects
    million_test.go:149: a collection: 603.2ms of the clock, 1070 ms of CPU (800 ms of it on cores that had nothing to do), longest pause 230.5µs
    million_test.go:169: a tick at which nothing is due: 25µs; all pings, without the kernel: 85ms (85ns each)
`
	return []result{{OK: true, Figures: f, Samples: samples, text: text}}
}

// TestTables: each block tells the figures of a result, and of one without them
// says so.
func TestTables(t *testing.T) {
	want := map[string][]string{
		"deliveries": {"| 5,000 | 9.0 µs | 8.0 µs | **1.12** | 1.00 to 1.25 |", "| 10,000 | 15.0 µs | 10.0 µs | **1.50** | 1.50 |",
			"Medians of 2 sweeps", "1.67 times as dear, and the floor's 1.25 times"},
		"memory":     {"| 10,000 | 1,178 | 10,000 | 0 | 60 µs |", "1.2 GB resident", "5.0 GB"},
		"loops":      {"| 100,000 (100,000 to 100,000) | 200,000 (200,000 to 200,000) | **2.00** |", "**1.90**", "are 5.0 s of two loops"},
		"left":       {"| 10.0 MiB | 27.0 MiB | 11.0 MiB | **+10 %** | +10.0 % | 4.5 s |"},
		"million":    {"for 1,000,000", "992 bytes, 9.25 objects | 992 MB", "1.1 µs of CPU, 75 %", "603 ms on the clock", "0.23 ms", "85 ns | 85.0 ms", "| 25.0 µs |"},
		"heartbeats": {"| 15,000 | 7,500 | 0.20 (0.20) | 27 µs | 1.07 cores | 0.21 cores |"},
		"churn":      {"| 16.0 MiB |", "| – |", "3 rounds of 3,000 visits"},
	}
	for _, p := range parts {
		for _, b := range p.blocks {
			got, err := b.text([][]result{all(), all()})
			if err != nil {
				t.Errorf("%s: %v", b.name, err)
			}
			for _, w := range want[b.name] {
				if !strings.Contains(got, w) {
					t.Errorf("%s has no %q:\n%s", b.name, w, got)
				}
			}
			if len(want[b.name]) == 0 {
				t.Errorf("%s is not tested", b.name)
			}
			if _, err := b.text(nil); !errors.Is(err, errFew) {
				t.Errorf("%s of nothing: %v", b.name, err)
			}
		}
	}
}

// TestSlope: one round that happens to be small does not make it steep, steady
// growth does.
func TestSlope(t *testing.T) {
	var flat, steep []round
	for i := range int64(40) {
		flat = append(flat, round{3000, 1000 + i%5*30})
		steep = append(steep, round{3000, 1000 + 10*i})
	}
	flat[1].RSS, flat[39].RSS = 900, 1200
	if v, ok := slope(flat); !ok || v != 1 {
		t.Errorf("flat: %v %v", v, ok)
	}
	if v, ok := slope(steep); !ok || v != 1370.0/1030 {
		t.Errorf("steep: %v %v", v, ok)
	}
	if _, ok := slope(flat[:10]); ok {
		t.Error("a slope of rounds that are in both ends")
	}
	got, err := churn([][]result{{{Figures: &figures{Rounds: steep}}}})
	if err != nil || !strings.Contains(got, "last five by second to sixth |") || !strings.Contains(got, "| **1.330** |") {
		t.Errorf("%v\n%s", err, got)
	}
}

// TestParse: parts in the page's order, and no unknown ones.
func TestParse(t *testing.T) {
	c, err := parse([]string{"--parts", "churn,grow", "--sweeps", "5"}, io.Discard)
	if err != nil || len(c.parts) != 2 || c.parts[0].name != "grow" || c.sweeps != 5 {
		t.Fatalf("%+v, %v", c, err)
	}
	if got := c.parts[0].runs(c)[0].shown(); strings.Count(got, "15000") != 5 {
		t.Error(got)
	}
	for _, args := range [][]string{{"--parts", "grow,none"}, {"--sweeps", "0"}, {"grow"}} {
		if _, err := parse(args, io.Discard); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
