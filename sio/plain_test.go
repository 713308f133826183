//go:build unix

package sio

import (
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"unicode/utf8"
)

// plainBytes is the oracle: byte by byte.
func plainBytes(b []byte) (n int, high bool) {
	for n < len(b) && b[n] >= 0x20 && b[n] != '"' && b[n] != '\\' {
		high = high || b[n] >= utf8.RuneSelf
		n++
	}
	return n, high
}

func samePlain(t *testing.T, b []byte) {
	t.Helper()
	n, high := plainBytes(b)
	if k, h := plainRun(b); k != n || h != high {
		t.Fatalf("plainRun(%q) = %d, %v; want %d, %v", b, k, h, n, high)
	}
	if k, h := plainRunOf(string(b)); k != n || h != high {
		t.Fatalf("plainRunOf(%q) = %d, %v; want %d, %v", b, k, h, n, high)
	}
	if k, h := plainWords(b); k != n || h != high {
		t.Fatalf("plainWords(%q) = %d, %v; want %d, %v", b, k, h, n, high)
	}
}

// TestPlainRun has every byte in every place of texts of every small length.
func TestPlainRun(t *testing.T) {
	samePlain(t, nil)
	for size := 1; size < 70; size++ {
		b := slices.Repeat([]byte{'a'}, size)
		samePlain(t, b)
		for i := range b {
			for c := range 256 {
				b[i] = byte(c)
				samePlain(t, b)
			}
			b[i] = 'a'
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 200_000 {
		b := make([]byte, r.IntN(100))
		for i := range b {
			if b[i] = byte(r.Uint32()); r.IntN(8) > 0 {
				b[i] = "az \x80\xff#![]\x7f"[r.IntN(10)]
			}
		}
		samePlain(t, b)
	}
}

// TestPlainRunPages reads at both ends of a page whose neighbours may not be
// read, with texts of which nothing but what is theirs may count.
func TestPlainRunPages(t *testing.T) {
	page := syscall.Getpagesize()
	m, err := syscall.Mmap(-1, 0, 3*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Munmap(m) }()
	for _, p := range [][]byte{m[:page], m[2*page:]} {
		if err := syscall.Mprotect(p, syscall.PROT_NONE); err != nil {
			t.Fatal(err)
		}
	}
	p := m[page : 2*page]
	for _, around := range []byte{'"', 0xff} {
		for i := range p {
			p[i] = around
		}
		for size := range 40 {
			for _, at := range []int{0, 1, 7, 16, page - size - 17, page - size - 1, page - size} {
				b := p[at : at+size : at+size]
				for i := range b {
					b[i] = 'a'
				}
				samePlain(t, b)
				if size > 0 {
					b[size-1] = '\\'
					samePlain(t, b)
					b[size-1] = 0x80
					samePlain(t, b)
				}
				for i := range b {
					b[i] = around
				}
			}
		}
	}
}

func FuzzPlainRun(f *testing.F) {
	f.Add([]byte(`plain text, longer than a step`), uint8(0))
	f.Add([]byte("with a \" in it and \x80 behind"), uint8(3))
	f.Fuzz(func(t *testing.T, b []byte, from uint8) {
		samePlain(t, b[min(int(from), len(b)):])
	})
}
