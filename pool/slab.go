package pool

// slabKeep is how many free values a Slab keeps unless told otherwise.
const slabKeep = 1024

// Slab is a free list of one goroutine, without any synchronisation. The zero
// value is ready. A Slab must not be copied after its first use.
type Slab[T any] struct {
	// Keep is how many free values are kept; more are left to the garbage
	// collector. 0 means 1024.
	Keep int
	// Reset empties a value that comes back, keeping what is worth keeping
	// (the room of a slice). nil means that the value is zeroed.
	Reset func(*T)
	// Chunk is how many values are made at once, so that a crowd that wants one
	// each costs few allocations. They are freed
	// together, once none of them is in use or kept. 0 means 1.
	Chunk int

	free []*T
}

// Get gives a zero value, or one as Reset left it. Loop only. Does not allocate
// while there are free ones.
func (s *Slab[T]) Get() *T {
	var v *T
	if n := len(s.free); n > 0 {
		v = s.free[n-1]
		s.free[n-1] = nil
		s.free = s.free[:n-1]
	} else {
		v = s.make()
	}
	took(v)
	return v
}

func (s *Slab[T]) make() *T {
	if s.Chunk <= 1 || debug {
		return new(T)
	}
	vs := make([]T, s.Chunk)
	for i := range vs[1:] {
		s.free = append(s.free, &vs[i+1])
	}
	return &vs[0]
}

// Put takes v back and empties it. Putting nil does nothing. Loop only. Does
// not allocate once the list has grown.
func (s *Slab[T]) Put(v *T) {
	if v == nil {
		return
	}
	gave(v)
	if s.Reset != nil {
		s.Reset(v)
	} else {
		var zero T
		*v = zero
	}
	keep := s.Keep
	if keep == 0 {
		keep = slabKeep
	}
	if debug || len(s.free) >= keep {
		return
	}
	s.free = append(s.free, v)
}

// Trim leaves at most keep free values to be used again, and no more room for
// others than they take. Loop only.
func (s *Slab[T]) Trim(keep int) {
	if n := min(keep, len(s.free)); cap(s.free) > n {
		s.free = append(make([]*T, 0, n), s.free[:n]...)
	}
}
