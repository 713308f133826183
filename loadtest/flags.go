package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/run"
)

// group is a set of flags with a title, in the order of the help.
type group struct {
	title string
	*pflag.FlagSet
}

// only is the annotation of a flag that belongs to some scenarios alone.
const only = "scenarios"

// in says that a flag is for these scenarios alone: elsewhere it is refused, for
// it would do nothing.
func (g group) in(flag string, scenarios ...string) {
	if err := g.SetAnnotation(flag, only, scenarios); err != nil {
		panic(err) // no such flag
	}
}

// suits says whether a flag does something in a scenario.
func suits(f *pflag.Flag, scenario string) bool {
	list, some := f.Annotations[only]
	return !some || slices.Contains(list, scenario)
}

// parse reads the command line. For --help it prints and returns pflag.ErrHelp.
func parse(args []string, stdout io.Writer) (c run.Config, out files, err error) {
	var t text
	groups := []group{loadFlags(&c), targetFlags(&c, &t), generatorFlags(&c, &t), timeFlags(&c), outputFlags(&out)}
	f := pflag.NewFlagSet("loadtest", pflag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	for _, g := range groups {
		f.AddFlagSet(g.FlagSet)
	}
	help := f.BoolP("help", "h", false, "show this help; after a scenario, that scenario's")
	err = f.Parse(args)
	words := f.Args()
	if len(words) > 0 && words[0] == "help" {
		*help, words = true, words[1:]
	}
	if len(words) > 0 {
		c.Scenario = words[0]
	}
	switch {
	case err != nil:
		return c, out, err
	case *help && c.Scenario == "":
		writeHelp(stdout, groups)
		return c, out, pflag.ErrHelp
	case *help && scenarioOf(c.Scenario) != nil:
		writeScenarioHelp(stdout, scenarioOf(c.Scenario), groups)
		return c, out, pflag.ErrHelp
	case len(words) == 0:
		return c, out, errors.New("no scenario given")
	case len(words) > 1:
		return c, out, fmt.Errorf("unexpected argument %q", words[1])
	}
	c.Command = "loadtest " + strings.Join(quoted(args), " ")
	if c.Scenario == "slow" && !f.Changed("size") {
		c.Size = 4096
	}
	if c.Scenario == "grow" && !f.Changed("settle") {
		c.Settle = 4 * time.Second
	}
	if scenarioOf(c.Scenario) != nil { // else Check says what there is
		f.Visit(func(x *pflag.Flag) {
			if !suits(x, c.Scenario) {
				err = fmt.Errorf("--%s is for %s, it does nothing in %s", x.Name, strings.Join(x.Annotations[only], ", "), c.Scenario)
			}
		})
	}
	if err != nil {
		return c, out, err
	}
	return c, out, t.into(&c)
}

// text holds flags that need parsing after the flags were.
type text struct {
	transport, cpu, serverCPU string
}

func (t *text) into(c *run.Config) (err error) {
	switch t.transport {
	case "websocket":
	case "polling":
		c.Polling = true
	default:
		return fmt.Errorf("--transport is websocket or polling, not %q", t.transport)
	}
	if c.CPUs, err = proc.ParseCPUs(t.cpu); err != nil {
		return fmt.Errorf("--cpu: %w", err)
	}
	if c.ServerCPUs, err = proc.ParseCPUs(t.serverCPU); err != nil {
		return fmt.Errorf("--server-cpu: %w", err)
	}
	if len(c.ServerCPUs) > 0 && c.Server == "" {
		return errors.New("--server-cpu needs --server")
	}
	if !strings.HasPrefix(c.Path, "/") || strings.ContainsAny(c.Path, " ?#\r\n") {
		return fmt.Errorf("--path %q is not a path", c.Path)
	}
	return nil
}

func newGroup(title string) group {
	f := pflag.NewFlagSet(title, pflag.ContinueOnError)
	f.SortFlags = false
	return group{title, f}
}

func loadFlags(c *run.Config) group {
	f := newGroup("load")
	f.IntVarP(&c.Clients, "clients", "n", 0, "how many (default: see scenarios)")
	f.IntVarP(&c.InFlight, "in-flight", "k", 1, "messages under way at once: of each client (echo), of the sender (fanout, grow), in each room (rooms)")
	f.in("in-flight", "echo", "fanout", "rooms", "grow")
	f.Float64VarP(&c.Rate, "rate", "r", 0, "messages sent a second in all, by the clock instead of --in-flight; latency then counts from when one was due (slow: default 100)")
	f.in("rate", "echo", "fanout", "rooms", "slow", "grow")
	f.IntVarP(&c.Size, "size", "s", 64, "`bytes` of a payload, at least 24 (slow: default 4096)")
	f.in("size", "echo", "fanout", "rooms", "churn", "slow", "grow", "loops")
	f.BoolVar(&c.Ack, "ack", false, "the message comes back as acknowledgement instead of as event")
	f.in("ack", "echo", "churn")
	f.IntVar(&c.RoomSize, "room-size", 10, "members of each room; divides --clients")
	f.in("room-size", "rooms")
	f.IntVar(&c.Rounds, "rounds", 20, "rounds; memory is read after each")
	f.in("rounds", "churn")
	f.IntVar(&c.Visits, "visits", 3000, "visits in each round")
	f.in("visits", "churn")
	f.Float64Var(&c.SlowShare, "slow-share", 1, "`percent` of the clients that stop reading; 0: nobody, to see what the windows differ by alone")
	f.in("slow-share", "slow")
	f.IntVar(&c.Turns, "turns", 5, "how often all read for a while, then some do not; their ratios tell more than one of them on a machine that others use too")
	f.in("turns", "slow")
	f.IntSliceVar(&c.Counts, "counts", []int{100, 1000, 5000, 10000, 15000}, "a run for each of these numbers of clients, those above --clients left out")
	f.in("counts", "grow")
	f.IntSliceVar(&c.LoopCounts, "loops", []int{1, 2, 2, 1}, "a run for each of these numbers of loops, which replace {loops} in --server")
	f.in("loops", "loops")
	f.IntVar(&c.Broadcasts, "broadcasts", 20, "broadcasts of each run; one more before them warms up")
	f.in("broadcasts", "loops")
	f.Float64Var(&c.ConnectRate, "connect-rate", 0, "clients that come a second (default: as fast as --concurrency lets them)")
	f.IntVar(&c.Concurrency, "concurrency", 100, "handshakes under way at once")
	f.StringVar(&c.Path, "path", "/socket.io/", "`path` of Engine.IO")
	return f
}

func targetFlags(c *run.Config, t *text) group {
	f := newGroup("server")
	f.StringVarP(&c.Target, "target", "t", "127.0.0.1:3000", "`host:port` of the server (IPv4)")
	f.StringVar(&c.Server, "server", "", "start it with this `command`, and stop it at the end; it prints READY <port>, or listens at --target")
	f.StringVar(&c.Beside, "beside", "", "the `command` of a second server, such as bench/floor: each run is done with it too, and the table gives the ratios")
	f.in("beside", "grow", "loops")
	f.StringVar(&t.serverCPU, "server-cpu", "", "pin the started server to these CPUs, a `list` such as 0,2-5")
	f.IntVar(&c.PID, "pid", 0, "its process, to read CPU and memory of; 0: whoever listens on the port of this machine, -1: do not look")
	f.StringVar(&c.MetricsURL, "runtime-metrics", "", "`URL` of JSON with a member mallocs (objects allocated since the start): gives objects per message; for slow, with sessions_closed (number by reason); for loops, with the figures of each loop")
	f.in("runtime-metrics", "echo", "fanout", "rooms", "slow", "loops")
	f.BoolVar(&c.AllowRemote, "allow-remote", false, "allow a server that is not on this machine: only one that is yours; no figures of its CPU and memory then")
	return f
}

func generatorFlags(c *run.Config, t *text) group {
	f := newGroup("generator")
	f.StringVar(&t.transport, "transport", "websocket", "websocket, or polling: HTTP with keep-alive, a GET always waiting")
	f.StringVar(&t.cpu, "cpu", "", "pin the client processes to these CPUs, a `list`, one each in turn")
	f.IntVar(&c.Processes, "processes", 0, "client processes of one thread each (default: as few as descriptors allow)")
	f.StringSliceVar(&c.Sources, "source", nil, "`addresses` to connect from, in turn (default: as many of 127.0.0.x as the ports need)")
	f.BoolVar(&c.Netns, "netns", false, "give the clients a network namespace of their own, where that may be done (root and iproute2); the server must listen on all addresses")
	f.BoolVar(&c.Spin, "spin", false, "never sleep: spares the server waking the generator; wants a CPU for each process")
	return f
}

func timeFlags(c *run.Config) group {
	f := newGroup("time")
	f.DurationVarP(&c.Duration, "duration", "d", 10*time.Second, "measured time (idle: how long to hold; slow: of all windows in which all read together, and of all others together)")
	f.DurationVar(&c.Warmup, "warmup", 2*time.Second, "time before that, not measured")
	f.DurationVar(&c.Settle, "settle", time.Second, "rest before memory is read (grow: default 4s)")
	f.in("settle", "idle", "churn", "grow")
	f.DurationVar(&c.After, "after", 30*time.Second, "how long to watch the memory come back when all have left; 0: do not")
	f.in("after", "idle")
	f.DurationVar(&c.Drain, "drain", 10*time.Second, "how long to wait for what is under way at the end; what has not come then is lost (slow: at the end of each turn too)")
	f.DurationVar(&c.Leave, "leave", 10*time.Second, "how long clients wait for the server to let them go, after saying goodbye")
	f.DurationVar(&c.Stall, "stall", 5*time.Second, "end the run when nothing comes for so long")
	f.DurationVar(&c.ConnectTimeout, "connect-timeout", time.Minute, "for all clients to connect (churn: for a round)")
	f.DurationVar(&c.ServerTimeout, "server-timeout", 30*time.Second, "for a started server to say READY")
	f.DurationVar(&c.MaxTime, "max-time", 15*time.Minute, "for the whole run")
	return f
}

func outputFlags(out *files) group {
	f := newGroup("output")
	f.StringVar(&out.json, "json", "", "write the result to this `file`")
	f.StringVar(&out.html, "html", "", "write a report with plots to this `file`: one page that needs nothing else")
	return f
}

// quoted makes arguments fit to be pasted into a shell.
func quoted(args []string) (out []string) {
	for _, a := range args {
		if a == "" || strings.ContainsAny(a, " \t\n\"'$&|;<>()*?`\\") {
			a = "'" + strings.ReplaceAll(a, "'", `'\''`) + "'"
		}
		out = append(out, a)
	}
	return out
}
