package wsframe

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

func TestMaskOracle(t *testing.T) {
	sizes := []int{cipherTextFrom, 1000, 4096, 65537}
	for n := range 140 {
		sizes = append(sizes, n)
	}
	for _, n := range sizes {
		for offset := range 9 {
			for shift := range 4 { // not aligned
				room := make([]byte, shift+n+8)
				for i := range room {
					room[i] = byte(rand.Uint32())
				}
				want := bytes.Clone(room)
				naiveMask(want[shift:shift+n], testKey, offset)
				Mask(room[shift:shift+n], testKey, offset)
				if !bytes.Equal(room, want) {
					t.Fatalf("%d bytes at offset %d, shift %d", n, offset, shift)
				}
			}
		}
	}
}

// TestMaskASCII sets one byte at each place above 127: the answer must tell.
func TestMaskASCII(t *testing.T) {
	for n := range 100 {
		for at := -1; at < n; at++ {
			b := bytes.Repeat([]byte{'~'}, n)
			if at >= 0 {
				b[at] = 0x80
			}
			naiveMask(b, testKey, 3)
			if got := mask(b, testKey, 3); got != (at < 0) {
				t.Fatalf("%d bytes, byte %d not ASCII: mask says %v", n, at, got)
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add([]byte("hello"), uint32(0x37fa213d), 3)
	f.Add(bytes.Repeat([]byte("µ"), 500), uint32(1), 0)
	f.Fuzz(func(t *testing.T, in []byte, k uint32, offset int) {
		offset &= 1<<40 - 1
		key := [4]byte{byte(k), byte(k >> 8), byte(k >> 16), byte(k >> 24)}
		got, want, text := bytes.Clone(in), bytes.Clone(in), bytes.Clone(in)
		Mask(got, key, offset)
		naiveMask(want, key, offset)
		if !bytes.Equal(got, want) {
			t.Fatalf("% x, key % x, offset %d: % x, want % x", in, key, offset, got, want)
		}
		naiveMask(want, key, offset)
		naiveMask(want, key, 0)
		if ok := unmask(text, key, true); ok != utf8.Valid(want) || !bytes.Equal(text, want) {
			t.Fatalf("unmask says %v", ok)
		}
	})
}

// BenchmarkMask compares our loop with ws.Cipher; the constants cipherFrom and
// cipherTextFrom are where they meet.
func BenchmarkMask(b *testing.B) {
	for _, n := range []int{5, 16, 64, 128, 256, 512, 768, 1024, 4096, 65536} {
		buf := make([]byte, n)
		b.Run(fmt.Sprintf("own/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				mask(buf, testKey, 0)
			}
		})
		b.Run(fmt.Sprintf("cipher/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				ws.Cipher(buf, testKey, 0)
			}
		})
		b.Run(fmt.Sprintf("cipher+utf8/%d", n), func(b *testing.B) {
			b.SetBytes(int64(n))
			b.ReportAllocs()
			clear(buf)
			key := [4]byte{}
			for b.Loop() {
				ws.Cipher(buf, key, 0)
				if !utf8.Valid(buf) {
					b.Fatal("not UTF-8")
				}
			}
		})
	}
}
