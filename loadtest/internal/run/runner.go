package run

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
	"github.com/sio-fast/sio-fast/loadtest/internal/netns"
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
	pid    int        // of the server, 0: not to be watched
	local  bool       // the server is on this machine
	net    *netns.Net // where the clients are, nil: beside the server
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

// errStalled ends a run that does not go on; what is missing then is counted.
var errStalled = errors.New("stalled")

// Run performs a checked load test. The error is for what kept it from being
// performed; a server that lost or altered something is a Result that is not OK.
// The calling goroutine must be locked to its thread.
func Run(ctx context.Context, cfg Config) (*report.Result, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, cfg.MaxTime, fmt.Errorf("not done within --max-time %v", cfg.MaxTime))
	defer cancel()
	if cfg.serial() {
		return series(ctx, cfg)
	}
	return one(ctx, cfg)
}

// one performs one run, with the server started for it if one is to be.
func one(ctx context.Context, cfg Config) (*report.Result, error) {
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
	local := ip.IsLoopback() || own(ip)
	if cfg.Netns {
		if ip, err = r.apart(ip, port); err != nil {
			return nil, err
		}
		if r.net != nil {
			defer r.net.Close()
		}
	}
	r.res.Target = r.target
	if err := probe(r.target); err != nil {
		if r.net != nil {
			err = fmt.Errorf("%w: with --netns it must listen on all addresses (0.0.0.0), not on loopback alone", err)
		}
		return nil, err
	}
	r.findServer(local, port)
	defer r.kill()
	if err := r.begin(ip, port); err != nil {
		return nil, err
	}
	return r.perform()
}

// begin starts the processes of clients where they are to be.
func (r *runner) begin(ip netip.Addr, port int) error {
	start := func() error { return r.spawn(ip, port) }
	if inside := start; r.net != nil {
		start = func() error { return r.net.Do(inside) }
	}
	return proc.Pinned(r.cfg.CPUs, start)
}

// apart makes the namespace for the clients and returns the server's address in
// it; where none can be made it says so, and all stay together.
func (r *runner) apart(ip netip.Addr, port int) (netip.Addr, error) {
	if !ip.IsLoopback() {
		return ip, usage("--netns is for a server on this machine: --target must be a loopback address")
	}
	n, err := netns.New(r.cfg.addresses())
	if err != nil {
		r.warn("no network namespace for the clients, they share the server's: %v", err)
		return ip, nil
	}
	r.net, r.target = n, fmt.Sprintf("%s:%d", n.Server, port)
	r.cfg.Sources = n.From
	r.res.Setup += ", in a network namespace of their own"
	return n.Server, nil
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

// own says whether an address is one of this machine's.
func own(ip netip.Addr) bool {
	list, _ := net.InterfaceAddrs()
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr() == ip {
			return true
		}
	}
	return false
}

// findServer decides which process to watch and warns of an unfair set-up.
func (r *runner) findServer(local bool, port int) {
	r.local = local
	switch {
	case !local: // and --pid, if there is one, is of a process here that has no part in it
		r.warn("the server is on another machine: no figures of its CPU and memory")
		return
	case r.cfg.PID != 0:
		r.pid = max(r.cfg.PID, 0)
	default:
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
	if r.cfg.Scenario == "loops" {
		return // all CPUs are the server's, the clients are stopped
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
	case "grow":
		s = fmt.Sprintf("%s clients over %s, one sends %d bytes to all, %s", numbers(c.Counts), transport, c.Size, pace)
		if c.Server != "" {
			s += ", a new server each"
		}
	case "loops":
		s += fmt.Sprintf(", one sends %d bytes to all while the others are stopped", c.Size)
	case "slow":
		s += fmt.Sprintf(", %g %% of them stop reading in %d turns, one sends %d bytes to all, %s", c.SlowShare, c.Turns, c.Size, pace)
	}
	if c.Beside != "" {
		s += ", in turn with the server beside"
	}
	if c.Processes > 1 && c.Scenario != "grow" {
		s += fmt.Sprintf(", %d processes", c.Processes)
	}
	return s
}

func numbers(list []int) string {
	out := make([]string, len(list))
	for i, n := range list {
		out[i] = strconv.Itoa(n)
	}
	return strings.Join(out, ", ")
}
