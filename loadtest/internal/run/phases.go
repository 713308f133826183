package run

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// perform takes the clients through all phases.
func (r *runner) perform() (*report.Result, error) {
	err := r.phases()
	if errors.Is(err, ErrInterrupted) {
		return nil, err
	}
	faults := r.faults()
	results, cerr := r.collect()
	if r.drained(err) {
		faults = r.faults() // else what was under way counts as lost in there, which is not the server's doing
	}
	err = errors.Join(r.verdict(err, faults), cerr)
	r.gather(results)
	r.res.OK = err == nil
	if err != nil {
		r.res.Failure = err.Error()
		r.res.Samples = nil
		return &r.res, nil
	}
	r.res.Figures, r.res.Samples = &r.fig, r.samples
	return &r.res, nil
}

// drained says whether a run that ended with err had time for what was under way:
// what has not come then is lost.
func (r *runner) drained(err error) bool {
	return err == nil || errors.Is(err, errFaults) || errors.Is(err, errStalled)
}

func (r *runner) phases() error {
	if err := r.before(); err != nil {
		return err
	}
	if err := r.connect(); err != nil {
		return err
	}
	var err error
	switch r.cfg.Scenario {
	case "connect":
	case "idle":
		err = r.idle()
	case "churn":
		err = r.churn()
	case "slow":
		err = r.slow()
	case "loops":
		err = r.loops()
	default:
		err = r.messages()
	}
	if !r.drained(err) {
		return err
	}
	if derr := r.drain(); derr != nil && err == nil {
		err = derr
	}
	if lerr := r.leave(); lerr != nil && err == nil {
		err = lerr
	}
	return err
}

// Grace is how long a run goes on after its first fault, to see more of them.
var Grace = time.Second

// wait samples until done says so, or d has passed; then over (nil: no error)
// says how that ended. Faults end the wait, when Grace has passed since they
// were seen.
func (r *runner) wait(d time.Duration, over error, done func() bool) error {
	deadline := clock.Now() + int64(d)
	var failed int64
	for !done() {
		if err := r.died(); err != nil {
			return err
		}
		now := clock.Now()
		if r.area.Failed() && failed == 0 {
			failed = now
		}
		if failed != 0 && now-failed > int64(Grace) {
			return errFaults
		}
		if now > deadline {
			return over
		}
		select {
		case <-r.ctx.Done():
			if cause := context.Cause(r.ctx); !errors.Is(cause, context.Canceled) {
				return cause
			}
			return ErrInterrupted
		case <-time.After(min(20*time.Millisecond, time.Duration(deadline-now)+time.Millisecond)):
		}
		r.sample()
	}
	return nil
}

func never() bool { return false }

// pause lets time pass.
func (r *runner) pause(d time.Duration) error { return r.wait(d, nil, never) }

func (r *runner) before() error {
	r.stage = "before"
	rest := 200 * time.Millisecond
	switch r.cfg.Scenario {
	case "idle":
		rest = time.Second
	case "grow":
		rest = r.cfg.Settle // the server tidies up, as it does with the clients there
	}
	if err := r.pause(rest); err != nil {
		return err
	}
	if r.pid > 0 {
		r.fig.RSSBefore, _ = proc.ExactRSS(r.pid)
	}
	return nil
}

func (r *runner) ready() int64 {
	return r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Ready })
}

// connect has all clients come, and measures it.
func (r *runner) connect() error {
	r.stage = "connect"
	slabs, buffers := proc.KernelMemory()
	before := r.snap()
	r.area.Phase.Store(shm.Connect)
	n := int64(r.cfg.Clients)
	if r.cfg.Scenario == "churn" {
		return nil
	}
	err := r.wait(r.cfg.ConnectTimeout, errors.New("late"), func() bool { return r.ready() == n })
	if err != nil {
		if !errors.Is(err, errFaults) && err.Error() == "late" {
			return fmt.Errorf("only %d of %d clients connected within %v", r.ready(), n, r.cfg.ConnectTimeout)
		}
		return err
	}
	after := r.snap()
	d := float64(after.at-before.at) / 1e9
	r.fig.ConnectRate = float64(n) / d
	if r.cfg.Scenario == "connect" {
		r.watch(before, after)
	}
	if r.pid > 0 {
		r.fig.ServerCPUPerConnect = (after.server - before.server).Seconds() * 1e6 / float64(n)
	}
	settle := 200 * time.Millisecond
	if r.cfg.Scenario == "idle" || r.cfg.Scenario == "grow" {
		settle = r.cfg.Settle
	}
	if err := r.pause(settle); err != nil {
		return err
	}
	if r.pid > 0 {
		r.fig.RSSConnected, _ = proc.ExactRSS(r.pid)
		r.fig.BytesPerClient = float64(r.fig.RSSConnected-r.fig.RSSBefore) / float64(n)
		s, b := proc.KernelMemory()
		r.fig.KernelSlabsPerClient = float64(max(s-slabs, 0)) / float64(n)
		r.fig.KernelBuffersPerClient = float64(max(b-buffers, 0)) / float64(n)
	}
	return nil
}

