package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// state is all that the report is written from.
type state struct {
	Started, Ended time.Time
	Machine        machine
	Command        string
	Rounds         int
	Duration       string
	Warmup         string
	Short, Whole   bool // Whole: everything there is was asked for
	Planned, Done  int  // runs
	Servers        []installed
	Skipped        []skipped
	Samples        []sample
	Commands       map[string]string // by measure, with SERVER for the server's
}

// installed is a server that was measured.
type installed struct{ Name, Title, Kind, Versions, Command string }

// skipped is one that was not.
type skipped struct{ Name, Title, Why string }

// sample is the outcome of one run.
type sample struct {
	Measure, Server string
	Round           int
	Seconds         float64  `json:",omitempty"` // that the run took in all
	Failed          string   `json:",omitempty"` // why it may not be quoted
	Warnings        []string `json:",omitempty"`
	Figures         *figures `json:",omitempty"`
}

// save writes the state so that a reader sees the old one or the new one.
func (s *state) save(file string) error {
	b, err := json.MarshalIndent(s, "", " ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(file+".new", b, 0o666); err != nil {
		return err
	}
	return os.Rename(file+".new", file)
}

func load(file string) (*state, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	s := new(state)
	if err := json.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	s.Machine.Kernel = release(s.Machine.Kernel) // an older file may have all of it
	return s, nil
}

// errNone says that there is nothing to be quoted; the text is for the cell.
var errNone = errors.New("–")

// values gives a column of a server by round. One failed run spoils the cell: a
// server that loses messages now and then is not to be compared by the rest.
func (s *state) values(server, col string) (map[int]float64, error) {
	m, c := find(col)
	out := map[int]float64{}
	ran, failed, why := 0, 0, ""
	for _, x := range s.Samples {
		if x.Server != server || x.Measure != m.name {
			continue
		}
		ran++
		if x.Failed != "" || x.Figures == nil {
			failed++
			if why == "" {
				why = x.Failed
			}
			continue
		}
		if v, ok := c.pick(x.Figures); ok {
			out[x.Round] = v
		}
	}
	switch {
	case failed == ran && ran > 0:
		return nil, fmt.Errorf("failed: %s", why)
	case failed > 0:
		return nil, fmt.Errorf("failed in %d of %d: %s", failed, ran, why)
	case len(out) == 0:
		return nil, errNone
	}
	return out, nil
}

// cell is a figure of a server: the median of the rounds, and their range.
func (s *state) cell(server, col string) (mid, low, high float64, err error) {
	v, err := s.values(server, col)
	if err != nil {
		return 0, 0, 0, err
	}
	list := sorted(v)
	return median(list), list[0], list[len(list)-1], nil
}

// ratios are those of a to b within each round that both have, sorted.
func (s *state) ratios(a, b, col string) ([]float64, error) {
	x, err := s.values(a, col)
	if err != nil {
		return nil, fmt.Errorf("%s %w", a, err)
	}
	y, err := s.values(b, col)
	if err != nil {
		return nil, fmt.Errorf("%s %w", b, err)
	}
	both := map[int]float64{}
	for r, v := range x {
		if w, ok := y[r]; ok && w > 0 {
			both[r] = v / w
		}
	}
	if len(both) == 0 {
		return nil, errNone
	}
	return sorted(both), nil
}

// full says whether the figures may stand in the repository: everything was run,
// with all that the aims compare with.
func (s *state) full() bool { return s.Whole && s.Done == s.Planned && len(s.absent()) == 0 }

// absent names the servers of the aims that could not be measured.
func (s *state) absent() (out []string) {
	for _, v := range s.Skipped {
		if slices.ContainsFunc(targets, func(t target) bool { return t.server == v.Name || t.than == v.Name }) {
			out = append(out, v.Name)
		}
	}
	return out
}

// outOf follows a figure that not all rounds have: a run may be good and lack it.
func outOf(have, all int) string {
	if have >= all {
		return ""
	}
	return fmt.Sprintf(" (%d of %d)", have, all)
}

// partly is that of a server's cell.
func (s *state) partly(server, col string) string {
	m, _ := find(col)
	v, err := s.values(server, col)
	if err != nil {
		return ""
	}
	ran := 0
	for _, x := range s.Samples {
		if x.Server == server && x.Measure == m.name {
			ran++
		}
	}
	return outOf(len(v), ran)
}

// roundsOf says how many rounds of a measure there are. Of a server that failed
// there may be fewer.
func (s *state) roundsOf(measure string) int {
	seen := map[int]bool{}
	for _, x := range s.Samples {
		if x.Measure == measure {
			seen[x.Round] = true
		}
	}
	return len(seen)
}

// rounds says in words how many there are of the measures of these columns.
func (s *state) rounds(cols []column) string {
	var n []int
	for _, c := range cols {
		m, _ := find(c.name)
		if r := s.roundsOf(m.name); r > 0 {
			n = append(n, r)
		}
	}
	switch {
	case len(n) == 0:
		return "no round"
	case slices.Min(n) < slices.Max(n):
		return fmt.Sprintf("%d to %d rounds", slices.Min(n), slices.Max(n))
	}
	return inRounds(n[0])
}

func inRounds(n int) string {
	if n == 1 {
		return "1 round"
	}
	return fmt.Sprintf("%d rounds", n)
}

func sorted(m map[int]float64) (out []float64) {
	for _, v := range m {
		out = append(out, v)
	}
	slices.Sort(out)
	return out
}

// median of a sorted list that is not empty.
func median(v []float64) float64 {
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}
