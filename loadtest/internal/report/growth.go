package report

import (
	"fmt"
	"slices"
	"strings"
)

// Growth is what one number of clients cost.
type Growth struct {
	Clients              int
	Deliveries           int64   // of broadcasts, received and checked
	ServerCPUPerDelivery float64 // µs
	ServerCores          float64 // busy meanwhile
	ServerCPUPerConnect  float64 // µs
	BytesPerClient       float64 // resident, while they rested
	// The kernel's bytes of both ends, the generator's too; whatever else the
	// machine did counts in.
	KernelSlabsPerClient, KernelBuffersPerClient float64
	RSSBefore, RSSConnected                      int64
	Latency, Complete                            *Percentiles
}

// Loops is the fan-out of broadcasts by a number of event loops, all CPUs theirs.
type Loops struct {
	Loops                int
	Sharing              int // loops that had clients
	Clients              int
	Fanouts              []float64 // µs from the post to the last send of the slowest loop, of each broadcast
	ServerCPUPerDelivery float64   // µs
}

// LoopsRatio compares a number of loops with the smallest one.
type LoopsRatio struct {
	Loops, Base int
	Throughput  float64 // of deliveries, times that of Base, by the medians of all broadcasts
	CPU         float64 // a delivery, times that of Base
}

// Compare fills in the ratios of the loops.
func (f *Figures) Compare() {
	if f.Beside != nil {
		f.Beside.Compare()
	}
	times, cpu, runs := map[int][]float64{}, map[int]float64{}, map[int]float64{}
	var counts []int
	for _, x := range f.Loops {
		if !slices.Contains(counts, x.Loops) {
			counts = append(counts, x.Loops)
		}
		times[x.Loops] = append(times[x.Loops], x.Fanouts...)
		cpu[x.Loops] += x.ServerCPUPerDelivery
		runs[x.Loops]++
	}
	slices.Sort(counts)
	f.Ratios = nil
	for i, n := range counts {
		if base := counts[0]; i > 0 {
			x := LoopsRatio{Loops: n, Base: base, Throughput: median(times[base]) / max(median(times[n]), 1)}
			if cpu[base] > 0 {
				x.CPU = cpu[n] / runs[n] / (cpu[base] / runs[base])
			}
			f.Ratios = append(f.Ratios, x)
		}
	}
}

func median(v []float64) float64 {
	s := slices.Sorted(slices.Values(v))
	n := len(s)
	if n == 0 {
		return 0
	}
	return (s[(n-1)/2] + s[n/2]) / 2
}

// deliveries gives the CPU of a delivery, the median of all runs of a number of
// clients, and these numbers in order.
func (f *Figures) deliveries() (counts []int, cpu map[int]float64) {
	all := map[int][]float64{}
	for _, x := range f.Growth {
		if all[x.Clients] == nil {
			counts = append(counts, x.Clients)
		}
		all[x.Clients] = append(all[x.Clients], x.ServerCPUPerDelivery)
	}
	cpu = map[int]float64{}
	for n, v := range all {
		cpu[n] = median(v)
	}
	return counts, cpu
}

// tables lists what the runs of a series found, and the same of the server beside.
func (f *Figures) tables() []row {
	out := f.series()
	if f.Beside == nil {
		return out
	}
	for _, x := range f.Beside.series() {
		out = append(out, row{"beside: " + strings.TrimSpace(x.name), x.value})
	}
	counts, own := f.deliveries()
	_, other := f.Beside.deliveries()
	for _, n := range counts {
		out = append(out, row{fmt.Sprintf("%7s", count(float64(n))), fmt.Sprintf("CPU a delivery %.2f µs, beside %.2f µs: %.3f times",
			own[n], other[n], own[n]/max(other[n], 1e-9))})
	}
	return out
}

// series lists what the runs of one server found.
func (f *Figures) series() (out []row) {
	if len(f.Growth) > 0 {
		out = append(out, row{"clients", "CPU a delivery   resident a client   kernel, both ends: slabs   buffers   CPU a connect"})
	}
	for _, x := range f.Growth {
		out = append(out, row{fmt.Sprintf("%7s", count(float64(x.Clients))), fmt.Sprintf("%11.2f µs %17s B %24s B %7s B %12.1f µs",
			x.ServerCPUPerDelivery, count(x.BytesPerClient), count(x.KernelSlabsPerClient), count(x.KernelBuffersPerClient), x.ServerCPUPerConnect)})
	}
	for _, x := range f.Growth {
		if x.Complete != nil {
			out = append(out, row{fmt.Sprintf("%7s", count(float64(x.Clients))), fmt.Sprintf("broadcast to its last receiver: p50 %s  p99 %s  (%s deliveries)",
				micros(x.Complete.P50), micros(x.Complete.P99), count(float64(x.Deliveries)))})
		}
	}
	for _, x := range f.Loops {
		at := median(x.Fanouts)
		out = append(out, row{fmt.Sprintf("%2d loop(s)", x.Loops), fmt.Sprintf("%d broadcasts to %s clients on %d: median %s (%s to %s), %s deliveries a second, %.3f µs of CPU each",
			len(x.Fanouts), count(float64(x.Clients)), x.Sharing, micros(at), micros(slices.Min(x.Fanouts)), micros(slices.Max(x.Fanouts)), count(float64(x.Clients)/max(at, 1)*1e6), x.ServerCPUPerDelivery)})
	}
	for _, x := range f.Ratios {
		out = append(out, row{fmt.Sprintf("%d against %d", x.Loops, x.Base), fmt.Sprintf("%.2f times the deliveries a second, %.2f times the CPU a delivery", x.Throughput, x.CPU)})
	}
	return out
}
