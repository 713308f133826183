package run

import (
	"fmt"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// churn takes the clients through rounds of visits.
func (r *runner) churn() error {
	r.area.Phase.Store(shm.Run)
	before := r.snap()
	for n := 1; n <= r.cfg.Rounds; n++ {
		r.stage = fmt.Sprintf("round %d", n)
		from := clock.Now()
		if n == 1 {
			r.area.Begin(from)
		}
		r.area.Round.Store(uint32(n))
		over := func() bool {
			for i := range r.processes {
				if r.area.P[i].Round.Load() != int64(n) {
					return false
				}
			}
			return true
		}
		late := fmt.Errorf("%w: round %d was not over within %v", errStalled, n, r.cfg.ConnectTimeout)
		if err := r.moving(r.cfg.ConnectTimeout, late, over); err != nil {
			return err
		}
		x := report.Round{Visits: r.cfg.Visits, Seconds: float64(clock.Now()-from) / 1e9}
		if err := r.pause(r.cfg.Settle); err != nil {
			return err
		}
		if r.pid > 0 {
			x.RSS, _ = proc.ExactRSS(r.pid)
		}
		r.fig.Rounds = append(r.fig.Rounds, x)
	}
	after := r.snap()
	visits := float64(r.cfg.Rounds * r.cfg.Visits)
	var busy float64
	for _, x := range r.fig.Rounds {
		busy += x.Seconds
	}
	r.fig.ConnectRate = visits / busy
	r.fig.GeneratorCores = (after.own - before.own).Seconds() / busy
	if r.fig.GeneratorCores > saturated*float64(r.cfg.Processes) {
		r.fig.Saturated = true
		r.warn("the generator was busy %.0f %% of the rounds' time: it, not the server, may be what is measured", 100*r.fig.GeneratorCores/float64(r.cfg.Processes))
	}
	if r.pid > 0 {
		r.fig.ServerCPUPerConnect = (after.server - before.server).Seconds() * 1e6 / visits
	}
	return nil
}
