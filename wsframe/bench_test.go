package wsframe

import (
	"fmt"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// BenchmarkDecoder is one frame from bytes to message, and its last call.
func BenchmarkDecoder(b *testing.B) {
	for _, n := range []int{8, 64, 125, 512, 1024, 65536} {
		for _, c := range []struct {
			name string
			b0   byte
			chop int
		}{{"text", 0x81, 1 << 20}, {"binary", 0x82, 1 << 20}, {"cut", 0x81, (n + 8) / 2}} {
			b.Run(fmt.Sprintf("%s/%d", c.name, n), func(b *testing.B) {
				in := appendMasked(nil, c.b0, strings.Repeat("x", n))
				room := make([]byte, len(in))
				var d Decoder
				b.SetBytes(int64(len(in)))
				b.ReportAllocs()
				for b.Loop() {
					copy(room, in)
					for p := room; len(p) > 0; p = p[min(c.chop, len(p)):] {
						q := p[:min(c.chop, len(p))]
						for {
							m, k, err := d.Next(q)
							if err != nil {
								b.Fatal(err)
							}
							if m.Op == 0 {
								break
							}
							q = q[k:]
						}
					}
				}
			})
		}
	}
}

func BenchmarkParseHeader(b *testing.B) {
	for _, n := range []int{64, 1024, 65536} {
		in := appendMasked(nil, 0x81, strings.Repeat("x", n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, k, err := ParseHeader(in); k == 0 || err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkFrameOut(b *testing.B) {
	for _, n := range []int{8, 64, 512, 4096} {
		payload := []byte(strings.Repeat("x", n))
		dst := make([]byte, 0, n+MaxHeader)
		b.Run(fmt.Sprintf("append/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = AppendFrame(dst[:0], ws.OpText, payload)
			}
		})
		b.Run(fmt.Sprintf("begin-end/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				dst = End(append(Begin(dst[:0], n), payload...), 0, ws.OpText)
			}
		})
	}
}

func BenchmarkUpgrade(b *testing.B) {
	dst := make([]byte, 0, 512)
	k := []byte("dGhlIHNhbXBsZSBub25jZQ==")
	b.ReportAllocs()
	for b.Loop() {
		dst = AppendUpgrade(dst[:0], k, "", nil)
	}
}
