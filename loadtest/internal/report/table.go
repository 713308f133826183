package report

import (
	"fmt"
	"io"
	"sort"
	"strings"
)

type row struct{ name, value string }

// Table writes the result for people.
func Table(w io.Writer, r *Result) {
	verdict := "ok: every message came once, whole and in order"
	if !r.OK {
		verdict = "FAILED: " + r.Failure
	}
	_, _ = fmt.Fprintf(w, "\n%s: %s\n%s\n\n", r.Scenario, verdict, r.Setup)
	if r.OK {
		rows := r.Figures.rows()
		width := 0
		for _, x := range rows {
			width = max(width, len([]rune(x.name)))
		}
		for _, x := range rows {
			_, _ = fmt.Fprintf(w, "  %s%s  %s\n", x.name, strings.Repeat(" ", width-len([]rune(x.name))), x.value)
		}
	} else {
		for _, name := range sortedKeys(r.Faults) {
			if n := r.Faults[name]; n > 0 {
				_, _ = fmt.Fprintf(w, "  %-16s %d\n", name, n)
			}
		}
		_, _ = fmt.Fprintf(w, "  sent %d, received %d\n", r.Sent, r.Received)
		for _, n := range r.Notes {
			_, _ = fmt.Fprintf(w, "  %s\n", n)
		}
	}
	for i, n := range r.Warnings {
		if i == 0 {
			_, _ = fmt.Fprintln(w)
		}
		_, _ = fmt.Fprintf(w, "  warning: %s\n", n)
	}
	_, _ = fmt.Fprintln(w)
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// rows lists what was measured, in reading order.
func (f *Figures) rows() (out []row) {
	add := func(ok bool, name, format string, args ...any) {
		if ok {
			out = append(out, row{name, fmt.Sprintf(format, args...)})
		}
	}
	add(f.Messages > 0, "messages", "%s in %.1f s, %s a second", count(float64(f.Messages)), f.Seconds, count(f.Rate))
	add(f.ServerCPUPerMessage > 0, "server CPU a message", "%.3f µs (%.2f cores busy)", f.ServerCPUPerMessage, f.ServerCores)
	add(f.GeneratorCPUPerMessage > 0, "generator CPU a message", "%.3f µs (%.2f cores busy)", f.GeneratorCPUPerMessage, f.GeneratorCores)
	if f.ObjectsPerMessage != nil {
		add(true, "objects allocated a message", "%.4f", *f.ObjectsPerMessage)
	}
	add(f.Latency != nil, "latency", "%s", f.Latency)
	add(f.Complete != nil, "broadcast to its last receiver", "%s", f.Complete)
	add(f.Connect != nil, "connect", "%s, %s a second", f.Connect, count(f.ConnectRate))
	add(f.GeneratorCPUPerMessage == 0 && f.GeneratorCores > 0, "generator", "%.2f cores busy", f.GeneratorCores)
	add(f.ServerCPUPerConnect > 0, "server CPU a connect", "%.1f µs", f.ServerCPUPerConnect)
	add(f.RSSBefore > 0, "server memory before", "%s", mib(f.RSSBefore))
	add(f.RSSConnected > 0, "  with all clients", "%s", mib(f.RSSConnected))
	add(f.BytesPerClient != 0, "  bytes a client", "%.0f resident; the kernel's for both ends: %.0f in slabs, %.0f in TCP buffers", f.BytesPerClient, f.KernelSlabsPerClient, f.KernelBuffersPerClient)
	add(f.RSSPeak > 0, "  peak", "%s", mib(f.RSSPeak))
	add(f.RSSAfter > 0, "  after all have left", "%s (%+.0f %%)", mib(f.RSSAfter), 100*float64(f.RSSAfter-f.RSSBefore)/float64(max(f.RSSBefore, 1)))
	add(f.BackAfter > 0, "  back within 10 %", "after %.1f s", f.BackAfter)
	add(f.BackAfter < 0, "  back within 10 %", "not in time")
	for i, x := range f.Rounds {
		add(true, fmt.Sprintf("round %d", i+1), "%d visits in %.2f s, %.0f a second, memory %s", x.Visits, x.Seconds, float64(x.Visits)/x.Seconds, mib(x.RSS))
	}
	if f.Slow != nil {
		out = append(out, f.Slow.rows()...)
	}
	return append(out, f.tables()...)
}

// rows lists what slow readers did to the others, and what became of them.
func (s *Slow) rows() (out []row) {
	add := func(name, format string, args ...any) { out = append(out, row{name, fmt.Sprintf(format, args...)}) }
	if s.Baseline != nil {
		add("latency while all read", "%s", s.Baseline)
	}
	low, high := s.Turns[0].Ratio, s.Turns[0].Ratio
	for _, t := range s.Turns {
		low, high = min(low, t.Ratio), max(high, t.Ratio)
	}
	add("  p99 while some do not", "%.2f times that, the median of %d turns (%.2f to %.2f)", s.Ratio, len(s.Turns), low, high)
	turns := int64(len(s.Turns))
	add("slow readers", "%d in each of %d turns: %d cut and back, %d caught up whole and in order", s.Clients, turns, s.Cut, s.Clients*turns-s.Cut)
	for _, why := range sortedKeys(s.Reasons) {
		add("  cut, as they saw it", "%s: %d", why, s.Reasons[why])
	}
	for _, why := range sortedKeys(s.ServerCuts) {
		add("  ended, as the server says", "%s: %d", why, s.ServerCuts[why])
	}
	if s.PeakRSS > 0 {
		add("  memory meanwhile, peak", "%s, %+.1f MiB since before the clients", mib(s.PeakRSS), float64(s.PeakGrowth)/(1<<20))
	}
	return out
}

// String gives the usual percentiles in a unit that reads well.
func (p *Percentiles) String() string {
	return fmt.Sprintf("p50 %s  p90 %s  p99 %s  p99.9 %s  max %s", micros(p.P50), micros(p.P90), micros(p.P99), micros(p.P999), micros(p.Max))
}

func micros(us float64) string {
	switch {
	case us < 1000:
		return fmt.Sprintf("%.0f µs", us)
	case us < 1e6:
		return fmt.Sprintf("%.2f ms", us/1e3)
	}
	return fmt.Sprintf("%.2f s", us/1e6)
}

func mib(n int64) string { return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20)) }

// count writes a number with its thousands apart.
func count(v float64) string {
	s := fmt.Sprintf("%.0f", v)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
