package pool

import "sync"

// VariantKind names a way to say the same bytes otherwise.
type VariantKind uint8

// The kinds of variants. A variant may have variants of its own.
const (
	// Deflated is for websockets that negotiated permessage-deflate.
	Deflated VariantKind = iota
	// Base64 is for clients that take no binary.
	Base64
	// Typed is for clients of Engine.IO 3, where binary begins with its type.
	Typed
	// TypedBase64 is for those of them that take no binary.
	TypedBase64

	variantKinds
)

// variants are the other forms of a Shared. They live until it is released.
type variants struct {
	mu sync.Mutex
	of [variantKinds]*Shared
}

var variantSets = sync.Pool{New: func() any { return new(variants) }}

// Variant lends s in another form: made by the first holder that asks, once,
// and shared by all; meanwhile the others wait. It lives as long as s: retain
// it to keep it for longer. write appends the other form to dst, and says false
// where s itself will do. It borrows src and is called with a lock held. Only a
// holder may call Variant. Any goroutine. Does not allocate once the pools are
// warm.
func (s *Shared) Variant(kind VariantKind, write func(dst, src []byte) ([]byte, bool)) *Shared {
	set := s.others.Load()
	if set == nil {
		set = variantSets.Get().(*variants)
		if !s.others.CompareAndSwap(nil, set) {
			variantSets.Put(set)
			set = s.others.Load()
		}
	}
	set.mu.Lock()
	defer set.mu.Unlock()
	if set.of[kind] == nil {
		set.of[kind] = s.vary(write)
	}
	return set.of[kind]
}

// vary makes a variant, or says that s is one.
func (s *Shared) vary(write func(dst, src []byte) ([]byte, bool)) *Shared {
	v := NewShared()
	b, other := write(v.B, s.B)
	v.B = b
	if !other {
		v.Release()
		return s
	}
	return v
}

// dropVariants lets go of the variants of s, which has no holder left.
func (s *Shared) dropVariants(set *variants) {
	s.others.Store(nil)
	for kind, v := range set.of {
		if v != nil && v != s {
			v.Release()
		}
		set.of[kind] = nil
	}
	variantSets.Put(set)
}
