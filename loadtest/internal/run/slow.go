package run

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// window is how long each of the measured windows of slow is.
func (c *Config) window() time.Duration { return c.Duration / time.Duration(c.Turns) }

// slowSettle is for what those that stop reading fill at first: the kernel's buffers.
const slowSettle = time.Second

// statsLate is for how long the server is asked again for the cuts that the clients
// have seen: its figures may be of some milliseconds ago, on a busy machine of more.
const statsLate = time.Second

// slow takes turns, for a machine that others use too is not the same from one
// minute to the next: each turn measures while all read and while some do not.
// Those then read again, and each must catch up, or come back if it was cut,
// before the next turn.
func (r *runner) slow() error {
	r.area.Phase.Store(shm.Run)
	r.stage = "warm up"
	if err := r.flowing(r.cfg.Warmup); err != nil {
		return err
	}
	closed, err := r.closedSessions()
	if err != nil {
		return err
	}
	s := &report.Slow{Turns: make([]report.Turn, r.cfg.Turns)}
	all, some := r.nothing(), r.nothing()
	for n := range r.cfg.Turns {
		if err := r.turn(n, s, &all, &some); err != nil {
			r.area.Slow.Store(uint32(2*n + 2)) // what there is they can read yet
			return err
		}
	}
	r.spent(all, some)
	if closed != nil {
		if s.ServerCuts, err = r.serverCuts(closed); err != nil {
			return err
		}
	}
	if s.PeakRSS > 0 {
		s.PeakGrowth = s.PeakRSS - r.fig.RSSBefore
	}
	r.fig.Slow = s
	return nil
}

// nothing is a total to which nothing was added yet.
func (r *runner) nothing() snapshot {
	return snapshot{each: make([]time.Duration, len(r.processes))}
}

// spent computes the figures of the windows in which some do not read. A generator or
// a machine without time left in the windows in which all do is warned of as well: the
// others are compared with these.
func (r *runner) spent(all, some snapshot) {
	r.stage = "all read"
	r.watch(r.nothing(), all)
	r.stage = "some slow"
	r.figures(r.nothing(), some)
}

// turn measures both windows of turn n. What was spent in each of them is added to
// all and to some.
func (r *runner) turn(n int, s *report.Slow, all, some *snapshot) error {
	stage := func(name string) { r.stage = fmt.Sprintf("%d %s", n+1, name) }
	stage("all")
	if err := r.turnWindow(all); err != nil {
		return err
	}
	peak := r.peak
	r.peak = 0
	stage("slow")
	r.area.Slow.Store(uint32(2*n + 1))
	if err := r.flowing(slowSettle); err != nil {
		return err
	}
	if err := r.turnWindow(some); err != nil {
		return err
	}
	stage("resume")
	if err := r.resume(uint32(2*n + 2)); err != nil {
		return err
	}
	s.PeakRSS = max(s.PeakRSS, r.peak)
	r.peak = max(r.peak, peak)
	return nil
}

// turnWindow measures the next window, and adds what was spent in it to total.
func (r *runner) turnWindow(total *snapshot) error {
	a, b, err := r.measure(r.cfg.window())
	if err != nil {
		return err
	}
	if a.received == b.received {
		return errNone
	}
	total.add(a, b)
	return nil
}

// resume has the slow clients read again, and waits for all to be where the others
// are.
func (r *runner) resume(told uint32) error {
	r.area.Slow.Store(told)
	behind := func() int64 { return r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Behind }) }
	over := func() bool {
		for i := range r.processes {
			if r.area.P[i].Turn.Load() != int64(told) {
				return false
			}
		}
		return behind() == 0
	}
	late := fmt.Errorf("%w in %q: not every slow client had caught up or come back within %v", errStalled, r.stage, r.cfg.Drain)
	return r.moving(r.cfg.Drain, late, over)
}

// closedSessions asks the server how many sessions have ended by which reason; nil:
// it does not tell.
func (r *runner) closedSessions() (map[string]int64, error) {
	if r.cfg.MetricsURL == "" {
		return nil, nil
	}
	return proc.ClosedSessions(r.cfg.MetricsURL)
}

// serverCuts asks the server by which reasons sessions have ended since before. It
// asks again while that is fewer than the clients saw.
func (r *runner) serverCuts(before map[string]int64) (map[string]int64, error) {
	for from := clock.Now(); ; {
		now, err := r.closedSessions()
		if err != nil {
			return nil, err
		}
		cuts, n := grown(before, now), int64(0)
		for _, x := range cuts {
			n += x
		}
		if n >= r.cut() || clock.Now()-from > int64(statsLate) {
			return cuts, nil
		}
		if err := r.pause(20 * time.Millisecond); err != nil {
			return nil, err
		}
	}
}

// grown is what of now was not there before.
func grown(before, now map[string]int64) map[string]int64 {
	out := map[string]int64{}
	for k, n := range now {
		if d := n - before[k]; d != 0 {
			out[k] = d
		}
	}
	return out
}
