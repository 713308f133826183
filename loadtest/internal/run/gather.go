package run

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/worker"
)

// figures computes what was spent and done between two snapshots.
func (r *runner) figures(a, b snapshot) {
	f := &r.fig
	f.Seconds = float64(b.at-a.at) / 1e9
	f.Messages = b.received - a.received
	f.Rate = float64(f.Messages) / f.Seconds
	if f.Messages == 0 {
		return
	}
	n := float64(f.Messages)
	r.watch(a, b)
	f.GeneratorCPUPerMessage = (b.own - a.own).Seconds() * 1e6 / n
	if r.pid > 0 {
		f.ServerCores = (b.server - a.server).Seconds() / f.Seconds
		f.ServerCPUPerMessage = (b.server - a.server).Seconds() * 1e6 / n
	}
	if r.cfg.MetricsURL != "" {
		x := (b.mallocs - a.mallocs) / n
		f.ObjectsPerMessage = &x
	}
}

// watch tells how busy the generator was between two snapshots, and warns where
// it, or somebody else, may be what was measured.
func (r *runner) watch(a, b snapshot) {
	f := &r.fig
	seconds := float64(b.at-a.at) / 1e9
	f.GeneratorCores = (b.own - a.own).Seconds() / seconds
	// A process that is not known may be the server.
	if r.pid > 0 || !r.local {
		f.OtherCores = max((b.busy-a.busy-(b.server-a.server)-(b.own-a.own)).Seconds()/seconds, 0)
	}
	if f.OtherCores > 0.2 {
		r.warn("other processes of this machine kept %.2f cores busy: times and rates are of little worth, CPU a message is too high", f.OtherCores)
	}
	// Each process has one thread, so one that never waits uses one core.
	for i := range b.each {
		if busy := (b.each[i] - a.each[i]).Seconds() / seconds; busy > saturated && !r.cfg.Spin {
			f.Saturated = true
			r.warn("a process of clients was busy %.0f %% of the time: it, not the server, may be what is measured (more --processes, more CPUs, or fewer clients)", 100*busy)
			return
		}
	}
}

// saturated is the share of a core from which on a process of clients counts as
// having no time left.
const saturated = 0.95

// faults counts them by kind, and names those there were.
func (r *runner) faults() string {
	text := ""
	for k, name := range shm.FaultNames {
		n := r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Faults[k] })
		r.res.Faults[name] = n
		if n > 0 {
			if text != "" {
				text += ", "
			}
			text += fmt.Sprintf("%d %s", n, name)
		}
	}
	return text
}

// verdict says what was wrong with a run that ended with err and these faults, or
// returns nil if nothing was.
func (r *runner) verdict(err error, faults string) error {
	switch {
	case faults != "" && (err == nil || errors.Is(err, errFaults)):
		return errors.New(faults)
	case faults != "":
		return fmt.Errorf("%s (%w)", faults, err)
	case err != nil:
		return err
	case r.measuredNone():
		return errNone
	}
	return nil
}

var errNone = errors.New("no message came in the measured time")

// measuredNone guards against a run that found nothing because nothing happened.
func (r *runner) measuredNone() bool {
	switch r.cfg.Scenario {
	case "connect", "idle":
		return false
	case "loops":
		return len(r.fig.Loops) == 0
	case "churn":
		return r.received() == 0
	}
	return r.fig.Messages == 0
}

// gather merges what the processes report.
func (r *runner) gather(results []worker.Result) {
	r.res.Sent, r.res.Received = r.sent(), r.received()
	connect, complete := new(merged), new(merged)
	var windows []*merged
	cuts := map[string]int{}
	for _, x := range results {
		for i, h := range x.Latency {
			if i == len(windows) {
				windows = append(windows, new(merged))
			}
			windows[i].add(h)
		}
		connect.add(x.Connect)
		complete.add(x.Complete)
		if room := 10 - len(r.res.Notes); room > 0 {
			r.res.Notes = append(r.res.Notes, x.Notes[:min(len(x.Notes), room)]...)
		}
		r.res.GeneratorObjects = max(r.res.GeneratorObjects, x.Objects)
		for why, n := range x.Cuts {
			cuts[why] += n
		}
	}
	f := &r.fig
	f.Connect, f.Complete = connect.percentiles(), complete.percentiles()
	f.RSSPeak = r.peak
	if len(windows) > 0 {
		f.Latency = windows[0].percentiles()
	}
	if s := f.Slow; s != nil {
		base, slow := new(merged), new(merged)
		for i := range s.Turns {
			t := &s.Turns[i]
			t.Baseline, t.Latency = windows[2*i].percentiles().Short(), windows[2*i+1].percentiles().Short()
			base.merge(windows[2*i])
			slow.merge(windows[2*i+1])
		}
		s.Compare()
		s.Baseline, f.Latency, f.Complete = base.percentiles(), slow.percentiles(), nil
		s.Reasons = cuts
		s.Clients = int64(r.cfg.slow())
		s.Cut = r.cut()
	}
}

// merged is a histogram of several processes.
type merged struct{ h *hdrhistogram.Histogram }

func (m *merged) add(b []byte) {
	if len(b) == 0 {
		return
	}
	h, err := hdrhistogram.Decode(b)
	if err != nil {
		panic(err) // from our own encoder
	}
	m.merge(&merged{h})
}

func (m *merged) merge(other *merged) {
	switch {
	case other.h == nil:
	case m.h == nil:
		m.h = hdrhistogram.Import(other.h.Export())
	default:
		m.h.Merge(other.h)
	}
}

func (m *merged) percentiles() *report.Percentiles {
	if m.h == nil || m.h.TotalCount() == 0 {
		return nil
	}
	us := func(ns int64) float64 { return float64(ns) / 1e3 }
	at := func(q float64) float64 { return us(m.h.ValueAtQuantile(q)) }
	p := &report.Percentiles{Count: m.h.TotalCount(), Mean: m.h.Mean() / 1e3, Stdev: m.h.StdDev() / 1e3,
		P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: us(m.h.Max())}
	for left := 1.0; left > 1e-6 && left*float64(p.Count) >= 1; left *= 0.8 {
		p.Curve = append(p.Curve, [2]float64{100 * (1 - left), at(100 * (1 - left))})
	}
	return p
}
