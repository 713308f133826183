package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// measure is one way to drive a server. One run of it may give several figures.
type measure struct {
	name, title string
	scenario    string
	clients     int
	args        []string
	suits       func(*server) bool // nil: every server
	rounds      int                // at most, 0: as many as there are
	duration    time.Duration      // at least, for figures that need many samples
	seconds     int                // what a run takes beside warm-up and duration, about
	columns     []column
}

// column is one figure of a measure. Smaller is better in all of them.
type column struct {
	name, title, unit string
	pick              func(*figures) (float64, bool)
}

// figures are the members of loadtest's result that are quoted.
type figures struct {
	Messages            int64
	ServerCPUPerMessage float64
	ServerCPUPerConnect float64
	ObjectsPerMessage   *float64 `json:",omitempty"`
	BytesPerClient      float64
	RSSBefore, RSSAfter int64
	RSSPeak             int64
	BackAfter           float64
	Latency             *percentiles `json:",omitempty"`
	Rounds              []struct{ RSS int64 }
	Slow                *struct {
		Cut      int64
		Reasons  map[string]int
		Baseline *percentiles
		PeakRSS  int64
	} `json:",omitempty"`
}

type percentiles struct{ P50, P99, Max float64 }

func cpu(f *figures) (float64, bool) { return f.ServerCPUPerMessage, f.ServerCPUPerMessage > 0 }

func p99(f *figures) (float64, bool) {
	if f.Latency == nil {
		return 0, false
	}
	return f.Latency.P99 / 1000, true
}

func objects(f *figures) (float64, bool) {
	if f.ObjectsPerMessage == nil {
		return 0, false
	}
	return *f.ObjectsPerMessage, true
}

// left is the memory that was not given back, as a factor of what the empty
// server had.
func left(f *figures) (float64, bool) {
	return float64(f.RSSAfter) / float64(f.RSSBefore), f.RSSBefore > 0 && f.RSSAfter > 0
}

// growth compares the memory after the last five rounds, their median, with that
// after the second.
func growth(f *figures) (float64, bool) {
	if len(f.Rounds) < 3 {
		return 0, false
	}
	var last []float64
	for _, r := range f.Rounds[max(2, len(f.Rounds)-5):] {
		last = append(last, float64(r.RSS))
	}
	slices.Sort(last)
	return median(last) / float64(f.Rounds[1].RSS), true
}

// beside compares healthy clients' p99 beside slow ones with that before.
func beside(f *figures) (float64, bool) {
	if f.Slow == nil || f.Slow.Baseline == nil || f.Latency == nil || f.Slow.Baseline.P99 == 0 {
		return 0, false
	}
	return f.Latency.P99 / f.Slow.Baseline.P99, true
}

func perMessage(name, title string) []column {
	return []column{
		{name, title, "µs", cpu},
		{name + "-objects", title + ": objects allocated", "", objects},
	}
}

// Who is measured where. A server is left out of what would only repeat another
// row: floor-share differs from floor where one read holds several messages, and
// sio-raw from sio where there are events.
func but(names ...string) func(*server) bool {
	return func(s *server) bool { return !slices.Contains(names, s.name) }
}

func only(names ...string) func(*server) bool {
	return func(s *server) bool { return slices.Contains(names, s.name) }
}

// library says that a server has Socket.IO, with its polling and its limits.
func library(s *server) bool { return s.polling }

