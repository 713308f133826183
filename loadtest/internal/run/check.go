package run

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// Usage is an error in what the user asked for.
type Usage struct{ error }

func usage(format string, args ...any) error { return Usage{fmt.Errorf(format, args...)} }

// perProcess leaves room below the descriptor limit.
func perProcess(polling bool) int {
	var lim syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim) != nil {
		lim.Cur = 1024
	}
	n := int(min(lim.Cur, 1<<20)) - 100
	if polling {
		n /= 2
	}
	return max(n, 1)
}

// perSource is how many connections one source address is used for; the kernel
// has about 28,000 ports, of which some rest in TIME_WAIT.
const perSource = 15000

// Check fills in defaults and refuses what cannot be run, with a Usage error.
func (c *Config) Check() error {
	if scenarios[c.Scenario] == 0 {
		return usage("unknown scenario %q (connect, idle, echo, fanout, rooms, churn, slow, grow, loops)", c.Scenario)
	}
	if c.Clients == 0 {
		c.Clients = scenarios[c.Scenario]
		if c.Scenario == "grow" && len(c.Counts) > 0 {
			c.Clients = slices.Max(c.Counts)
		}
	}
	if err := c.checkSeries(); err != nil {
		return err
	}
	if c.Scenario == "slow" && c.Rate == 0 {
		c.Rate = 100
	}
	switch {
	case c.Clients < 1 || c.Clients > wire.MaxID:
		return usage("--clients must be between 1 and %d", wire.MaxID)
	case c.Size < wire.MinStamp || c.Size > 64<<20:
		return usage("--size must be between %d (number, time and checksum) and 67108864", wire.MinStamp)
	case c.InFlight < 1 || c.InFlight >= shm.Ring:
		return usage("--in-flight must be between 1 and %d", shm.Ring-1)
	case c.Rate < 0 || c.ConnectRate < 0:
		return usage("a rate must not be negative")
	case c.Scenario == "rooms" && (c.RoomSize < 2 || c.RoomSize > 4096 || c.Clients%c.RoomSize != 0):
		return usage("--room-size must be between 2 and 4096 and divide --clients")
	case c.Scenario == "slow" && (c.Polling || c.SlowShare < 0 || c.SlowShare > 50 || c.Clients < 2):
		return usage("slow needs websocket, two clients, and a --slow-share between 0 and 50")
	case c.Scenario == "slow" && (c.Turns < 1 || c.Turns > shm.MaxTurns || c.window().Seconds()*c.Rate < 1):
		return usage("--turns must be between 1 and %d, and --duration leave a message at --rate for each", shm.MaxTurns)
	case c.Scenario == "churn" && (c.Rounds < 1 || c.Visits < 1):
		return usage("--rounds and --visits must be at least 1")
	case c.Duration <= 0 || c.Warmup < 0 || c.Settle < 0 || c.Drain <= 0 || c.ConnectTimeout <= 0 || c.MaxTime <= 0 || c.Stall <= 0 || c.Leave <= 0 || c.After < 0:
		return usage("times must be positive")
	case c.Processes < 0 || c.Processes > shm.MaxProcesses || c.Concurrency < 1:
		return usage("--processes must be between 0 and %d, --concurrency at least 1", shm.MaxProcesses)
	case c.Beside != "" && c.Server == "":
		return usage("--beside needs --server: the two are started in turn")
	case c.Server != "" && c.PID > 0:
		return usage("--server and --pid exclude each other")
	}
	for _, s := range c.Sources {
		if a, err := netip.ParseAddr(s); err != nil || !a.Is4() {
			return usage("--source %q is not an IPv4 address", s)
		}
	}
	if c.Netns && (len(c.Sources) > 0 || c.AllowRemote) {
		return usage("--netns brings its own addresses, to a server on this machine: no --source, no --allow-remote")
	}
	return c.spread()
}

