package bench

import (
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/sio"
)

// newDeflateWorld is newWorld with compression on; compress says whether the
// clients negotiate it.
func newDeflateWorld(tb testing.TB, clients int, compress bool) *world {
	tb.Helper()
	m := eio.NewMux()
	io, err := sio.New(&sio.Options{Mux: m, PerMessageDeflate: &sio.Deflate{}, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{io: io, d: eiotest.New(m)}
	register(w)
	if compress {
		w.headers = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
	}
	for range clients {
		w.join(tb)
	}
	return w
}

// record is about 4 KB of JSON, as a feed sends it.
func record() []byte {
	r := rand.New(rand.NewPCG(3, 4))
	var b strings.Builder
	b.WriteByte('[')
	for b.Len() < 4000 {
		fmt.Fprintf(&b, `{"id":%d,"name":"user%d","score":%.3f,"tags":["alpha","beta","%x"]},`,
			r.IntN(1e6), r.IntN(1000), r.Float64()*100, r.Uint32())
	}
	return []byte(b.String()[:b.Len()-1] + "]")
}

// BenchmarkDeflateFanout sends 4 KB to 1,000 clients, which negotiated
// compression or did not; the bytes are what went into the kernel.
func BenchmarkDeflateFanout(b *testing.B) {
	args := record()
	for _, compress := range []bool{false, true} {
		w := newDeflateWorld(b, 1000, compress)
		b.Run(map[bool]string{false: "plain", true: "compressed"}[compress], func(b *testing.B) {
			before := w.clients[0].conn.Bytes
			b.ReportAllocs()
			for b.Loop() {
				_ = w.io.EmitRaw("x", args)
				w.d.Run()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/1000, "ns/delivery")
			b.ReportMetric(float64(w.clients[0].conn.Bytes-before)/float64(b.N), "bytes/delivery")
		})
	}
}
