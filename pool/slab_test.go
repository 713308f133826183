package pool

import "testing"

type thing struct {
	n    int
	list []int
}

func TestSlabZeroes(t *testing.T) {
	var s Slab[thing]
	for range 3 {
		v := s.Get()
		if v.n != 0 || v.list != nil {
			t.Fatalf("Get gave %+v", v)
		}
		v.n, v.list = 7, []int{1}
		s.Put(v)
	}
	s.Put(nil)
}

func TestSlabReset(t *testing.T) {
	s := Slab[thing]{Reset: func(v *thing) { v.n, v.list = 0, v.list[:0] }}
	v := s.Get()
	v.n, v.list = 7, make([]int, 3, 10)
	s.Put(v)
	v = s.Get()
	defer s.Put(v)
	if v.n != 0 || len(v.list) != 0 || !debug && cap(v.list) != 10 {
		t.Errorf("Get gave %+v, room %d", v, cap(v.list))
	}
}

func TestSlabIsBounded(t *testing.T) {
	for keep, want := range map[int]int{0: slabKeep, 5: 5} {
		s := Slab[thing]{Keep: keep}
		var out []*thing
		for range want + 10 {
			out = append(out, s.Get())
		}
		for _, v := range out {
			s.Put(v)
		}
		if debug {
			want = 0
		}
		if len(s.free) != want {
			t.Errorf("Keep %d: %d free values", keep, len(s.free))
		}
	}
}

// TestSlabChunk: values made together are as separate as others.
func TestSlabChunk(t *testing.T) {
	s := Slab[thing]{Chunk: 8}
	seen := map[*thing]bool{}
	for i := range 20 {
		v := s.Get()
		if seen[v] || v.n != 0 {
			t.Fatalf("Get %d gave one that is in use", i)
		}
		seen[v], v.n = true, i+1
	}
	if len(s.free) != 4 && !debug {
		t.Errorf("%d free values after 20 of 3 chunks of 8", len(s.free))
	}
	for v := range seen {
		s.Put(v)
	}
}
