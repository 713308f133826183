package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
)

// runner is one run under way. One goroutine, locked to its thread, owns it.
type runner struct {
	cfg    Config
	ctx    context.Context
	run    uint32
	epoch  int64
	target string
	pid    int // of the server, 0: not to be watched
	server *proc.Server

	area      *shm.Area
	processes []*process
	stage     string
	samples   []report.Sample
	last      snapshot
	shown     int64
	peak      int64
	fig       report.Figures
	res       report.Result
}

// errFaults ends a run early; the counters say what is wrong.
var errFaults = errors.New("faults")

// Run performs a checked load test. The error is for what kept it from being
// performed; a server that lost or altered something is a Result that is not OK.
// The calling goroutine must be locked to its thread.
func Run(ctx context.Context, cfg Config) (*report.Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.MaxTime, fmt.Errorf("not done within --max-time %v", cfg.MaxTime))
	defer cancel()
	r := &runner{cfg: cfg, ctx: ctx, run: rand.Uint32(), epoch: clock.Now(), target: cfg.Target, stage: "start"}
	r.res = report.Result{Scenario: cfg.Scenario, Command: cfg.Command, Started: time.Now().UTC().Truncate(time.Second),
		Machine: proc.Machine(), Setup: cfg.setup(), Faults: map[string]int64{}}
	ip, port, err := cfg.resolve()
	if err != nil {
		return nil, err
	}
	if cfg.Server != "" {
		if r.server, err = proc.Start(cfg.Server, cfg.Target, cfg.ServerCPUs, cfg.ServerTimeout); err != nil {
			return nil, err
		}
		defer r.server.Stop()
		if r.server.Port != 0 {
			port = r.server.Port
		}
		r.target = fmt.Sprintf("%s:%d", ip, port)
	}
	r.res.Target = r.target
	if err := probe(r.target); err != nil {
		return nil, err
	}
	r.findServer(ip.IsLoopback(), port)
	if len(cfg.CPUs) > 0 { // ourselves too: we only watch
		if err := proc.Pinned(cfg.CPUs, func() error { return r.spawn(ip, port) }); err != nil {
			r.kill()
			return nil, err
		}
	} else if err := r.spawn(ip, port); err != nil {
		r.kill()
		return nil, err
	}
	defer r.kill()
	return r.perform()
}

func probe(target string) error {
	c, err := net.DialTimeout("tcp4", target, 3*time.Second)
	if err != nil {
		var op *net.OpError
		if errors.As(err, &op) {
			err = op.Err
		}
		return fmt.Errorf("no server at %s: %w", target, err)
	}
	return c.Close()
}

// findServer decides which process to watch and warns of an unfair set-up.
func (r *runner) findServer(local bool, port int) {
	switch {
	case r.cfg.PID != 0:
		r.pid = max(r.cfg.PID, 0)
	case local:
		r.pid = proc.Listener(port)
		if r.pid == 0 && r.server != nil {
			r.pid = r.server.PID()
		}
	}
	if r.pid == 0 {
		if r.cfg.PID == 0 {
			r.warn("the server's process is not known: no figures of its CPU and memory")
		}
		return
	}
	if _, err := proc.CPU(r.pid); err != nil {
		r.warn("the server's process %d cannot be read: no figures of its CPU and memory", r.pid)
		r.pid = 0
		return
	}
	theirs, err := proc.Affinity(r.pid)
	if err != nil || len(r.cfg.CPUs) == 0 {
		r.warn("server and generator may share CPUs: pin them apart with --cpu and --server-cpu (or taskset)")
		return
	}
	for _, c := range r.cfg.CPUs {
		if theirs.IsSet(c) {
			r.warn("server and generator share CPU %d", c)
			return
		}
	}
}

func (r *runner) warn(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	if r.stage != "start" {
		line = r.stage + ": " + line
	}
	r.res.Warnings = append(r.res.Warnings, line)
}

// setup describes the run in one line.
func (c *Config) setup() string {
	transport := "websocket"
	if c.Polling {
		transport = "polling"
	}
	pace := fmt.Sprintf("%d in flight", c.InFlight)
	if c.Rate > 0 {
		pace = fmt.Sprintf("%g a second", c.Rate)
	}
	s := fmt.Sprintf("%d clients over %s", c.Clients, transport)
	switch c.Scenario {
	case "echo":
		s += fmt.Sprintf(", %d bytes, %s", c.Size, pace)
		if c.Rate == 0 {
			s += " each"
		}
		if c.Ack {
			s += ", by ack"
		}
	case "fanout":
		s += fmt.Sprintf(", one sends %d bytes to all, %s", c.Size, pace)
	case "rooms":
		s += fmt.Sprintf(" in rooms of %d, %d bytes, %s", c.RoomSize, c.Size, pace)
		if c.Rate == 0 {
			s += " in each"
		}
	case "churn":
		s = fmt.Sprintf("%d rounds of %d visits, up to %d clients at once over %s", c.Rounds, c.Visits, c.Clients, transport)
	case "slow":
		s += fmt.Sprintf(", %g %% of them stop reading, one sends %d bytes to all, %s", c.SlowShare, c.Size, pace)
	}
	if c.Processes > 1 {
		s += fmt.Sprintf(", %d processes", c.Processes)
	}
	return s
}
