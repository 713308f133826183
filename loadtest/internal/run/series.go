package run

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/sio-fast/sio-fast/loadtest/internal/report"
)

// LoopsMark stands in the command of a server for the number of its loops.
const LoopsMark = "{loops}"

// serial says whether a scenario consists of several runs.
func (c *Config) serial() bool { return c.Scenario == "grow" || c.Scenario == "loops" }

// series performs the runs of grow and loops, one after the other and each with
// a server of its own if loadtest starts it, and makes one result of them. The
// first that is not good ends the series.
func series(ctx context.Context, cfg Config) (*report.Result, error) {
	var all *report.Result
	fig := new(report.Figures)
	for _, step := range cfg.steps() {
		if err := step.spread(); err != nil {
			return nil, err
		}
		res, err := one(ctx, step)
		if err != nil {
			return nil, err
		}
		name := step.name()
		for i, w := range res.Warnings {
			res.Warnings[i] = name + ": " + w
		}
		if res.Failure != "" {
			res.Failure = name + ": " + res.Failure
		}
		all = joined(all, res)
		if !res.OK {
			return all, nil
		}
		to := fig
		if step.other {
			if fig.Beside == nil {
				fig.Beside = new(report.Figures)
			}
			to = fig.Beside
		}
		step.row(to, res.Figures)
	}
	fig.Compare()
	all.Command, all.Setup, all.Figures = cfg.Command, cfg.setup(), fig
	return all, nil
}

// steps are the runs of a series: each of the server, then of the one beside, so
// that what drifts on the machine meets both.
func (c *Config) steps() (out []Config) {
	for _, step := range c.own() {
		out = append(out, step)
		if c.Beside != "" {
			step.other = true
			step.Server = strings.ReplaceAll(c.Beside, LoopsMark, strconv.Itoa(step.Loops))
			out = append(out, step)
		}
	}
	return out
}

// own are the runs of the server itself.
func (c *Config) own() (out []Config) {
	if c.Scenario == "grow" {
		for _, n := range c.Counts {
			step := *c
			step.Clients = n
			out = append(out, step)
		}
		return out
	}
	if c.Server == "" {
		return []Config{*c}
	}
	for _, n := range c.LoopCounts {
		step := *c
		step.Loops, step.Server = n, strings.ReplaceAll(c.Server, LoopsMark, strconv.Itoa(n))
		out = append(out, step)
	}
	return out
}

// name tells a run from the others of its series.
func (c *Config) name() string {
	name := fmt.Sprintf("%d loop(s)", c.Loops)
	if c.Scenario == "grow" {
		name = fmt.Sprintf("%d clients", c.Clients)
	}
	if c.other {
		name += ", beside"
	}
	return name
}

// row adds what a run has found to the tables.
func (c *Config) row(to, f *report.Figures) {
	if c.Scenario == "loops" {
		to.Loops = append(to.Loops, f.Loops...)
		return
	}
	x := report.Growth{Clients: c.Clients, Deliveries: f.Messages, ServerCPUPerDelivery: f.ServerCPUPerMessage,
		ServerCores: f.ServerCores, BytesPerClient: f.BytesPerClient, KernelSlabsPerClient: f.KernelSlabsPerClient,
		KernelBuffersPerClient: f.KernelBuffersPerClient, ServerCPUPerConnect: f.ServerCPUPerConnect,
		RSSBefore: f.RSSBefore, RSSConnected: f.RSSConnected, Latency: f.Latency, Complete: f.Complete}
	to.Growth = append(to.Growth, x)
	to.Saturated = to.Saturated || f.Saturated
}

// joined makes one result of two; all is nil at first.
func joined(all, res *report.Result) *report.Result {
	res.Samples = nil // of one run of several: no series
	if all == nil {
		return res
	}
	for k, n := range res.Faults {
		all.Faults[k] += n
	}
	all.OK, all.Failure, all.Figures = res.OK, res.Failure, nil
	all.Sent, all.Received = all.Sent+res.Sent, all.Received+res.Received
	all.GeneratorObjects = max(all.GeneratorObjects, res.GeneratorObjects)
	all.Notes = append(all.Notes, res.Notes...)
	for _, w := range res.Warnings {
		if !slices.Contains(all.Warnings, w) {
			all.Warnings = append(all.Warnings, w)
		}
	}
	return all
}
