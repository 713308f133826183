package main

import "slices"

// figures are the members of loadtest's result that are quoted. One that
// loadtest did not give is absent, and so is the figure of it.
type figures struct {
	ServerCPUPerMessage float64      `json:",omitempty"`
	ServerCPUPerConnect float64      `json:",omitempty"`
	ObjectsPerMessage   *float64     `json:",omitempty"`
	BytesPerClient      float64      `json:",omitempty"`
	RSSBefore           int64        `json:",omitempty"`
	RSSAfter            int64        `json:",omitempty"`
	Latency             *percentiles `json:",omitempty"`
	Rounds              []visits     `json:",omitempty"`
	Slow                *slow        `json:",omitempty"`
}

type percentiles struct{ P99 float64 }

// visits is a round of churn.
type visits struct{ RSS int64 }

// slow is what became of the clients that stopped reading, and of the others.
type slow struct {
	Cut        int64            // how often clients saw themselves cut, in all turns
	ServerCuts map[string]int64 // sessions that the server closed, by its reason; nil: was not asked
	Ratio      float64          // the others' p99 beside them, by that with all reading: the median of the turns
	Turns      []turn           `json:",omitempty"`
	PeakRSS    int64            `json:",omitempty"`
	PeakGrowth *int64           `json:",omitempty"` // bytes of it over RSSBefore; nil: not told
}

type turn struct{ Ratio float64 }

// slowClient is sio-fast's reason of a client that was cut for not reading.
const slowClient = "slow client"

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

// ends is how many rounds at the end, and after the first, are put together:
// memory after a single round moves by percents, with when the collector last came.
const ends = 5

// slope compares the memory of the last five rounds with that of the second to
// the sixth, both by their medians: what grows without end shows there, and the
// phase of the collector does not. The first round only warms up.
func slope(f *figures) (float64, bool) {
	n := len(f.Rounds)
	if n < 1+2*ends {
		return 0, false
	}
	first := resident(f.Rounds[1 : 1+ends])
	return resident(f.Rounds[n-ends:]) / first, first > 0
}

// growth compares the memory of the last five rounds, their median, with that of
// the second alone.
func growth(f *figures) (float64, bool) {
	n := len(f.Rounds)
	if n < 3 || f.Rounds[1].RSS == 0 {
		return 0, false
	}
	return resident(f.Rounds[max(2, n-ends):]) / float64(f.Rounds[1].RSS), true
}

// resident is the median of the rounds' memory.
func resident(rounds []visits) float64 {
	var out []float64
	for _, r := range rounds {
		out = append(out, float64(r.RSS))
	}
	slices.Sort(out)
	return median(out)
}

// beside compares healthy clients' p99 beside slow ones with that with all reading.
func beside(f *figures) (float64, bool) {
	if f.Slow == nil {
		return 0, false
	}
	return f.Slow.Ratio, f.Slow.Ratio > 0
}

// held is how much more memory the server had at most than before anybody came,
// in MiB.
func held(f *figures) (float64, bool) {
	if f.Slow == nil {
		return 0, false
	}
	v, ok := f.Slow.growth()
	return float64(v) / (1 << 20), ok
}

// growth is how much memory the server had at most over that before, which may be
// less than nothing. loadtest gives 0 as well where it never read the memory.
func (s *slow) growth() (bytes int64, ok bool) {
	if s.PeakGrowth == nil || *s.PeakGrowth == 0 && s.PeakRSS == 0 {
		return 0, false
	}
	return *s.PeakGrowth, true
}
