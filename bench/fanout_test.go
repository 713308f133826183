package bench

import (
	"strconv"
	"testing"
)

// BenchmarkFanout sends to everybody, to a room, and a flood of eight; the
// clock stops when everything is sent.
func BenchmarkFanout(b *testing.B) {
	args := []byte(payload)
	for _, members := range []int{10, 1000, 10_000} {
		w := newWorld(b, members)
		run := func(name string, flight int, emit func() error) {
			b.Run(name+"-"+strconv.Itoa(members), func(b *testing.B) {
				sends := w.sends()
				b.ReportAllocs()
				for b.Loop() {
					for range flight {
						_ = emit()
					}
					w.d.Run()
				}
				n := float64(b.N) * float64(members) * float64(flight)
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/n, "ns/delivery")
				b.ReportMetric(float64(w.sends()-sends)/n, "sends/delivery")
			})
		}
		run("all", 1, func() error { return w.io.EmitRaw("x", args) })
		run("room", 1, func() error { return w.io.To("room").EmitRaw("x", args) })
		run("flood", 8, func() error { return w.io.EmitRaw("x", args) })
	}
}

func (w *world) sends() (n int) {
	for _, c := range w.clients {
		n += c.conn.Sends
	}
	return n
}
