//go:build !race && !pooldebug

package pool

import "testing"

func TestAllocs(t *testing.T) {
	var q Inbox[*int]
	var s Slab[thing]
	v := new(int)
	data := make([]byte, 4096)
	for name, op := range map[string]func(){
		"buf get and put":        func() { b := Get(); b.B = append(b.B, data...); Put(b) },
		"buf grow":               func() { b := Get(); b.Grow(4000, 0); Put(b) },
		"shared new and release": func() { s := NewShared(); s.B = append(s.B, data...); s.Retain(); s.Release(); s.Release() },
		"inbox post and take": func() {
			for range 100 {
				q.Post(v)
			}
			for len(q.Take()) > 0 {
			}
		},
		"shared with a variant": func() { s := NewShared(); s.B = append(s.B, "x"...); s.Variant(Deflated, upperInPlace); s.Release() },
		"deflate and inflate": func() {
			d, f, b, c := GetDeflater(1), GetInflater(), Get(), Get()
			b.B = d.Append(b.B, data, true)
			if more, err := f.Append(c, b.B, nil, len(data)); more || err != nil || len(c.B) != len(data) {
				t.Error(more, err, len(c.B))
			}
			PutDeflater(d)
			PutInflater(f)
			Put(b)
			Put(c)
		},
		"slab get and put": func() { v := s.Get(); s.Put(v) },
	} {
		op() // warm the pools
		if n := testing.AllocsPerRun(200, op); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
}

// TestAllocsOfMixedSizes: a few large ones among many small ones cost nothing.
func TestAllocsOfMixedSizes(t *testing.T) {
	small, large := make([]byte, 40), make([]byte, 20000)
	op := func() {
		for i := range 1000 {
			data := small
			if i%100 == 0 {
				data = large
			}
			b := Get()
			b.B = append(b.B, data...)
			Put(b)
		}
	}
	for range 60 { // more than bytebufferpool waited before it judged
		op()
	}
	if n := testing.AllocsPerRun(20, op); n > 1 {
		t.Errorf("%v allocs in 1000, want 0", n)
	}
}

func TestSlabUsesAgain(t *testing.T) {
	var s Slab[thing]
	a, b := s.Get(), s.Get()
	s.Put(a)
	if s.Get() != a {
		t.Error("a free value was not used again")
	}
	if s.Get() == b {
		t.Error("a value was handed out twice")
	}
}

func BenchmarkShared(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		s := NewShared()
		s.B = append(s.B, "frame"...)
		s.Retain()
		s.Release()
		s.Release()
	}
}

func BenchmarkBuf(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		f := Get()
		f.B = append(f.B, "frame"...)
		Put(f)
	}
}

func BenchmarkSlab(b *testing.B) {
	var s Slab[thing]
	b.ReportAllocs()
	for b.Loop() {
		s.Put(s.Get())
	}
}

func upperInPlace(dst, _ []byte) ([]byte, bool) { return append(dst, 'X'), true }
