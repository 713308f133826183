package run

import (
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// firstWait is how long the first broadcast is left alone before the server is
// asked whether it is over.
const firstWait = 500 * time.Millisecond

// loops has the server do one broadcast at a time while every process of clients
// but the sender's is stopped: what the server sends waits in the kernel, and all
// CPUs are the server's. The time comes from the server's own clock, its loops'
// fan-out latencies. Then the clients go on, and all must have it before the next.
func (r *runner) loops() error {
	r.stage = "fan-out"
	r.area.Phase.Store(shm.Run)
	x := report.Loops{Loops: r.cfg.Loops}
	wait := firstWait
	for n := range r.cfg.Broadcasts + 1 {
		took, cpu, loops, err := r.alone(n+1, wait)
		if err != nil {
			return err
		}
		if n == 0 {
			wait = 2*took + 50*time.Millisecond
			x.Sharing = loops
			continue // the first one warms up
		}
		x.Fanouts = append(x.Fanouts, float64(took)/1e3)
		x.ServerCPUPerDelivery += cpu.Seconds() * 1e6 / float64(r.cfg.Clients) / float64(r.cfg.Broadcasts)
	}
	x.Clients = r.cfg.Clients
	if x.Loops == 0 { // nobody said how many
		x.Loops = x.Sharing
	}
	r.fig.Loops = []report.Loops{x}
	return nil
}

// alone has broadcast n done with the receivers stopped, and returns the time of
// the slowest loop, the server's CPU, and how many loops had a part in it.
func (r *runner) alone(n int, wait time.Duration) (slowest, cpu time.Duration, loops int, err error) {
	defer r.signal(syscall.SIGCONT)
	r.signal(syscall.SIGSTOP)
	if err := r.pause(10 * time.Millisecond); err != nil {
		return 0, 0, 0, err
	}
	before, err := proc.ReadFanouts(r.cfg.MetricsURL)
	if err != nil {
		return 0, 0, 0, err
	}
	start := r.serverCPU()
	r.area.FanAllow.Store(uint64(n))
	deadline := time.Now().Add(r.cfg.Stall + wait)
	for {
		// Asking costs the server CPU, so it is left alone meanwhile.
		if err := r.pause(wait); err != nil {
			return 0, 0, 0, err
		}
		cpu = r.serverCPU() - start
		after, err := proc.ReadFanouts(r.cfg.MetricsURL)
		if err != nil {
			return 0, 0, 0, err
		}
		if slowest, loops, err = fanned(before, after); err != nil {
			return 0, 0, 0, err
		}
		if loops > 0 {
			break
		}
		if time.Now().After(deadline) {
			return 0, 0, 0, fmt.Errorf("broadcast %d was not done within %v: the server's figures do not count it", n, r.cfg.Stall+wait)
		}
		wait = 50 * time.Millisecond
	}
	r.signal(syscall.SIGCONT)
	err = r.wait(r.cfg.Stall, fmt.Errorf("%w: broadcast %d had not come everywhere within %v", errStalled, n, r.cfg.Stall), func() bool { return r.area.FanDone.Load() >= uint64(n) })
	return slowest, cpu, loops, err
}

// fanned finds the slowest loop of one broadcast. loops is 0 while not all that
// have clients are done.
func fanned(before, after []proc.Fanouts) (slowest time.Duration, loops int, err error) {
	if len(before) != len(after) {
		return 0, 0, errors.New("the number of the server's loops changed")
	}
	for i, a := range after {
		switch done := a.Count - before[i].Count; {
		case done > 1:
			return 0, 0, errors.New("somebody else broadcasts")
		case done == 1:
			slowest = max(slowest, a.Sum-before[i].Sum)
			loops++
		case a.Sessions > 0:
			return 0, 0, nil
		}
	}
	return slowest, loops, nil
}

// signal stops the receivers or lets them go on. The sender is in a process of
// its own, the first.
func (r *runner) signal(s syscall.Signal) {
	for _, p := range r.processes[1:] {
		_ = p.cmd.Process.Signal(s) // that one has ended is told of elsewhere
	}
}

func (r *runner) serverCPU() (d time.Duration) {
	if r.pid > 0 {
		d, _ = proc.CPU(r.pid)
	}
	return d
}
