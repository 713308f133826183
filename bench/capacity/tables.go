package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// errFew says that loadtest gave less than a table needs, as after a change of it.
var errFew = errors.New("the result lacks figures that the page tells of")

// one gives the figures of a part whose single run did all sweeps itself.
func one(results [][]result) (*figures, error) {
	if len(results) == 0 || len(results[0]) != 1 || results[0][0].Figures == nil {
		return nil, errFew
	}
	return results[0][0].Figures, nil
}

func clientsOf(g growth) int         { return g.Clients }
func cpuDelivery(g growth) float64   { return g.ServerCPUPerDelivery }
func cpuConnect(g growth) float64    { return g.ServerCPUPerConnect }
func resident(g growth) float64      { return g.BytesPerClient }
func kernelSlabs(g growth) float64   { return g.KernelSlabsPerClient }
func kernelBuffers(g growth) float64 { return g.KernelBuffersPerClient }

// deliveries is the table of grow beside the floor.
func deliveries(results [][]result) (string, error) {
	f, err := one(results)
	if err != nil || f.Beside == nil || len(f.Growth) == 0 {
		return "", errors.Join(err, errFew)
	}
	var b strings.Builder
	b.WriteString("| clients | server CPU a delivery | the floor's | ratio | of the single sweeps |\n|---:|---:|---:|---:|---:|\n")
	counts, own := by(f.Growth, clientsOf)
	_, floor := by(f.Beside.Growth, clientsOf)
	var most []float64
	for _, n := range counts {
		a, z := each(own[n], cpuDelivery), each(floor[n], cpuDelivery)
		r := ratios(a, z)
		fmt.Fprintf(&b, "| %s | %.1f µs | %.1f µs | **%.2f** | %s |\n", count(float64(n)), median(a), median(z), median(r), span(r, "%.2f"))
		if n >= 1000 {
			most = append(most, median(r))
		}
	}
	fmt.Fprintf(&b, "\n%s; a ratio is the median of the sweeps' own.", medians(len(own[counts[0]])))
	if len(most) > 0 {
		fmt.Fprintf(&b, "\nFrom 1,000 clients on it is %s.", span(most, "%.2f"))
	}
	step := func(m map[int][]growth) float64 {
		return median(each(m[10000], cpuDelivery)) / median(each(m[5000], cpuDelivery))
	}
	if own[5000] != nil && own[10000] != nil && floor[5000] != nil && floor[10000] != nil {
		fmt.Fprintf(&b, "\nFrom 5,000 to 10,000 clients a delivery becomes %.2f times as dear, and the floor's %.2f times.", step(own), step(floor))
	}
	b.WriteString("\n")
	return b.String(), nil
}

// memory is what grow tells of besides.
func memory(results [][]result) (string, error) {
	f, err := one(results)
	if err != nil || len(f.Growth) == 0 {
		return "", errors.Join(err, errFew)
	}
	var b strings.Builder
	b.WriteString("| clients | resident bytes a client | kernel, both ends: slabs | TCP buffers | server CPU a connect |\n|---:|---:|---:|---:|---:|\n")
	counts, own := by(f.Growth, clientsOf)
	mid := func(n int, of func(growth) float64) float64 { return median(each(own[n], of)) }
	for _, n := range counts {
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %.0f µs |\n", count(float64(n)), count(mid(n, resident)),
			count(mid(n, kernelSlabs)), count(mid(n, kernelBuffers)), mid(n, cpuConnect))
	}
	last := counts[len(counts)-1]
	fmt.Fprintf(&b, "\nOf the same runs. By the last row a million clients at rest are %.1f GB resident, and half of\nthe slabs, a server's own, %.1f GB.\n",
		mid(last, resident)/1e3, mid(last, kernelSlabs)/2e3)
	return b.String(), nil
}

