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
	duration    time.Duration      // at least, for figures that need many samples
	seconds     int                // what a run takes beside warm-up and duration, about
	columns     []column
}

// column is one figure of a measure. Smaller is better in all of them.
type column struct {
	name, title, unit string
	pick              func(*figures) (float64, bool)
}

func perMessage(name, title string) []column {
	return []column{{name, title, "µs", cpu}, perObject(name, title)}
}

func perObject(name, title string) column {
	return column{name + objectsSuffix, title + ": objects allocated", "", objects}
}

// objectsSuffix ends the names of the columns of objects a message.
const objectsSuffix = "-objects"

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
			suits: but("floor-share"), args: []string{"--rate", "2"}, columns: []column{{"paced", "paced, p99", "ms", p99}, perObject("paced", "paced")}},
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
		// Watched for no longer than 20 s, so that a run of everything, which sees
		// ten servers wait that long three times, stays within an hour.
		{name: "idle", title: "15,000 idle clients, and up to 20 s after they left", scenario: "idle", clients: 15_000, seconds: 23,
			suits: but("floor-share", "sio-raw"), args: []string{"--settle", "2s", "--after", "20s"}, columns: []column{
				{"idle", "idle, memory a client", "B", func(f *figures) (float64, bool) { return f.BytesPerClient, f.BytesPerClient > 0 }},
				{"left", "memory after all left, of that before", "×", left},
			}},
		{name: "churn", title: "20 rounds of 3,000 visits", scenario: "churn", clients: 100, seconds: 34,
			suits: only("sio", "sio-send", "node"), args: []string{"--settle", "500ms"}, columns: []column{
				{"churn", "memory of the last five rounds of visits, of that of the second to sixth", "×", slope},
				{"churn-second", "the same, of that of the second alone", "×", growth},
			}},
		// The p99 of broadcasts that come a hundred times a second needs hundreds of
		// them in each of loadtest's five turns, which are 2.5 s each with all reading
		// and as long with some slow.
		{name: "slow", title: "1 % of 300 clients stop reading, 4 KB a hundred times a second", scenario: "slow", clients: 300, seconds: 10, duration: 12500 * time.Millisecond,
			suits: only("sio", "sio-send", "node", "uws", "bun"), columns: []column{
				{"slow", "others' p99 beside slow readers, of that with all reading", "×", beside},
				{"slow-held", "memory held for slow readers", "MiB", held},
				perObject("slow", "beside slow readers"),
			}},
		{name: "calm", title: "the same, but all go on reading: what the halves differ by alone", scenario: "slow", clients: 300, seconds: 10, duration: 12500 * time.Millisecond,
			suits: only("sio", "sio-send"), args: []string{"--slow-share", "0"}, columns: []column{
				{"calm", "the same with nobody slow", "×", beside},
				{"calm-held", "memory with nobody slow", "MiB", held},
			}},
	}
}

// asks says whether the measure reads what a server tells of itself: objects
// allocated, and whom it has cut and why.
func (m *measure) asks() bool {
	return m.scenario == "slow" || slices.ContainsFunc(m.columns, column.ofObjects)
}

func (c column) ofObjects() bool { return strings.HasSuffix(c.name, objectsSuffix) }

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