// checkSeries refuses what makes no series.
func (c *Config) checkSeries() error {
	switch c.Scenario {
	case "grow":
		c.Counts = slices.DeleteFunc(slices.Clone(c.Counts), func(n int) bool { return n > c.Clients })
		if len(c.Counts) == 0 || slices.Min(c.Counts) < 1 {
			return usage("--counts must name numbers of clients, each at least 1 and one not above --clients")
		}
		c.Clients = slices.Max(c.Counts)
	case "loops":
		switch {
		case c.Polling || c.Clients < 2 || c.Broadcasts < 1:
			return usage("loops needs websocket, two clients, and at least one of --broadcasts")
		case c.MetricsURL == "":
			return usage("loops needs --runtime-metrics: the server's own figures of its fan-outs (sio-fast --admin has them at /stats)")
		case c.Server != "" && !strings.Contains(c.Server, LoopsMark), c.Beside != "" && !strings.Contains(c.Beside, LoopsMark):
			return usage("loops needs the word %s in --server and --beside, where the number of loops is to be", LoopsMark)
		case c.Server != "" && (len(c.LoopCounts) == 0 || slices.Min(c.LoopCounts) < 1):
			return usage("--loops must name numbers of loops, each at least 1")
		}
	}
	return nil
}

// spread decides how many processes the clients need.
func (c *Config) spread() error {
	unit := 1
	if c.Scenario == "rooms" {
		unit = c.RoomSize
	}
	most := perProcess(c.Polling) / unit * unit
	if most == 0 {
		return usage("a room of %d does not fit the descriptor limit", c.RoomSize)
	}
	need := (c.Clients + most - 1) / most
	least := 1
	if c.Scenario == "loops" { // the sender is alone in its process
		least, need = receivers+1, (c.Clients+most-2)/most+1
	}
	if c.Processes == 0 {
		c.Processes = max(need, least)
	}
	c.Processes = min(c.Processes, c.Clients/unit)
	if c.Processes < need || c.Processes > shm.MaxProcesses {
		return usage("%d clients need %d processes at this descriptor limit", c.Clients, need)
	}
	return nil
}

// receivers is how many processes of receivers loops has if nobody says: each has
// an epoll with a lock of its own, for which the senders of the kernel queue.
const receivers = 4

// parts is how many clients each process has.
func (c *Config) parts() []int {
	switch c.Scenario {
	case "rooms":
		return shares(c.Clients, c.Processes, c.RoomSize)
	case "loops":
		return append([]int{1}, shares(c.Clients-1, c.Processes-1, 1)...)
	}
	return shares(c.Clients, c.Processes, 1)
}

// shares splits n clients, in whole units, between the processes.
func shares(n, processes, unit int) (out []int) {
	units := n / unit
	for i := range processes {
		out = append(out, (units*(i+1)/processes-units*i/processes)*unit)
	}
	return out
}

// resolve finds the server's IPv4 address and refuses one that is not loopback
// unless that is allowed.
func (c *Config) resolve() (ip netip.Addr, port int, err error) {
	host, p, err := net.SplitHostPort(c.Target)
	if err != nil {
		return ip, 0, usage("--target %q is not host:port", c.Target)
	}
	if port, err = strconv.Atoi(p); err != nil || port < 0 || port > 65535 {
		return ip, 0, usage("--target %q has no port between 0 and 65535", c.Target)
	}
	list, err := net.LookupIP(host)
	if err != nil {
		return ip, 0, fmt.Errorf("cannot resolve %s: %w", host, err)
	}
	for _, x := range list {
		if v4 := x.To4(); v4 != nil {
			ip = netip.AddrFrom4([4]byte(v4))
			break
		}
	}
	switch {
	case !ip.IsValid():
		return ip, 0, usage("%s has no IPv4 address", host)
	case !ip.IsLoopback() && !c.AllowRemote:
		return ip, 0, usage("%s is not a loopback address: load on a server that is not yours does harm; say --allow-remote if it is yours", host)
	}
	return ip, port, nil
}

// sources are the addresses to connect from: enough for their ports to suffice.
func (c *Config) sources(ip netip.Addr) []string {
	if len(c.Sources) > 0 || !ip.IsLoopback() {
		return c.Sources
	}
	var out []string
	for i := range c.addresses() {
		out = append(out, fmt.Sprintf("127.0.0.%d", i+1))
	}
	return out
}

// addresses is how many source addresses the connections of the run need.
func (c *Config) addresses() int {
	conns := c.Clients
	if c.Scenario == "churn" {
		conns = c.Rounds * c.Visits
	}
	if c.Polling {
		conns *= 2
	}
	return min(conns/perSource+1, 250)
}

// ErrInterrupted is the error of a run that was told to stop.
var ErrInterrupted = errors.New("interrupted")
