package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// plan is what is to be run.
type plan struct {
	servers  []server
	measures []measure
	whole    bool // everything there is was asked for, in full
}

func (c *config) choose() (p plan, err error) {
	if p.servers, err = chosen(servers(), c.servers, func(s server) string { return s.name }); err != nil {
		return p, fmt.Errorf("--servers: %w", err)
	}
	usual := slices.DeleteFunc(servers(), func(s server) bool { return s.asked })
	if c.servers == "" {
		p.servers = usual
	}
	if p.measures, err = chosen(measures(), c.measures, func(m measure) string { return m.name }); err != nil {
		return p, fmt.Errorf("--measures: %w", err)
	}
	missing := slices.ContainsFunc(usual, func(u server) bool {
		return !slices.ContainsFunc(p.servers, func(s server) bool { return s.name == u.name })
	})
	p.whole = !c.short && c.rounds >= least && !missing && len(p.measures) == len(measures())
	return p, nil
}

// chosen picks by name, in the order of all.
func chosen[T any](all []T, list string, name func(T) string) (out []T, err error) {
	if list == "" {
		return all, nil
	}
	want := strings.Split(list, ",")
	var known []string
	for _, v := range all {
		known = append(known, name(v))
		if slices.Contains(want, name(v)) {
			out = append(out, v)
		}
	}
	for _, w := range want {
		if !slices.Contains(known, w) {
			return nil, fmt.Errorf("%q is none of %s", w, strings.Join(known, ", "))
		}
	}
	return out, nil
}

// job is one run of loadtest.
type job struct {
	measure *measure
	server  *server
	round   int
}

// jobs are all runs in their order: of a measure the servers in turn, round by
// round, so that what drifts on the machine meets all of them.
func (p *plan) jobs(rounds int) (out []job) {
	for i := range p.measures {
		m := &p.measures[i]
		for r := range rounds {
			for k := range p.servers {
				if m.suits == nil || m.suits(&p.servers[k]) {
					out = append(out, job{m, &p.servers[k], r})
				}
			}
		}
	}
	return out
}

// print lists everything for --list.
func (p *plan) print(w io.Writer, c *config) {
	_, _ = fmt.Fprintln(w, "servers:")
	for _, s := range p.servers {
		_, _ = fmt.Fprintf(w, "  %-12s %s (%s)\n", s.name, s.title, s.kind)
	}
	_, _ = fmt.Fprintln(w, "\nmeasures:")
	for _, m := range p.measures {
		_, _ = fmt.Fprintf(w, "  %-12s %s\n", m.name, m.title)
	}
	jobs := p.jobs(c.rounds)
	_, _ = fmt.Fprintf(w, "\n%d runs in %d rounds, about %v\n", len(jobs), c.rounds, new(state).left(jobs, c).Round(10*time.Second))
}
