// Package run coordinates a load test: it starts the server if asked, starts
// the processes of clients, takes them through the phases, reads /proc and
// gathers the result.
package run

import (
	"time"
)

// Config is a load test. Zero values of Clients, Processes and Concurrency are
// filled in by Check.
type Config struct {
	Scenario    string
	Target      string
	Path        string
	AllowRemote bool
	Polling     bool
	Sources     []string
	Netns       bool // the clients in a network namespace of their own, if that may be

	Server        string // command line
	Beside        string // and that of a server to compare with, in grow and loops
	ServerCPUs    []int
	CPUs          []int
	ServerTimeout time.Duration
	PID           int // -1: no /proc; 0: find it
	MetricsURL    string

	Clients, Processes, Concurrency int
	ConnectRate                     float64
	InFlight                        int
	Rate                            float64
	Size                            int
	Ack                             bool
	RoomSize                        int
	Rounds, Visits                  int
	SlowShare                       float64 // percent
	Turns                           int     // of slow readers
	Counts                          []int   // clients of each run of grow
	LoopCounts                      []int   // loops of the server in each run of loops
	Loops                           int     // of this one; 0: not known
	other                           bool    // this one is of the server beside
	Broadcasts                      int     // of each run of loops
	Spin                            bool

	Warmup, Duration, Settle, Drain, ConnectTimeout, Stall, MaxTime time.Duration
	Leave, After                                                    time.Duration

	Command string // for the report
	// Progress gets a line at a time; Live tells that it is a terminal, where the
	// line is written over.
	Progress func(line string, live bool)
	Live     bool
}

// slow is how many clients stop reading: one at least, if any.
func (c *Config) slow() int {
	if c.SlowShare == 0 {
		return 0
	}
	return max(int(float64(c.Clients)*c.SlowShare/100), 1)
}

// scenarios names the scenarios with their default number of clients.
var scenarios = map[string]int{"connect": 1000, "idle": 5000, "echo": 100, "fanout": 1000, "rooms": 1000, "churn": 100, "slow": 300, "grow": 15000, "loops": 10000}

// DefaultClients returns the default number of clients of a scenario, 0 if
// there is no such scenario.
func DefaultClients(scenario string) int { return scenarios[scenario] }
