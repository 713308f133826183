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

// snapshot is everything that counts up, read at one moment.
type snapshot struct {
	at             int64
	sent, received int64
	server, own    time.Duration
	each           []time.Duration // of own, by process
	busy           time.Duration   // of the whole machine
	mallocs        float64
}

// add adds what was spent from a to b.
func (s *snapshot) add(a, b snapshot) {
	s.at += b.at - a.at
	s.sent += b.sent - a.sent
	s.received += b.received - a.received
	s.server += b.server - a.server
	s.own += b.own - a.own
	for i := range s.each {
		s.each[i] += b.each[i] - a.each[i]
	}
	s.busy += b.busy - a.busy
	s.mallocs += b.mallocs - a.mallocs
}

func (r *runner) sent() int64 {
	return r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Sent })
}

func (r *runner) received() int64 {
	return r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Received })
}

func (r *runner) open() int64 {
	return r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Open })
}

func (r *runner) cut() int64 {
	return r.area.Sum(func(p *shm.Process) *atomic.Int64 { return &p.Cut })
}

func (r *runner) snap() snapshot {
	s := snapshot{at: clock.Now(), sent: r.sent(), received: r.received(), each: r.generatorCPU()}
	for _, d := range s.each {
		s.own += d
	}
	s.busy = proc.MachineCPU()
	if r.pid > 0 {
		s.server, _ = proc.CPU(r.pid)
	}
	return s
}

// snapMetrics is snap with the server's count of allocations.
func (r *runner) snapMetrics() (snapshot, error) {
	var n float64
	if r.cfg.MetricsURL != "" {
		var err error
		if n, err = proc.Mallocs(r.cfg.MetricsURL); err != nil {
			return snapshot{}, err
		}
	}
	s := r.snap()
	s.mallocs = n
	return s, nil
}

const (
	sampleEvery = 250 * time.Millisecond
	plainEvery  = 2 * time.Second
)

// sample adds a reading to the series and shows progress, at its times.
func (r *runner) sample() {
	now := clock.Now()
	if now-r.last.at < int64(sampleEvery) {
		return
	}
	s := r.snap()
	x := report.Sample{At: float64(now-r.epoch) / 1e9, Clients: r.open()}
	if r.pid > 0 {
		x.ServerRSS, _ = proc.RSS(r.pid)
		r.peak = max(r.peak, x.ServerRSS)
	}
	if r.last.at != 0 {
		d := float64(s.at-r.last.at) / 1e9
		x.Sent = float64(s.sent-r.last.sent) / d
		x.Received = float64(s.received-r.last.received) / d
		x.ServerCPU = max((s.server-r.last.server).Seconds()/d, 0)
		x.GeneratorCPU = max((s.own-r.last.own).Seconds()/d, 0)
	}
	r.last = s
	r.samples = append(r.samples, x)
	if r.cfg.Progress == nil || !r.cfg.Live && now-r.shown < int64(plainEvery) {
		return
	}
	r.shown = now
	line := fmt.Sprintf("%5.1fs %-8s %6d clients  %9.0f msg/s in  %8.0f out  own CPU %3.0f%%", x.At, r.stage, x.Clients, x.Received, x.Sent, 100*x.GeneratorCPU)
	if r.pid > 0 {
		line += fmt.Sprintf("  server CPU %3.0f%%  %.1f MiB", 100*x.ServerCPU, float64(x.ServerRSS)/(1<<20))
	}
	if r.area.Failed() {
		line += "  FAULTS"
	}
	r.cfg.Progress(line, r.cfg.Live)
}