// idle holds the clients; what they cost is read again at the end.
func (r *runner) idle() error {
	r.stage = "hold"
	r.area.Phase.Store(shm.Run)
	if err := r.pause(r.cfg.Duration); err != nil {
		return err
	}
	if r.pid > 0 {
		r.fig.RSSConnected, _ = proc.ExactRSS(r.pid)
		r.fig.BytesPerClient = float64(r.fig.RSSConnected-r.fig.RSSBefore) / float64(r.cfg.Clients)
	}
	return nil
}

// messages warms up, measures, and stops.
func (r *runner) messages() error {
	r.stage = "warm up"
	r.area.Phase.Store(shm.Run)
	if err := r.flowing(r.cfg.Warmup); err != nil {
		return err
	}
	r.stage = "measure"
	a, b, err := r.measure(r.cfg.Duration)
	if err == nil {
		r.figures(a, b)
	}
	return err
}

// measure opens the next window for d and returns what was at its start and end.
func (r *runner) measure(d time.Duration) (a, b snapshot, err error) {
	if a, err = r.snapMetrics(); err != nil {
		return a, b, err
	}
	r.area.Begin(clock.Now())
	if err := r.flowing(d); err != nil {
		return a, b, err
	}
	r.area.End(clock.Now())
	b = r.snap()
	if r.cfg.MetricsURL != "" {
		b.mallocs, err = proc.Mallocs(r.cfg.MetricsURL)
	}
	return a, b, err
}

// flowing waits d while messages flow; if none comes for the time --stall says,
// something was lost that all wait for.
func (r *runner) flowing(d time.Duration) error { return r.moving(d, nil, never) }

// moving is wait, but ends as stalled when nothing comes for the time --stall says.
func (r *runner) moving(d time.Duration, over error, done func() bool) error {
	patience := r.cfg.Stall
	if r.cfg.Rate > 0 { // so few messages that two in a row take longer
		patience = max(patience, time.Duration(2e9/r.cfg.Rate))
	}
	var stalled error
	seen, at := r.moved(), clock.Now()
	err := r.wait(d, over, func() bool {
		if done() {
			return true
		}
		if now := r.moved(); now != seen {
			seen, at = now, clock.Now()
		}
		if clock.Now()-at > int64(patience) {
			stalled = fmt.Errorf("%w in %q: nothing came for %v, %d clients there", errStalled, r.stage, patience, r.open())
		}
		return stalled != nil
	})
	if err == nil {
		err = stalled
	}
	return err
}

// moved is what changes when something comes: messages, clients, ends of clients.
func (r *runner) moved() [3]int64 { return [3]int64{r.received(), r.ready(), r.open()} }

// drain stops the senders and waits for what is under way.
func (r *runner) drain() error {
	r.stage = "drain"
	r.area.Phase.Store(shm.Stop)
	empty := func() bool {
		for i := range r.processes {
			if r.area.P[i].Stopped.Load() == 0 || r.area.P[i].Outstanding.Load() != 0 {
				return false
			}
		}
		return true
	}
	deadline := r.cfg.Drain
	if r.area.Failed() {
		deadline = min(deadline, Grace)
	}
	missing := errors.New("missing")
	err := r.wait(deadline, missing, empty)
	if errors.Is(err, missing) {
		return nil // the processes say what
	}
	if err != nil && !errors.Is(err, errFaults) {
		return err
	}
	// What comes twice comes now; and counts may move once all have stopped.
	if err := r.pause(200 * time.Millisecond); err != nil {
		return err
	}
	return r.wait(deadline, nil, empty)
}

// leave has all clients go.
func (r *runner) leave() error {
	r.stage = "leave"
	r.area.Phase.Store(shm.Leave)
	gone := func() bool { return r.open() <= 0 }
	if err := r.wait(r.cfg.Leave, nil, gone); err != nil {
		return err
	}
	if n := r.open(); n > 0 {
		r.warn("%d clients were not let go within %v of saying goodbye", n, r.cfg.Leave)
	}
	if r.cfg.Scenario == "idle" && r.pid > 0 && r.cfg.After > 0 {
		return r.after()
	}
	return nil
}

// after watches the server's memory come back.
func (r *runner) after() error {
	r.stage = "after"
	from := clock.Now()
	r.fig.BackAfter = -1
	for clock.Now()-from < int64(r.cfg.After) {
		if err := r.pause(500 * time.Millisecond); err != nil {
			return err
		}
		r.fig.RSSAfter, _ = proc.ExactRSS(r.pid)
		if float64(r.fig.RSSAfter) <= 1.1*float64(r.fig.RSSBefore) {
			r.fig.BackAfter = float64(clock.Now()-from) / 1e9
			break
		}
	}
	return nil
}
