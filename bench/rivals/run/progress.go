package main

import (
	"errors"
	"fmt"
	"os"
	"time"
)

// earlier loads what --resume goes on with, nil without the flag or the file.
func (c *config) earlier() (*state, error) {
	if !c.resume {
		return nil, nil
	}
	s, err := load(c.state)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	return s, err
}

// goOn takes over the samples of an earlier run, if it was of the same thing.
func (s *state) goOn(old *state) error {
	for _, x := range []struct{ what, was, is string }{
		{"commit", old.Machine.Commit, s.Machine.Commit},
		{"processor", old.Machine.CPU, s.Machine.CPU},
		{"kernel", old.Machine.Kernel, s.Machine.Kernel},
		{"times and rounds", old.terms(), s.terms()},
		{"set of measures", fmt.Sprint(old.Commands), fmt.Sprint(s.Commands)},
		{"servers or versions", fmt.Sprint(old.Servers), fmt.Sprint(s.Servers)},
	} {
		if x.was != x.is {
			return fmt.Errorf("was measured with another %s (%s, now %s): leave --resume away to measure anew", x.what, x.was, x.is)
		}
	}
	s.Started, s.Ended, s.Samples = old.Started, old.Ended, old.Samples
	return nil
}

func (s *state) terms() string {
	return fmt.Sprintf("%d rounds of %s after %s, short: %v", s.Rounds, s.Duration, s.Warmup, s.Short)
}

// settled says whether a job needs no run: it was run, or its server has failed
// in the measure. One failure spoils the cell, and a server that hangs would take
// minutes each time; ours goes on, to see how often it fails.
func (s *state) settled(j job) bool {
	for _, x := range s.Samples {
		if x.Measure != j.measure.name || x.Server != j.server.name {
			continue
		}
		if x.Round == j.round || x.Failed != "" && j.server.kind != ours {
			return true
		}
	}
	return false
}

// left says how long the jobs will take: as long as the same did before, or else
// as was thought, stretched as those were that were run.
func (s *state) left(jobs []job, c *config) (sum time.Duration) {
	type key struct{ measure, server string }
	took, thought, stretch := map[key]float64{}, map[string]float64{}, 1.0
	for _, m := range measures() {
		thought[m.name] = m.takes(c).Seconds()
	}
	var real, planned float64
	for _, x := range s.Samples {
		took[key{x.Measure, x.Server}] = x.Seconds
		real += x.Seconds
		planned += thought[x.Measure]
	}
	if planned > 0 {
		stretch = real / planned
	}
	for _, j := range jobs {
		if s.settled(j) {
			continue
		}
		t, ok := took[key{j.measure.name, j.server.name}]
		if !ok {
			t = thought[j.measure.name] * stretch
		}
		sum += time.Duration(t * float64(time.Second))
	}
	return sum
}
