package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const loadtest = "bin/rivals/loadtest"

// longest is how long a run may take, whatever happens: loadtest ends by itself
// within its --max-time.
const longest = 4 * time.Minute

// measure installs what there is, runs the plan and writes the report.
func (c *config) measure(ctx context.Context, p plan, stdout, stderr io.Writer) error {
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(stderr, format+"\n", args...) }
	if err := call(ctx, "loadtest", "go", "build", "-trimpath", "-o", filepath.Join("..", loadtest), "."); err != nil {
		return err
	}
	s := &state{
		Started: time.Now().UTC().Truncate(time.Second), Machine: thisMachine(ctx), Command: c.command,
		Rounds: c.rounds, Duration: c.duration.String(), Warmup: c.warmup.String(), Short: c.short, Whole: p.whole,
		Commands: map[string]string{},
	}
	earlier, err := c.earlier()
	if err != nil {
		return err
	}
	if err := c.prepare(ctx, &p, s, say); err != nil {
		return err
	}
	for i := range p.measures {
		m := &p.measures[i]
		s.Commands[m.name] = loadtest + " " + strings.Join(m.flags(c), " ") + " --server SERVER"
	}
	jobs := p.jobs(c.rounds)
	s.Planned = len(jobs)
	if earlier != nil {
		if err := s.goOn(earlier); err != nil {
			return fmt.Errorf("--resume: %s: %w", c.state, err)
		}
		say("%d of %d runs are there from %s", len(s.Samples), len(jobs), s.Started.Format("2006-01-02 15:04"))
	} else if err := os.Rename(c.state, c.state+".old"); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if names := s.absent(); p.whole && len(names) > 0 {
		say("without %s the report will be in bin/rivals, not in the repository", strings.Join(names, ", "))
	}
	say("%d runs, about %v", len(jobs), s.left(jobs, c).Round(10*time.Second))
	if err := c.work(ctx, jobs, s, say); err != nil {
		return err
	}
	return c.write(s, stdout)
}

// work runs the jobs that have not been.
func (c *config) work(ctx context.Context, jobs []job, s *state, say func(string, ...any)) error {
	for i, j := range jobs {
		if s.settled(j) {
			s.Done = i + 1
			continue
		}
		from := time.Now()
		x := c.run(ctx, j)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		x.Seconds = time.Since(from).Seconds()
		s.Samples = append(s.Samples, x)
		s.Done, s.Ended = i+1, time.Now().UTC().Truncate(time.Second)
		if err := s.save(c.state); err != nil {
			return err
		}
		say("[%d/%d, %v left] %-10s round %d  %-12s %s", i+1, len(jobs), s.left(jobs[i+1:], c).Round(10*time.Second),
			j.measure.name, j.round+1, j.server.name, x.line(j.measure))
	}
	s.Done = len(jobs)
	return s.save(c.state)
}

// prepare installs and tries the servers. One of ours that fails ends it all;
// another is left out, with the reason.
func (c *config) prepare(ctx context.Context, p *plan, s *state, say func(string, ...any)) error {
	trial := measure{name: "trial", scenario: "echo", clients: 4}
	quick := *c
	quick.short, quick.duration, quick.warmup = true, 200*time.Millisecond, 0
	var have []server
	for _, v := range p.servers {
		versions, err := v.install(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			if x := quick.run(ctx, job{&trial, &v, 0}); x.Failed != "" {
				err = errors.New("does not work: " + x.Failed)
			}
		}
		if err == nil {
			have = append(have, v)
			s.Servers = append(s.Servers, installed{v.name, v.title, v.kind, versions, v.command()})
			say("have %-12s %s", v.name, versions)
			continue
		}
		if v.kind == ours {
			return fmt.Errorf("%s: %w", v.name, err)
		}
		s.Skipped = append(s.Skipped, skipped{v.name, v.title, err.Error()})
		say("SKIP %-12s %v", v.name, err)
	}
	p.servers = have
	return nil
}

// result is what is read of loadtest's JSON.
type result struct {
	OK       bool
	Failure  string
	Notes    []string
	Warnings []string
	Figures  *figures
}

// run has loadtest drive one server. All that goes wrong is in the sample.
func (c *config) run(ctx context.Context, j job) sample {
	x := sample{Measure: j.measure.name, Server: j.server.name, Round: j.round}
	ports, err := freePorts(2)
	if err != nil {
		x.Failed = err.Error()
		return x
	}
	cmd := strings.NewReplacer("PORT", ports[0], "ADMIN", ports[1]).Replace(j.server.command())
	file := filepath.Join("bin", "rivals", "run.json")
	_ = os.Remove(file)
	args := append(j.measure.flags(c), "--target", "127.0.0.1:"+ports[0], "--server", cmd, "--json", file)
	if j.measure.asks() && j.server.counts {
		args = append(args, "--runtime-metrics", "http://127.0.0.1:"+ports[1]+"/stats")
	}
	var stderr bytes.Buffer
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	run := exec.CommandContext(ctx, loadtest, args...)
	run.Stderr = &stderr
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	run.WaitDelay = 20 * time.Second
	err = run.Run()
	x.read(file, err, stderr.String())
	return x
}

// read takes over what loadtest wrote, unless it says FAILED or nothing.
func (x *sample) read(file string, err error, stderr string) {
	var r result
	b, rerr := os.ReadFile(file)
	if rerr == nil {
		rerr = json.Unmarshal(b, &r)
	}
	x.Warnings = r.Warnings
	switch {
	case rerr == nil && r.OK && err == nil && r.Figures != nil:
		if x.Failed = r.Figures.miscounted(); x.Failed == "" {
			x.Figures = r.Figures
		}
	case rerr == nil && r.Failure != "":
		x.Failed = strings.ReplaceAll(r.Failure, "\n", "; ")
		if len(r.Notes) > 0 {
			x.Failed += " (the first: " + r.Notes[0] + ")"
		}
	default:
		x.Failed = lastLine(stderr)
		if x.Failed == "" {
			x.Failed = fmt.Sprintf("loadtest gave no result: %v", errors.Join(err, rerr))
		}
	}
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.TrimPrefix(strings.TrimSpace(lines[len(lines)-1]), "loadtest: ")
}

// line says in short what came out.
func (x *sample) line(m *measure) string {
	if x.Failed != "" {
		return "FAILED: " + x.Failed
	}
	var out []string
	for _, c := range m.columns {
		if v, ok := c.pick(x.Figures); ok {
			out = append(out, strings.TrimSpace(c.title+" "+number(v)+" "+c.unit))
		}
	}
	return strings.Join(out, ", ")
}

// miscounted compares the server's own count of the clients that it cut for not
// reading with that of the clients which saw themselves cut. Where they differ
// one of the two is wrong, and neither may be quoted.
func (f *figures) miscounted() string {
	if f.Slow == nil || f.Slow.ServerCuts == nil || f.Slow.ServerCuts[slowClient] == f.Slow.Cut {
		return ""
	}
	return fmt.Sprintf("the server counts %d slow clients cut, %d saw themselves cut", f.Slow.ServerCuts[slowClient], f.Slow.Cut)
}

// freePorts finds ports that nobody listens on now.
func freePorts(n int) (out []string, err error) {
	for range n {
		ln, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer func() { _ = ln.Close() }()
		out = append(out, strconv.Itoa(ln.Addr().(*net.TCPAddr).Port))
	}
	return out, nil
}
