package eio

import "time"

// bounds are the upper ends of a [Histogram]'s buckets: 1, 2 and 5 of each
// decade, from well below what a person or a network notices to well above it.
var bounds = [...]time.Duration{
	10 * time.Microsecond, 20 * time.Microsecond, 50 * time.Microsecond,
	100 * time.Microsecond, 200 * time.Microsecond, 500 * time.Microsecond,
	time.Millisecond, 2 * time.Millisecond, 5 * time.Millisecond,
	10 * time.Millisecond, 20 * time.Millisecond, 50 * time.Millisecond,
	100 * time.Millisecond, 200 * time.Millisecond, 500 * time.Millisecond,
	time.Second, 2 * time.Second, 5 * time.Second, 10 * time.Second,
}

// Histogram counts durations by their size. It is a value: two that were read
// at two times are compared with [Histogram.Since].
type Histogram struct {
	Buckets [len(bounds) + 1]uint64 // the last: longer than the last bound
	Sum     time.Duration
}

// HistogramBounds gives the longest duration of each bucket but the last, which
// has none. Any goroutine.
func HistogramBounds() []time.Duration { return append([]time.Duration(nil), bounds[:]...) }

func (h *Histogram) observe(d time.Duration) {
	i := 0
	for i < len(bounds) && d > bounds[i] {
		i++
	}
	h.Buckets[i]++
	h.Sum += max(d, 0)
}

func (h *Histogram) add(o *Histogram) {
	for i, n := range o.Buckets {
		h.Buckets[i] += n
	}
	h.Sum += o.Sum
}

// Count is how many durations were counted.
func (h Histogram) Count() (n uint64) {
	for _, b := range h.Buckets {
		n += b
	}
	return n
}

// Since is what came since old, an earlier reading of the same histogram.
func (h Histogram) Since(old Histogram) Histogram {
	for i, n := range old.Buckets {
		h.Buckets[i] -= n
	}
	h.Sum -= old.Sum
	return h
}

// Quantile estimates the duration that a share q of all does not exceed, as if
// those of a bucket were spread evenly over it. 0 if there are none.
func (h Histogram) Quantile(q float64) time.Duration {
	rank := q * float64(h.Count())
	if rank == 0 {
		return 0
	}
	var low time.Duration
	for i, n := range h.Buckets {
		if i == len(bounds) {
			break
		}
		if rank <= float64(n) {
			return low + time.Duration(rank/float64(n)*float64(bounds[i]-low))
		}
		rank -= float64(n)
		low = bounds[i]
	}
	return low
}
