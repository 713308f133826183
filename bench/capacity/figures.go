package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"
)

// result has the members of loadtest's JSON that the page tells of.
type result struct {
	OK       bool
	Failure  string
	Warnings []string
	Figures  *figures
	Samples  []sample

	text string // of what is no loadtest
}

type figures struct {
	Growth                              []growth
	Loops                               []loopsRun
	Ratios                              []loopsRatio
	Rounds                              []round
	Beside                              *figures
	RSSBefore, RSSConnected, RSSAfter   int64
	BackAfter                           float64
	BytesPerClient, ServerCPUPerConnect float64
}

type growth struct {
	Clients                                                   int
	ServerCPUPerDelivery, ServerCPUPerConnect, BytesPerClient float64
	KernelSlabsPerClient, KernelBuffersPerClient              float64
}

type loopsRun struct {
	Loops, Clients       int
	Fanouts              []float64 // µs
	ServerCPUPerDelivery float64
}

type loopsRatio struct {
	Loops, Base     int
	Throughput, CPU float64
}

type round struct {
	Visits int
	RSS    int64
}

type sample struct {
	At        float64
	Clients   int64
	ServerCPU float64
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n == 0 {
		return 0
	}
	return (s[(n-1)/2] + s[n/2]) / 2
}

// each gives one figure of each of a list.
func each[T any](list []T, of func(T) float64) []float64 {
	out := make([]float64, len(list))
	for i, x := range list {
		out[i] = of(x)
	}
	return out
}

// by groups a list, with its keys in order.
func by[T any, K cmp.Ordered](list []T, key func(T) K) ([]K, map[K][]T) {
	m := map[K][]T{}
	for _, x := range list {
		m[key(x)] = append(m[key(x)], x)
	}
	return slices.Sorted(maps.Keys(m)), m
}

// ratios are those of each sweep, so that what the machine did at the time is in
// both.
func ratios(a, b []float64) []float64 {
	out := make([]float64, min(len(a), len(b)))
	for i := range out {
		out[i] = a[i] / max(b[i], 1e-9)
	}
	return out
}

// count writes 15000 as 15,000.
func count(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func mib(b float64) string { return fmt.Sprintf("%.1f MiB", b/(1<<20)) }

// span is "a to b", or a alone if both read the same.
func span(v []float64, format string) string {
	if len(v) == 0 {
		return "–"
	}
	a, b := fmt.Sprintf(format, slices.Min(v)), fmt.Sprintf(format, slices.Max(v))
	if a == b {
		return a
	}
	return a + " to " + b
}

// thisMachine says in one line when and where it was measured.
func thisMachine(ctx context.Context) string {
	commit := "unknown"
	if out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=10", "HEAD").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	// What is only in docs is not measured, and this writes there.
	changes, _ := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no", "--", ".", ":!docs").Output()
	with := ""
	if len(changes) > 0 {
		with = " with changes"
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	release, _, _ := strings.Cut(string(kernel), "-") // what follows the number names the machine
	return fmt.Sprintf("Commit `%s`%s, %s, %d cores of %s, Linux %s, %s.", commit, with, time.Now().UTC().Format(time.DateOnly),
		runtime.NumCPU(), cpuName(), strings.TrimSpace(release), runtime.Version())
}

func cpuName() string {
	b, _ := os.ReadFile("/proc/cpuinfo")
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == "model name" {
			return strings.TrimSpace(v)
		}
	}
	return "an unknown processor"
}
