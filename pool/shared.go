package pool

import (
	"sync"
	"sync/atomic"
)

// Shared is bytes with a count of their holders. B is written by its maker
// while that is the only holder, and is immutable from the first time another
// one gets it. A Shared must not be copied.
type Shared struct {
	B      []byte
	refs   atomic.Int32
	others atomic.Pointer[variants] // nil: never asked for
}

var shareds = sync.Pool{New: func() any { return new(Shared) }}

// NewShared gives an empty Shared with one reference, the caller's. Any
// goroutine. Does not allocate once the pool is warm.
func NewShared() *Shared {
	var s *Shared
	if debug {
		s = new(Shared) // never an old one: a late Release must find its own count
	} else {
		s = shareds.Get().(*Shared)
	}
	took(s)
	s.refs.Store(1)
	return s
}

// CopyShared gives a Shared that holds a copy of b, which it borrows, in a buffer
// no larger than that: for what may wait for long, where a pooled buffer that
// something large has once grown would be held all the while. Any goroutine.
func CopyShared(b []byte) *Shared {
	s := &Shared{B: append(make([]byte, 0, len(b)), b...)}
	took(s)
	s.refs.Store(1)
	return s
}

// Retain adds a reference. Only a holder may call it. It panics if there is no
// holder left. Any goroutine. Does not allocate.
func (s *Shared) Retain() {
	if s.refs.Add(1) <= 1 {
		panic("pool: Retain of a released Shared")
	}
}

// RetainN adds n references at once, for n holders to come. Only a holder may
// call it. Any goroutine. Does not allocate.
func (s *Shared) RetainN(n int) {
	if n < 0 || s.refs.Add(int32(n)) <= int32(n) {
		panic("pool: Retain of a released Shared")
	}
}

// Release drops one reference; s is the caller's no more. The last one returns
// it to the pool. It panics when there was none left. Any goroutine. Does not
// allocate.
func (s *Shared) Release() {
	switch n := s.refs.Add(-1); {
	case n > 0:
		return
	case n < 0:
		panic("pool: Release of a released Shared")
	}
	if set := s.others.Load(); set != nil {
		s.dropVariants(set)
	}
	gave(s)
	if debug {
		poison(s.B)
		return
	}
	if cap(s.B) > MaxPooled {
		s.B = nil
	} else {
		s.B = s.B[:0]
	}
	shareds.Put(s)
}