// loops is the table of one loop and of two, and of the floor's.
func loops(results [][]result) (string, error) {
	f, err := one(results)
	if err != nil || f.Beside == nil || len(f.Ratios) == 0 || len(f.Beside.Ratios) == 0 {
		return "", errors.Join(err, errFew)
	}
	var b strings.Builder
	b.WriteString("| | | 1 loop | 2 loops | ratio |\n|---|---|---:|---:|---:|\n")
	var fast float64
	for _, x := range []struct {
		who string
		f   *figures
	}{{"sio-fast", f}, {"the floor, with as many loops", f.Beside}} {
		_, runs := by(x.f.Loops, func(l loopsRun) int { return l.Loops })
		rate := func(l loopsRun) float64 { return float64(l.Clients) / max(median(l.Fanouts), 1) * 1e6 }
		row := func(of func(loopsRun) float64, show func(float64) string) string {
			var cells []string
			for _, n := range []int{1, 2} {
				v := each(runs[n], of)
				slices.Sort(v)
				if len(v) == 0 {
					return "– | –"
				}
				cells = append(cells, fmt.Sprintf("%s (%s to %s)", show(median(v)), show(v[0]), show(v[len(v)-1])))
			}
			return strings.Join(cells, " | ")
		}
		r := x.f.Ratios[0]
		fmt.Fprintf(&b, "| %s | deliveries a second | %s | **%.2f** |\n", x.who, row(rate, func(v float64) string { return count(100 * float64(int(v/100+0.5))) }), r.Throughput)
		fmt.Fprintf(&b, "| | CPU a delivery, µs | %s | %.2f |\n",
			row(func(l loopsRun) float64 { return l.ServerCPUPerDelivery }, func(v float64) string { return fmt.Sprintf("%.1f", v) }), r.CPU)
		if x.f == f {
			fast = median(each(runs[2], rate))
		}
	}
	fmt.Fprintf(&b, "\nMedians of the runs, and the least and the most; ratios are of the medians of all\nbroadcasts. A million deliveries are %.1f s of two loops.\n", 1e6/max(fast, 1))
	return b.String(), nil
}

// left is what a server keeps of a crowd.
func left(results [][]result) (string, error) {
	var b strings.Builder
	b.WriteString("| | before | with them | after | | of the single runs | within 10 % after |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for i, who := range []string{"without the admin address", "with `--admin …` in the server's command"} {
		if i >= len(results) || len(results[i]) == 0 {
			return "", errFew
		}
		pick := func(of func(*figures) float64) []float64 {
			return each(results[i], func(r result) float64 { return of(r.Figures) })
		}
		before := pick(func(f *figures) float64 { return float64(f.RSSBefore) })
		with := pick(func(f *figures) float64 { return float64(f.RSSConnected) })
		after := pick(func(f *figures) float64 { return float64(f.RSSAfter) })
		grown := pick(func(f *figures) float64 { return 100 * (float64(f.RSSAfter)/max(float64(f.RSSBefore), 1) - 1) })
		back := pick(func(f *figures) float64 { return f.BackAfter })
		soon := "not in all runs"
		if slices.Min(back) >= 0 {
			soon = fmt.Sprintf("%.1f s", median(back))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | **%+.0f %%** | %s %% | %s |\n", who, mib(median(before)), mib(median(with)), mib(median(after)),
			median(grown), span(grown, "%+.1f"), soon)
	}
	fmt.Fprintf(&b, "\n%s of each, in turn.\n", medians(len(results[0])))
	return b.String(), nil
}

// pingEvery is --ping-interval of heartbeatRuns, in seconds.
const pingEvery = 2

// heartbeats is the mean of the cores kept busy while all clients rest.
func heartbeats(results [][]result) (string, error) {
	if len(results) == 0 || len(results[0]) == 0 {
		return "", errFew
	}
	var clients int64
	var cores []float64
	for _, r := range results[0] {
		busy, n, err := atRest(r.Samples)
		if err != nil {
			return "", err
		}
		cores, clients = append(cores, busy), n
	}
	rate := float64(clients) / pingEvery
	one := median(cores) / rate // seconds of CPU
	return fmt.Sprintf(`| clients | pings a second | cores busy | a ping and its answer | a million, a ping each 25 s | each 125 s |
|---:|---:|---:|---:|---:|---:|
| %s | %s | %.2f (%s) | %.0f µs | %.2f cores | %.2f cores |

%s, kernel included. The right two are the one before them, times a million.
`, count(float64(clients)), count(rate), median(cores), span(cores, "%.2f"), one*1e6, one*1e6/25, one*1e6/125, medians(len(cores))), nil
}

// atRest gives the cores busy at the end of a run, over whole intervals of pings:
// clients that came at once are pinged at once, so a part of one has none or all.
// The first interval after the connects has none.
func atRest(samples []sample) (cores float64, clients int64, err error) {
	for _, s := range samples {
		clients = max(clients, s.Clients)
	}
	i := slices.IndexFunc(samples, func(s sample) bool { return s.Clients == clients })
	if clients == 0 {
		return 0, 0, errFew
	}
	end := samples[len(samples)-1].At
	intervals := int((end - samples[i].At - pingEvery) / pingEvery)
	if intervals < 1 {
		return 0, 0, errFew
	}
	from, span := end-float64(intervals*pingEvery), 0.0
	for j := i + 1; j < len(samples); j++ {
		if s := samples[j]; s.At > from {
			d := s.At - max(samples[j-1].At, from)
			cores, span = cores+d*s.ServerCPU, span+d
		}
	}
	return cores / span, clients, nil
}

