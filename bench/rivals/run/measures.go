package main

import (
	"fmt"
	"strconv"
	"time"
)

// measure is one way to drive a server. One run of it may give several figures.
type measure struct {
	name, title string
	scenario    string
	clients     int
	args        []string
	polling     bool // asks for the polling transport
	oursOnly    bool // says nothing about others
	objects     bool // objects a message are read too
	seconds     int  // what a run takes beside warm-up and duration, about
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

// growth compares the most memory of the later rounds with the second.
func growth(f *figures) (float64, bool) {
	if len(f.Rounds) < 3 {
		return 0, false
	}
	var most int64
	for _, r := range f.Rounds[2:] {
		most = max(most, r.RSS)
	}
	return float64(most) / float64(f.Rounds[1].RSS), true
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

func measures() []measure {
	return []measure{
		{name: "fanout", title: "fan-out of 64 B to 10,000, one in flight", scenario: "fanout", clients: 10_000, seconds: 9, objects: true,
			columns: perMessage("fanout", "fan-out")},
		{name: "flood", title: "fan-out of 64 B to 10,000, eight in flight", scenario: "fanout", clients: 10_000, seconds: 9, objects: true,
			args: []string{"--in-flight", "8"}, columns: perMessage("flood", "flooded")},
		{name: "fanout-1k", title: "fan-out of 1 KB to 10,000, one in flight", scenario: "fanout", clients: 10_000, seconds: 9, objects: true,
			args: []string{"--size", "1024"}, columns: perMessage("fanout-1k", "fan-out 1 KB")},
		{name: "paced", title: "fan-out of 64 B to 10,000, two a second", scenario: "fanout", clients: 10_000, seconds: 9,
			args: []string{"--rate", "2"}, columns: []column{{"paced", "paced, p99", "ms", p99}}},
		{name: "rooms", title: "rooms of ten, 1,000 clients, 64 B", scenario: "rooms", clients: 1000, seconds: 4, objects: true,
			columns: perMessage("rooms", "rooms of ten")},
		{name: "echo", title: "echo of 64 B, 100 clients, ten in flight each", scenario: "echo", clients: 100, seconds: 3, objects: true,
			args: []string{"--in-flight", "10"}, columns: perMessage("echo", "echo ×10")},
		{name: "echo-1", title: "echo of 64 B, 100 clients, one in flight each", scenario: "echo", clients: 100, seconds: 3, objects: true,
			columns: perMessage("echo-1", "echo ×1")},
		{name: "polling", title: "echo of 64 B over polling, 100 clients, one in flight each", scenario: "echo", clients: 100, seconds: 3, objects: true,
			polling: true, args: []string{"--transport", "polling"}, columns: perMessage("polling", "echo, polling")},
		{name: "connect", title: "15,000 connects: TCP, upgrade, Engine.IO, Socket.IO", scenario: "connect", clients: 15_000, seconds: 7,
			columns: []column{{"connect", "connect", "µs", func(f *figures) (float64, bool) { return f.ServerCPUPerConnect, f.ServerCPUPerConnect > 0 }}}},
		{name: "idle", title: "15,000 idle clients, and after they left", scenario: "idle", clients: 15_000, seconds: 35,
			args: []string{"--settle", "3s"}, columns: []column{
				{"idle", "idle, memory a client", "B", func(f *figures) (float64, bool) { return f.BytesPerClient, f.BytesPerClient > 0 }},
				{"left", "memory after all left, of that before", "×", left},
			}},
		{name: "churn", title: "20 rounds of 3,000 visits", scenario: "churn", clients: 100, seconds: 45, oursOnly: true,
			columns: []column{{"churn", "memory after later rounds, of that after the second", "×", growth}}},
		{name: "slow", title: "1 % of 300 clients stop reading, 4 KB a hundred times a second", scenario: "slow", clients: 300, seconds: 14, oursOnly: true,
			columns: []column{{"slow", "others' p99, of that before", "×", beside}}},
	}
}

// flags are what loadtest is told, but for server and files.
func (m *measure) flags(c *config) []string {
	n := m.clients
	if c.short {
		n = min(n, 200)
	}
	out := append([]string{m.scenario, "--clients", strconv.Itoa(n)}, m.args...)
	out = append(out, "--duration", c.duration.String(), "--warmup", c.warmup.String())
	out = append(out, "--connect-timeout", "2m", "--drain", "30s", "--stall", "15s", "--max-time", "6m")
	if m.scenario == "churn" && c.short {
		out = append(out, "--rounds", "4", "--visits", "200")
	}
	return append(out, "--cpu", strconv.Itoa(c.generatorCPU), "--server-cpu", strconv.Itoa(c.serverCPU))
}

// takes says how long one run is, about.
func (m *measure) takes(c *config) time.Duration {
	if c.short {
		return 4 * time.Second
	}
	d := time.Duration(m.seconds) * time.Second
	switch m.scenario {
	case "connect", "churn":
	case "slow":
		d += 2 * c.duration
	default:
		d += c.duration + c.warmup
	}
	return d
}

func (m *measure) suits(s *server) bool {
	return (!m.polling || s.polling) && (!m.oursOnly || s.kind == ours)
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