func measures() []measure {
	return []measure{
		{name: "fanout", title: "fan-out of 64 B to 10,000, one in flight", scenario: "fanout", clients: 10_000, seconds: 5,
			columns: perMessage("fanout", "fan-out")},
		{name: "flood", title: "fan-out of 64 B to 10,000, eight in flight", scenario: "fanout", clients: 10_000, seconds: 5,
			args: []string{"--in-flight", "8"}, columns: perMessage("flood", "flooded")},
		{name: "fanout-1k", title: "fan-out of 1 KB to 10,000, one in flight", scenario: "fanout", clients: 10_000, seconds: 5,
			suits: but("floor-share"), args: []string{"--size", "1024"}, columns: perMessage("fanout-1k", "fan-out 1 KB")},
		{name: "paced", title: "fan-out of 64 B to 10,000, two a second", scenario: "fanout", clients: 10_000, seconds: 5, duration: 5 * time.Second,
			suits: but("floor-share"), args: []string{"--rate", "2"}, columns: []column{{"paced", "paced, p99", "ms", p99}}},
		{name: "rooms", title: "rooms of ten, 1,000 clients, 64 B", scenario: "rooms", clients: 1000, seconds: 2,
			suits: but("floor-share"), columns: perMessage("rooms", "rooms of ten")},
		{name: "echo", title: "echo of 64 B, 100 clients, ten in flight each", scenario: "echo", clients: 100, seconds: 2,
			args: []string{"--in-flight", "10"}, columns: perMessage("echo", "echo ×10")},
		{name: "echo-1", title: "echo of 64 B, 100 clients, one in flight each", scenario: "echo", clients: 100, seconds: 2,
			suits: but("floor-share"), columns: perMessage("echo-1", "echo ×1")},
		// So long that what it allocates to tell how much it has allocated is little.
		{name: "polling", title: "echo of 64 B over polling, 100 clients, one in flight each", scenario: "echo", clients: 100, seconds: 2, duration: 5 * time.Second,
			suits: library, args: []string{"--transport", "polling"}, columns: perMessage("polling", "echo, polling")},
		{name: "connect", title: "15,000 connects: TCP, upgrade, Engine.IO, Socket.IO", scenario: "connect", clients: 15_000, seconds: 6,
			suits:   but("floor-share", "sio-raw"),
			columns: []column{{"connect", "connect", "µs", func(f *figures) (float64, bool) { return f.ServerCPUPerConnect, f.ServerCPUPerConnect > 0 }}}},
		{name: "idle", title: "15,000 idle clients, and half a minute after they left", scenario: "idle", clients: 15_000, seconds: 26, rounds: 2,
			suits: but("floor-share", "sio-raw"), args: []string{"--settle", "2s", "--after", "30s"}, columns: []column{
				{"idle", "idle, memory a client", "B", func(f *figures) (float64, bool) { return f.BytesPerClient, f.BytesPerClient > 0 }},
				{"left", "memory after all left, of that before", "×", left},
			}},
		{name: "churn", title: "20 rounds of 3,000 visits", scenario: "churn", clients: 100, seconds: 34, rounds: 2,
			suits: only("sio", "node"), args: []string{"--settle", "500ms"},
			columns: []column{{"churn", "memory after the last rounds, of that after the second", "×", growth}}},
		// The p99 of broadcasts that come a hundred times a second needs hundreds of them.
		{name: "slow", title: "1 % of 300 clients stop reading, 4 KB a hundred times a second", scenario: "slow", clients: 300, seconds: 6, duration: 5 * time.Second,
			suits:   only("sio", "node", "uws", "bun"),
			columns: []column{{"slow", "others' p99, of that before", "×", beside}}},
		{name: "calm", title: "the same, but all go on reading: what the halves differ by alone", scenario: "slow", clients: 300, seconds: 6, duration: 5 * time.Second,
			suits: only("sio"), args: []string{"--slow-share", "0"},
			columns: []column{{"calm", "the same with nobody slow", "×", beside}}},
	}
}

// objects says whether the measure counts objects a message.
func (m *measure) objects() bool {
	return len(m.columns) > 1 && strings.HasSuffix(m.columns[1].name, "-objects")
}

// lasts is the measured time of a run.
func (m *measure) lasts(c *config) time.Duration {
	if c.short {
		return c.duration
	}
	return max(c.duration, m.duration)
}

// flags are what loadtest is told, but for server and files. The bounds keep a
// server that does not answer from holding up the others.
func (m *measure) flags(c *config) []string {
	n := m.clients
	if c.short {
		n = min(n, 200)
	}
	out := append([]string{m.scenario, "--clients", strconv.Itoa(n)}, m.args...)
	out = append(out, "--duration", m.lasts(c).String(), "--warmup", c.warmup.String())
	out = append(out, "--connect-timeout", "1m", "--drain", "20s", "--stall", "10s", "--leave", "3s", "--max-time", "3m")
	if m.scenario == "churn" && c.short {
		out = append(out, "--rounds", "4", "--visits", "200")
	}
	if m.scenario == "idle" && c.short {
		out = append(out, "--after", "3s")
	}
	return append(out, "--cpu", strconv.Itoa(c.generatorCPU), "--server-cpu", strconv.Itoa(c.serverCPU))
}

// takes says how long one run is, about.
func (m *measure) takes(c *config) time.Duration {
	d := time.Duration(m.seconds) * time.Second
	if c.short {
		d = min(d, 3*time.Second)
	}
	switch m.scenario {
	case "connect", "churn":
	case "slow":
		d += 2*m.lasts(c) + c.warmup
	default:
		d += m.lasts(c) + c.warmup
	}
	return d
}

// turns says how many rounds of the measure there are.
func (m *measure) turns(rounds int) int {
	if m.rounds > 0 {
		return min(rounds, m.rounds)
	}
	return rounds
}

// find gives a column and its measure.
func find(name string) (measure, column) {
	for _, m := range measures() {
		for _, c := range m.columns {
			if c.name == name {
				return m, c
			}
		}
	}
	panic(fmt.Sprintf("no column %q", name))
}
