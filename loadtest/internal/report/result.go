// Package report says what a run measured: as a table, as JSON, and as one HTML
// page.
package report

import "time"

// Percentiles of a distribution of times, in microseconds.
type Percentiles struct {
	Count                                 int64
	Mean, P50, P90, P99, P999, Max, Stdev float64
	// Curve holds (percentile, µs) pairs for the plot.
	Curve [][2]float64 `json:",omitempty"`
}

// Sample is one reading of the run; rates are since the one before.
type Sample struct {
	At           float64 // seconds since the start
	Clients      int64
	Sent         float64 // messages a second
	Received     float64
	ServerCPU    float64 // cores busy
	GeneratorCPU float64
	ServerRSS    int64 // bytes
}

// Round is one round of churn.
type Round struct {
	Visits  int
	Seconds float64
	RSS     int64
}

// Slow is what became of the clients that stopped reading, turn by turn, and of the
// others meanwhile.
type Slow struct {
	Clients, Cut int64            // Cut: in all turns
	Reasons      map[string]int   // how those cut saw their end
	ServerCuts   map[string]int64 // by which reasons the server says it ended sessions meanwhile; nil: it does not
	Baseline     *Percentiles     // the others' latency while all read, of all turns
	Turns        []Turn
	Ratio        float64 // the median of the turns'
	PeakRSS      int64   // from when they stopped until they had caught up
	PeakGrowth   int64   // of it over RSSBefore
}

// Turn is a window in which all read, and one in which some do not.
type Turn struct {
	Baseline, Latency *Percentiles // the others' while all read, and while some did not
	Ratio             float64      // of the 99th percentiles
}

// Compare fills in the ratios.
func (s *Slow) Compare() {
	var all []float64
	for i := range s.Turns {
		t := &s.Turns[i]
		if t.Baseline == nil || t.Latency == nil || t.Baseline.P99 == 0 {
			continue
		}
		t.Ratio = t.Latency.P99 / t.Baseline.P99
		all = append(all, t.Ratio)
	}
	s.Ratio = median(all)
}

// Short is p without its curve.
func (p *Percentiles) Short() *Percentiles {
	if p != nil {
		p.Curve = nil
	}
	return p
}

// Figures are what a good run measured. A member that was not measured is absent.
type Figures struct {
	Seconds  float64 `json:",omitempty"` // measured window
	Messages int64   `json:",omitempty"` // received and checked in it
	Rate     float64 `json:",omitempty"` // messages a second

	ServerCPUPerMessage    float64  `json:",omitempty"` // µs, user and system
	GeneratorCPUPerMessage float64  `json:",omitempty"`
	ServerCores            float64  `json:",omitempty"` // busy on average
	GeneratorCores         float64  `json:",omitempty"`
	Saturated              bool     `json:",omitempty"` // the generator had no time left
	OtherCores             float64  `json:",omitempty"` // kept busy by processes that have no part in the run
	ObjectsPerMessage      *float64 `json:",omitempty"`

	ConnectRate         float64 `json:",omitempty"` // clients a second
	ServerCPUPerConnect float64 `json:",omitempty"` // µs

	RSSBefore      int64   `json:",omitempty"`
	RSSConnected   int64   `json:",omitempty"`
	RSSPeak        int64   `json:",omitempty"`
	RSSAfter       int64   `json:",omitempty"`
	BytesPerClient float64 `json:",omitempty"`
	BackAfter      float64 `json:",omitempty"` // seconds until RSS was within 10 % of the start, -1: never
	// The kernel's bytes of both ends; whatever the machine did counts in.
	KernelSlabsPerClient   float64 `json:",omitempty"`
	KernelBuffersPerClient float64 `json:",omitempty"` // TCP's

	Latency  *Percentiles `json:",omitempty"`
	Connect  *Percentiles `json:",omitempty"`
	Complete *Percentiles `json:",omitempty"` // of a broadcast: until the last has it

	Rounds []Round `json:",omitempty"`
	Slow   *Slow   `json:",omitempty"`

	Growth []Growth     `json:",omitempty"` // grow
	Loops  []Loops      `json:",omitempty"` // loops, in the order of the runs
	Ratios []LoopsRatio `json:",omitempty"`
	Beside *Figures     `json:",omitempty"` // grow and loops of the server to compare with
}

// Result is the outcome of one run.
type Result struct {
	OK       bool
	Scenario string
	Command  string
	Target   string
	Started  time.Time
	Machine  string
	Setup    string // the run in one line
	Failure  string `json:",omitempty"` // why not OK
	Faults   map[string]int64
	Notes    []string `json:",omitempty"` // the first faults in words
	Warnings []string `json:",omitempty"`
	Sent     int64
	Received int64
	// GeneratorObjects is what the generator allocated for each message it received.
	GeneratorObjects float64
	Figures          *Figures `json:",omitempty"` // only of a good run
	Samples          []Sample `json:",omitempty"`
}
