package pool

import (
	"bytes"
	"sync"
	"testing"
)

func upper(dst, src []byte) ([]byte, bool) { return append(dst, bytes.ToUpper(src)...), true }

func same(dst, _ []byte) ([]byte, bool) { return dst, false }

func TestVariant(t *testing.T) {
	s := NewShared()
	s.B = append(s.B, "abc"...)
	var made int
	count := func(dst, src []byte) ([]byte, bool) { made++; return upper(dst, src) }
	v := s.Variant(Deflated, count)
	if string(v.B) != "ABC" || s.Variant(Deflated, count) != v || made != 1 {
		t.Fatalf("%q, made %d times", v.B, made)
	}
	w := v.Variant(Deflated, same) // a variant has its own
	if w != v {
		t.Errorf("%q is not itself", w.B)
	}
	v.Retain()
	s.Release()
	if string(v.B) != "ABC" { // it outlives s for whoever retained it
		t.Errorf("%q", v.B)
	}
	v.Release()
	s = NewShared() // perhaps the same memory: its variants are gone
	s.B = append(s.B, "x"...)
	if v := s.Variant(Deflated, upper); string(v.B) != "X" {
		t.Errorf("%q", v.B)
	}
	s.Release()
}

// TestVariantOnce asks from many goroutines at once: one of them makes it.
func TestVariantOnce(t *testing.T) {
	for range 200 {
		s := NewShared()
		s.B = append(s.B, "abc"...)
		made := 0 // guarded by the variants' lock
		var all sync.WaitGroup
		const holders = 4
		s.RetainN(holders)
		for range holders {
			all.Add(1)
			go func() {
				defer all.Done()
				v := s.Variant(Deflated, func(dst, src []byte) ([]byte, bool) {
					made++
					return upper(dst, src)
				})
				if string(v.B) != "ABC" {
					t.Errorf("%q", v.B)
				}
				s.Release()
			}()
		}
		all.Wait()
		if made != 1 {
			t.Fatalf("made %d times", made)
		}
		s.Release()
	}
}
