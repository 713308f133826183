// Command loadtest drives a Socket.IO server that offers the load contract
// (echo, join, room, all; see bench/README.md) with many clients, checks every
// message, and reports what the server needed for it.
//
// It speaks websocket and HTTP long-polling with Engine.IO 4 and Socket.IO 5
// from code of its own: nothing of the server's is imported, so a fault there
// cannot be hidden by the same fault here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/run"
	"github.com/sio-fast/sio-fast/loadtest/internal/worker"
)

func main() {
	if os.Getenv(worker.EnvWorker) != "" {
		os.Exit(worker.Main())
	}
	runtime.LockOSThread() // children are bound to the thread that starts them
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

const intro = `loadtest drives a Socket.IO server with many clients, checks every message and
reports latency, throughput, and the CPU and memory the server needed.

usage: loadtest SCENARIO [flags]

scenarios (default number of clients):
  connect  (1000)  clients come and go; how fast, at what cost
  idle     (5000)  clients do nothing; memory before, with them, and after
  echo     (100)   each client sends, and waits for its message to come back
  fanout   (1000)  one client sends to all
  rooms    (1000)  the members of each room speak in turn
  churn    (100)   rounds of visits: connect, echo one message, leave in every way
  slow     (300)   some clients stop reading while one sends to all

The server must offer the load contract in its default namespace. A run in which
a message was lost, doubled, altered or came out of order, or a client was
disconnected, has FAILED: exit code 1, and no figures.

examples:
  loadtest echo --target 127.0.0.1:3000 --in-flight 10
  loadtest fanout -n 10000 --server "node server.js" --server-cpu 0 --cpu 1
  loadtest echo --transport polling --html report.html
  loadtest idle -n 15000 --pid 4711 --json idle.json

flags:
`

const outro = `
exit codes: 0 good, 1 failed or no server, 2 wrong use, 130 interrupted
`

// files are the reports to write.
type files struct{ json, html string }

// command runs the program and returns its exit code.
func command(args []string, stdout, stderr io.Writer) int {
	cfg, out, err := parse(args, stdout)
	if err == nil {
		err = cfg.Check()
	}
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "loadtest: %v (see loadtest --help)\n", err)
		return 2
	}
	cfg.Live = isTerminal(stderr)
	cfg.Progress = func(line string, live bool) {
		if live {
			_, _ = fmt.Fprintf(stderr, "\r%s\x1b[K", line)
		} else {
			_, _ = fmt.Fprintln(stderr, line)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	res, err := run.Run(ctx, cfg)
	if cfg.Live {
		_, _ = fmt.Fprint(stderr, "\r\x1b[K")
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "loadtest: %v\n", err)
		switch {
		case errors.As(err, new(run.Usage)):
			return 2
		case errors.Is(err, run.ErrInterrupted):
			return 130
		}
		return 1
	}
	report.Table(stdout, res)
	if err := out.write(res); err != nil {
		_, _ = fmt.Fprintf(stderr, "loadtest: %v\n", err)
		return 1
	}
	if !res.OK {
		return 1
	}
	return 0
}

