package bench

import (
	"log/slog"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/sio"
)

func newRecoveryWorld(tb testing.TB, clients int) *world {
	tb.Helper()
	m := eio.NewMux()
	io, err := sio.New(&sio.Options{Mux: m, Recovery: &sio.Recovery{}, PingInterval: time.Hour, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{io: io, d: eiotest.New(m)}
	register(w)
	for range clients {
		w.join(tb)
	}
	return w
}

// BenchmarkRecovery: a broadcast to 1,000 clients that is remembered for those who
// may come back, and one client's coming back to ten events that it has missed.
func BenchmarkRecovery(b *testing.B) {
	args := []byte(payload)
	b.Run("broadcast-1000", func(b *testing.B) {
		w := newRecoveryWorld(b, 1000)
		b.ReportAllocs()
		for b.Loop() {
			_ = w.io.EmitRaw("x", args)
			w.d.Run()
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/delivery")
	})
	b.Run("return", func(b *testing.B) {
		w := newRecoveryWorld(b, 0)
		c := w.d.Dial()
		come := func(auth string) string {
			c = w.d.Dial()
			c.Write(append([]byte(upgrade), masked("40"+auth)...))
			w.d.Run()
			return c.String()
		}
		pid := regexp.MustCompile(`"pid":"([^"]+)"`).FindStringSubmatch(come(""))[1]
		_ = w.io.EmitRaw("x", args)
		w.d.Run()
		seen := regexp.MustCompile(`,"([^"]+)"\]$`).FindStringSubmatch(c.String())[1]
		back := `{"pid":"` + pid + `","offset":"` + seen + `"}`
		c.Close()
		for range 10 {
			_ = w.io.EmitRaw("x", args)
		}
		w.d.Run()
		b.ReportAllocs()
		for b.Loop() {
			// It has got them, but says the same offset the next time.
			if got := come(back); strings.Count(got, `["x",`) != 10 {
				b.Fatalf("came back to %q", got)
			}
			c.Close()
		}
	})
}
