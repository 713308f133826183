// Command capacity runs what docs/CAPACITY.md tells of, and writes the figures
// into that page: `make capacity`. Each part of the page that holds figures stands
// between two markers and is written whole, with its command, commit and machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// config is what the command line says.
type config struct {
	parts   []part
	sweeps  int
	port    int
	short   bool
	list    bool
	maxTime time.Duration
	page    string
}

const usage = `capacity runs the commands of docs/CAPACITY.md and writes its tables.

Usage, from the top of the repository: make capacity ARGS="..."

  --parts LIST      some of these, separated by commas (default all, about 15m):
%s
  --sweeps N        runs of each command, of which the medians count (default 3)
  --port N          port of the server, and of its admin address the next (default 3100)
  --max-time TIME   no part begins and no run lasts longer than this after the start (default 25m)
  --short           one sweep with few clients: does it work? Writes bin/capacity/short.md
  --list            print the commands and run none
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	c, err := parse(os.Args[1:], os.Stdout)
	if err == nil {
		err = c.run(ctx)
	}
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "capacity:", err)
		os.Exit(1)
	}
}

func parse(args []string, out io.Writer) (*config, error) {
	c := &config{page: "docs/CAPACITY.md"}
	var names string
	f := flag.NewFlagSet("capacity", flag.ContinueOnError)
	f.SetOutput(out)
	f.Usage = func() {
		var about strings.Builder
		for _, p := range parts {
			fmt.Fprintf(&about, "                    %-12s%s\n", p.name, p.about)
		}
		_, _ = fmt.Fprintf(out, usage, strings.TrimSuffix(about.String(), "\n"))
	}
	f.StringVar(&names, "parts", "", "")
	f.IntVar(&c.sweeps, "sweeps", 3, "")
	f.IntVar(&c.port, "port", 3100, "")
	f.DurationVar(&c.maxTime, "max-time", 25*time.Minute, "")
	f.BoolVar(&c.short, "short", false, "")
	f.BoolVar(&c.list, "list", false, "")
	if err := f.Parse(args); err != nil {
		return nil, err
	}
	if f.NArg() > 0 || c.sweeps < 1 || c.port < 1 || c.port > 65534 {
		return nil, fmt.Errorf("wrong use: %q (see --help)", args)
	}
	if c.short {
		c.sweeps, c.page = 1, "bin/capacity/short.md"
	}
	c.parts = parts
	if names == "" {
		return c, nil
	}
	wanted := strings.Split(names, ",")
	c.parts = nil
	for _, p := range parts { // in the page's order
		if i := slices.Index(wanted, p.name); i >= 0 {
			c.parts = append(c.parts, p)
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		return nil, fmt.Errorf("no such part: %s (see --help)", strings.Join(wanted, ", "))
	}
	return c, nil
}

// run does one part after the other. Each is in the page when it is done, so that
// one that fails costs only itself and those after it.
func (c *config) run(ctx context.Context) error {
	if c.list {
		for _, p := range c.parts {
			for _, r := range p.runs(c) {
				fmt.Printf("%s, %s:\n%s\n\n", p.name, times(r.times), r.shown())
			}
		}
		return nil
	}
	if err := os.MkdirAll("bin/capacity", 0o755); err != nil {
		return err
	}
	if c.short {
		if err := writeSkeleton(c.page); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.maxTime)
	defer cancel()
	where := thisMachine(ctx)
	for _, p := range c.parts {
		began := time.Now()
		fmt.Fprintf(os.Stderr, "capacity: %s: %s\n", p.name, p.about)
		results, err := c.measure(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		if err := p.write(c, results, where); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Fprintf(os.Stderr, "capacity: %s took %v\n", p.name, time.Since(began).Round(time.Second))
	}
	fmt.Println(c.page, "is new")
	return nil
}

// measure does all runs of a part, in turn where it has several: what the machine
// does meanwhile then meets all of them.
func (c *config) measure(ctx context.Context, p part) ([][]result, error) {
	runs := p.runs(c)
	results := make([][]result, len(runs))
	for sweep := range c.sweeps {
		for i, r := range runs {
			if sweep >= r.times {
				continue
			}
			file := fmt.Sprintf("bin/capacity/%s-%d-%d", p.name, i+1, sweep+1)
			res, err := r.do(ctx, file)
			if err != nil {
				return nil, err
			}
			results[i] = append(results[i], res)
		}
	}
	return results, nil
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprint(n, " times")
}
