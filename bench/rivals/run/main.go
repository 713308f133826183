// Command run measures sio-fast beside other servers that offer the load
// contract, and writes a table and a plot. It starts each server on one CPU and
// loadtest on another, takes the servers in turn, round by round, and quotes
// medians. A run in which loadtest found a message lost is not quoted.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

const usage = `run measures sio-fast beside other Socket.IO servers and bare references.

Usage: go -C bench/rivals run ./run [flags]

What to measure:
  --servers LIST      by name, separated by commas (default all; see --list)
  --measures LIST     by name, separated by commas (default all)
  --rounds N          rounds; the median of them counts (default 3)
  --duration TIME     measured time of a run (default 1.5s; where a figure needs more,
                      as long as that)
  --warmup TIME       time before that (default 500ms)
  --short             one round of a second with few clients: does it work?
  --resume            go on with an interrupted run: what is in the state file is not
                      measured again
  --list              print the servers and measures, and the time they take

How:
  --server-cpu N      CPU of the servers (default 0)
  --generator-cpu N   CPU of the generator (default 1)

What to write, from the top of the repository:
  --out FILE          the table (default bench/RESULTS.md, or bin/rivals/RESULTS.md
                      of a run that is short or not of everything)
  --plot FILE         the plot (default rivals.svg beside it; in bin/rivals of a run
                      that is not of everything, whose table does not show it)
  --state FILE        every figure, as it comes (default bin/rivals/state.json)
  --report            measure nothing: write table and plot of the state file

A run of everything also keeps its figures as bench/results.json and writes those of
README.md anew, unless --out or --plot are given; so does --report of such a run. Where
a server that an aim names could not be measured it counts as not of everything. By
--report --state bench/results.json the committed report is written again.

  --help              print this help
`

// config is what the flags say.
type config struct {
	servers, measures           string
	rounds                      int
	duration, warmup            time.Duration
	short, list, report, resume bool
	serverCPU, generatorCPU     int
	out, plot, state, command   string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := command(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// command is main without the process. Exit codes: 0 good, 1 failed, 2 wrong
// use, 130 interrupted.
func command(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		_, _ = fmt.Fprint(stdout, usage)
		return 0
	}
	if err == nil {
		err = c.locate()
	}
	var p plan
	if err == nil {
		p, err = c.choose()
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "rivals: %v (see --help)\n", err)
		return 2
	}
	switch {
	case c.list:
		p.print(stdout, c)
		return 0
	case c.report:
		err = c.again(stdout)
	default:
		err = c.measure(ctx, p, stdout, stderr)
	}
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		_, _ = fmt.Fprintf(stderr, "rivals: interrupted; what was measured is in %s (--resume goes on, --report writes a table of it)\n", c.state)
		return 130
	}
	_, _ = fmt.Fprintf(stderr, "rivals: %v\n", err)
	return 1
}

func parse(args []string) (*config, error) {
	c := &config{command: "go -C bench/rivals run ./run"}
	if len(args) > 0 {
		c.command += " " + strings.Join(args, " ")
	}
	f := flag.NewFlagSet("run", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&c.servers, "servers", "", "")
	f.StringVar(&c.measures, "measures", "", "")
	f.IntVar(&c.rounds, "rounds", 3, "")
	f.DurationVar(&c.duration, "duration", 1500*time.Millisecond, "")
	f.DurationVar(&c.warmup, "warmup", 500*time.Millisecond, "")
	f.BoolVar(&c.short, "short", false, "")
	f.BoolVar(&c.resume, "resume", false, "")
	f.BoolVar(&c.list, "list", false, "")
	f.BoolVar(&c.report, "report", false, "")
	f.IntVar(&c.serverCPU, "server-cpu", 0, "")
	f.IntVar(&c.generatorCPU, "generator-cpu", 1, "")
	f.StringVar(&c.out, "out", "", "")
	f.StringVar(&c.plot, "plot", "", "")
	f.StringVar(&c.state, "state", "", "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	switch {
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case c.rounds < 1:
		return nil, errors.New("--rounds must be at least 1")
	case c.duration <= 0 || c.warmup < 0:
		return nil, errors.New("--duration must be longer than 0, --warmup not negative")
	case c.serverCPU == c.generatorCPU:
		return nil, errors.New("--server-cpu and --generator-cpu must differ")
	}
	if c.short {
		c.rounds, c.duration, c.warmup = 1, time.Second, 300*time.Millisecond
	}
	return c, nil
}

// locate finds the top of the repository and goes there: commands in the report
// are relative to it, and so are the files that flags name.
func (c *config) locate() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "bench", "rivals", "go.mod")); err == nil {
			break
		}
		if dir == filepath.Dir(dir) {
			return errors.New("run it inside the repository")
		}
		dir = filepath.Dir(dir)
	}
	if c.state == "" {
		c.state = filepath.Join("bin", "rivals", "state.json")
	}
	return os.Chdir(dir)
}

// files are where the report goes. Only a run of everything, with all servers of
// the aims, replaces the committed one unasked.
func (c *config) files(full bool) (out, plot string) {
	out, plot = c.out, c.plot
	if out == "" {
		out = filepath.Join("bench", "RESULTS.md")
		if !full {
			out = filepath.Join("bin", "rivals", "RESULTS.md")
		}
	}
	if plot == "" {
		plot = filepath.Join(filepath.Dir(out), "rivals.svg")
		if !full {
			plot = filepath.Join("bin", "rivals", "rivals.svg")
		}
	}
	return out, plot
}

// again writes the report of a state file.
func (c *config) again(stdout io.Writer) error {
	s, err := load(c.state)
	if err != nil {
		return err
	}
	return c.write(s, stdout)
}

func (c *config) write(s *state, stdout io.Writer) error {
	out, plot := c.files(s.full())
	if err := os.MkdirAll(filepath.Dir(out), 0o777); err != nil {
		return err
	}
	if err := os.WriteFile(out, []byte(table(s, filepath.Base(plot))), 0o666); err != nil {
		return err
	}
	if err := os.WriteFile(plot, []byte(draw(s)), 0o666); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "wrote %s and %s\n", out, plot)
	if names := s.absent(); s.Whole && len(names) > 0 {
		_, _ = fmt.Fprintf(stdout, "the repository's figures stay as they were: %s could not be measured, and aims compare with that\n", strings.Join(names, ", "))
	}
	if !s.full() || c.out != "" || c.plot != "" {
		return nil
	}
	if err := s.publish(); err != nil {
		return err
	}
	_, _ = fmt.Fprintf(stdout, "wrote %s and the figures of %s\n", results, readme)
	return nil
}