func (f files) write(res *report.Result) error {
	for name, fn := range map[string]func(io.Writer, *report.Result) error{f.json: report.JSON, f.html: report.HTML} {
		if name == "" {
			continue
		}
		w, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := errors.Join(fn(w, res), w.Close()); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}

// parse reads the command line. For --help it prints and returns pflag.ErrHelp.
func parse(args []string, stdout io.Writer) (c run.Config, out files, err error) {
	f := pflag.NewFlagSet("loadtest", pflag.ContinueOnError)
	f.SortFlags = false
	f.SetOutput(io.Discard)
	f.Usage = func() {}
	t := text{}
	targetFlags(f, &c, &t)
	loadFlags(f, &c, &t)
	timeFlags(f, &c)
	f.StringVar(&out.json, "json", "", "write the result to this `file`")
	f.StringVar(&out.html, "html", "", "write a report with plots to this `file`: one page that needs nothing else")
	help := f.BoolP("help", "h", false, "show this help")
	if err := f.Parse(args); err != nil {
		return c, out, err
	}
	if *help {
		_, _ = fmt.Fprint(stdout, intro, f.FlagUsages(), outro)
		return c, out, pflag.ErrHelp
	}
	if f.NArg() == 0 {
		return c, out, errors.New("no scenario given")
	}
	if f.NArg() > 1 {
		return c, out, fmt.Errorf("unexpected argument %q", f.Arg(1))
	}
	c.Scenario = f.Arg(0)
	c.Command = "loadtest " + strings.Join(quoted(args), " ")
	if c.Scenario == "slow" && !f.Changed("size") {
		c.Size = 4096
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

func targetFlags(f *pflag.FlagSet, c *run.Config, t *text) {
	f.StringVarP(&c.Target, "target", "t", "127.0.0.1:3000", "`host:port` of the server (IPv4)")
	f.StringVar(&c.Path, "path", "/socket.io/", "its `path`")
	f.StringVar(&t.transport, "transport", "websocket", "websocket, or polling: HTTP with keep-alive, a GET always waiting")
	f.StringVar(&c.Server, "server", "", "start the server with this `command`, and stop it at the end; it prints READY <port>, or listens at --target")
	f.StringVar(&t.serverCPU, "server-cpu", "", "pin the started server to these CPUs, a `list` such as 0,2-5")
	f.StringVar(&t.cpu, "cpu", "", "pin the client processes to these CPUs, a `list`")
	f.IntVar(&c.PID, "pid", 0, "the local server's process; 0: whoever listens on the port, -1: do not look")
	f.StringVar(&c.MetricsURL, "runtime-metrics", "", "`URL` of JSON with a member mallocs (objects allocated since the start): gives objects per message")
	f.BoolVar(&c.AllowRemote, "allow-remote", false, "allow a server that is not on this machine: only one that is yours")
	f.StringSliceVar(&c.Sources, "source", nil, "`addresses` to connect from, in turn (default: as many of 127.0.0.x as the ports need)")
}

func loadFlags(f *pflag.FlagSet, c *run.Config, _ *text) {
	f.IntVarP(&c.Clients, "clients", "n", 0, "how many (default: see scenarios)")
	f.IntVarP(&c.InFlight, "in-flight", "k", 1, "messages under way at once: of each client (echo), of the sender (fanout), in each room (rooms)")
	f.Float64VarP(&c.Rate, "rate", "r", 0, "messages sent a second in all, by the clock instead of --in-flight; latency then counts from when one was due (slow: default 100)")
	f.IntVarP(&c.Size, "size", "s", 64, "`bytes` of a payload, at least 24 (slow: default 4096)")
	f.BoolVar(&c.Ack, "ack", false, "echo: by acknowledgement instead of by event")
	f.IntVar(&c.RoomSize, "room-size", 10, "rooms: members of each")
	f.IntVar(&c.Rounds, "rounds", 20, "churn: rounds")
	f.IntVar(&c.Visits, "visits", 3000, "churn: visits in each round")
	f.Float64Var(&c.SlowShare, "slow-share", 1, "slow: `percent` of the clients that stop reading")
	f.Float64Var(&c.ConnectRate, "connect-rate", 0, "clients that come a second (default: as fast as --concurrency lets them)")
	f.IntVar(&c.Concurrency, "concurrency", 100, "handshakes under way at once")
	f.IntVar(&c.Processes, "processes", 0, "client processes of one thread each (default: as few as descriptors allow)")
	f.BoolVar(&c.Spin, "spin", false, "never sleep: spares the server waking the generator; wants a CPU for each process")
}

func timeFlags(f *pflag.FlagSet, c *run.Config) {
	f.DurationVarP(&c.Duration, "duration", "d", 10*time.Second, "measured time (idle: how long to hold; slow: each half)")
	f.DurationVar(&c.Warmup, "warmup", 2*time.Second, "time before that, not measured")
	f.DurationVar(&c.Settle, "settle", time.Second, "rest before memory is read (idle, churn)")
	f.DurationVar(&c.Drain, "drain", 10*time.Second, "how long to wait for what is under way at the end; what has not come then is lost")
	f.DurationVar(&c.Leave, "leave", 10*time.Second, "how long clients wait for the server to let them go, after saying goodbye")
	f.DurationVar(&c.After, "after", 30*time.Second, "idle: how long to watch the memory come back when all have left; 0: do not")
	f.DurationVar(&c.Stall, "stall", 5*time.Second, "end the run when nothing comes for so long")
	f.DurationVar(&c.ConnectTimeout, "connect-timeout", time.Minute, "for all clients to connect (churn: for a round)")
	f.DurationVar(&c.ServerTimeout, "server-timeout", 30*time.Second, "for a started server to say READY")
	f.DurationVar(&c.MaxTime, "max-time", 15*time.Minute, "for the whole run")
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
