package admin

import (
	"net/http"
	"regexp"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/sio-fast/sio-fast/eio"
)

// The server's figures are not counted here but read where they are, at each
// scrape: what is told of them stands in families.go, and the library makes
// metrics of that. Of the process and the Go runtime it tells by itself.

// family is one metric of the server, with all its labels' values.
type family struct {
	*prometheus.Desc
	kind prometheus.ValueType // of a histogram: not used
	read func(f *figures, m *reading)
}

// reading takes what one family has to say in one scrape.
type reading struct {
	*family
	to chan<- prometheus.Metric
}

// put gives one number; the labels' values are in the order of the family's names.
func (m *reading) put(v float64, labels ...string) {
	m.to <- prometheus.MustNewConstMetric(m.Desc, m.kind, v, labels...)
}

// count is put for what is counted.
func (m *reading) count(v uint64, labels ...string) { m.put(float64(v), labels...) }

// closes gives one number for each reason.
func (m *reading) closes(c eio.Closes) {
	for reason, n := range c.All() {
		m.count(n, string(reason))
	}
}

// bounds are the upper ends of all histograms' buckets, in seconds.
var bounds = func() (list []float64) {
	for _, b := range eio.HistogramBounds() {
		list = append(list, b.Seconds())
	}
	return list
}()

func (m *reading) histogram(h *eio.Histogram, labels ...string) {
	m.to <- &histogramMetric{m.Desc, h, prometheus.MakeLabelPairs(m.Desc, labels)}
}

// histogramMetric is a histogram for the library. Its own of that kind wants a map
// of the buckets, sorts that again and makes three objects of each: with a histogram
// for each loop that would be most of what a scrape leaves for the collector.
type histogramMetric struct {
	desc   *prometheus.Desc
	h      *eio.Histogram
	labels []*dto.LabelPair
}

// Desc implements [prometheus.Metric].
func (m *histogramMetric) Desc() *prometheus.Desc { return m.desc }

// Write implements [prometheus.Metric].
func (m *histogramMetric) Write(out *dto.Metric) error {
	count, sum := m.h.Count(), m.h.Sum.Seconds()
	buckets, counts := make([]dto.Bucket, len(bounds)), make([]uint64, len(bounds))
	list, n := make([]*dto.Bucket, len(bounds)), uint64(0)
	for i := range bounds {
		n += m.h.Buckets[i]
		counts[i] = n
		buckets[i].CumulativeCount, buckets[i].UpperBound = &counts[i], &bounds[i]
		list[i] = &buckets[i]
	}
	out.Label = m.labels
	out.Histogram = &dto.Histogram{SampleCount: &count, SampleSum: &sum, Bucket: list}
	return nil
}

// collector has the library see the families of an Admin.
type collector struct{ admin *Admin }

// Describe implements [prometheus.Collector].
func (c collector) Describe(to chan<- *prometheus.Desc) {
	for i := range families {
		to <- families[i].Desc
	}
}

// Collect implements [prometheus.Collector].
func (c collector) Collect(to chan<- prometheus.Metric) {
	f := c.admin.read()
	for i := range families {
		families[i].read(f, &reading{&families[i], to})
	}
}

// runtimeMetrics are those of package runtime/metrics that are told beside what
// the library tells of Go anyway: the collector's time and pauses, and how long
// goroutines wait for a processor.
var runtimeMetrics = regexp.MustCompile(`^/(cpu/classes/gc/total:cpu-seconds|gc/cycles/total:gc-cycles|sched/pauses/total/gc:seconds|sched/latencies:seconds)$`)

// newRegistry makes what /metrics asks. It is the Admin's own: a package that
// registers metrics with the library's global one is not heard here.
func newRegistry(a *Admin) *prometheus.Registry {
	r := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "sio_fast_build_info", Help: "Always 1: what is running stands in the labels.",
		ConstLabels: prometheus.Labels{
			"version": a.opts.Version, "revision": a.opts.Revision, "goversion": goVersion,
		},
	})
	info.Set(1)
	r.MustRegister(info, collector{a},
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		collectors.NewGoCollector(collectors.WithGoCollectorRuntimeMetrics(
			collectors.GoRuntimeMetricsRule{Matcher: runtimeMetrics})))
	return r
}

// metrics answers /metrics, in whichever of the library's formats the scraper
// prefers. The library's own handler would bring its compressors along, for an
// answer that is asked for over the loopback.
func (a *Admin) metrics(w http.ResponseWriter, r *http.Request) {
	all, err := a.registry.Gather()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		a.opts.Logger.Error("metrics", "error", err)
		return
	}
	format := expfmt.NegotiateIncludingOpenMetrics(r.Header)
	w.Header().Set("Content-Type", string(format))
	e := expfmt.NewEncoder(w, format)
	for _, f := range all {
		if e.Encode(f) != nil {
			return // the scraper has gone: nobody is left to be told
		}
	}
	if c, ok := e.(expfmt.Closer); ok {
		_ = c.Close() // as above
	}
}