// ends is how many rounds at the end, and after the first, are put together.
const ends = 5

// slope compares the memory of the last five rounds with that of the second to
// the sixth, both by their medians, as bench/rivals judges it: a single round
// moves by percents with when the collector last came.
func slope(rounds []round) (v float64, ok bool) {
	n := len(rounds)
	if n < 1+2*ends {
		return 0, false
	}
	rss := each(rounds, func(r round) float64 { return float64(r.RSS) })
	first := median(rss[1 : 1+ends])
	return median(rss[n-ends:]) / max(first, 1), first > 0
}

// churn is the server's memory after rounds of visits.
func churn(results [][]result) (string, error) {
	f, err := one(results)
	if err != nil || len(f.Rounds) < 2 {
		return "", errors.Join(err, errFew)
	}
	var head, line, row strings.Builder
	n := len(f.Rounds)
	for _, at := range []int{2, 10, 20, 30, n} {
		if at > n || at > 2 && at < n && n-at < 5 {
			continue
		}
		fmt.Fprintf(&head, "| after round %d ", at)
		line.WriteString("|---:")
		fmt.Fprintf(&row, "| %s ", mib(float64(f.Rounds[at-1].RSS)))
	}
	from := min(6, n-1) // by then free lists and the like have their sizes
	rss := each(f.Rounds[from:], func(r round) float64 { return float64(r.RSS) / (1 << 20) })
	fmt.Fprintf(&head, "| rounds %d to %d ", from+1, n)
	fmt.Fprintf(&row, "| %s MiB ", span(rss, "%.1f"))
	steep := "–" // so few rounds have none
	if v, ok := slope(f.Rounds); ok {
		steep = fmt.Sprintf("**%.3f**", v)
	}
	return fmt.Sprintf("%s| last five by second to sixth |\n%s|---:|---:|\n%s| %s |\n\n%d rounds of %s visits; the last figure is of medians.\n",
		head.String(), line.String(), row.String(), steep, n, count(float64(f.Rounds[0].Visits))), nil
}

var millionSays = []*regexp.Regexp{
	regexp.MustCompile(`heap: (\d+) bytes a client, ([\d.]+) objects`),
	regexp.MustCompile(`a collection: (\S+) of the clock, (\d+) ms of CPU \((\d+) ms of it .*longest pause (\S+)`),
	regexp.MustCompile(`nothing is due: (\S+); all pings, without the kernel: (\S+) \((\S+) each\)`),
	regexp.MustCompile(`(\d+) clients, connected`),
}

// million reads what TestMillion logs.
func million(results [][]result) (string, error) {
	if len(results) == 0 || len(results[0]) != 1 {
		return "", errFew
	}
	var said [][]string
	for _, re := range millionSays {
		m := re.FindStringSubmatch(results[0][0].text)
		if m == nil {
			return "", fmt.Errorf("%w: TestMillion does not say %v", errFew, re)
		}
		said = append(said, m)
	}
	heap, gc, ticks := said[0], said[1], said[2]
	var bytes, n, cpu, idle float64
	_, err := fmt.Sscan(heap[1]+" "+said[3][1]+" "+gc[2]+" "+gc[3], &bytes, &n, &cpu, &idle)
	if err != nil {
		return "", err
	}
	pause, err := time.ParseDuration(gc[4])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf(`| | for one client | for %s |
|---|---:|---:|
| live heap | %s bytes, %s objects | %s MB |
| one whole collection | %.1f µs of CPU, %.0f %% of it on cores with nothing to do | %s on the clock, %.0f ms of CPU |
| longest pause in it | | %.2f ms |
| all pings, without the kernel | %s | %s each interval |
| a tick at which nothing is due | | %s |
`, count(n), count(bytes), heap[2], count(bytes*n/1e6), cpu*1000/n, 100*idle/max(cpu, 1), spaced(gc[1]), cpu,
		float64(pause.Microseconds())/1000, spaced(ticks[3]), spaced(ticks[2]), spaced(ticks[1])), nil
}

func medians(sweeps int) string {
	if sweeps == 1 {
		return "One sweep"
	}
	return fmt.Sprintf("Medians of %d sweeps", sweeps)
}

// spaced writes 46.926µs as 46.9 µs. What is no duration stays as it is.
func spaced(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	for _, u := range []struct {
		of   time.Duration
		name string
	}{{time.Second, "s"}, {time.Millisecond, "ms"}, {time.Microsecond, "µs"}} {
		if d >= u.of {
			return fmt.Sprintf("%.*f %s", max(0, 2-len(strconv.Itoa(int(d/u.of)))+1), float64(d)/float64(u.of), u.name)
		}
	}
	return fmt.Sprintf("%d ns", d.Nanoseconds())
}
