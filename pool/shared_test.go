package pool

import (
	"sync"
	"testing"
)

func TestSharedCounts(t *testing.T) {
	s := NewShared()
	if len(s.B) != 0 {
		t.Fatalf("NewShared gave %d bytes", len(s.B))
	}
	s.B = append(s.B, "frame"...)
	s.Retain()
	s.RetainN(3)
	for range 4 {
		s.Release()
		if string(s.B) != "frame" {
			t.Fatal("the bytes went before the last holder")
		}
	}
	s.Release()
}

func TestCopyShared(t *testing.T) {
	b := []byte("frame")
	s := CopyShared(b)
	b[0] = 'F'
	if string(s.B) != "frame" || cap(s.B) > 8 {
		t.Errorf("%q in room for %d", s.B, cap(s.B))
	}
	s.Retain()
	s.Release()
	s.Release()
	mustPanic(t, "Release", func() { s.Release() })
	s.refs.Store(0) // the pool has it
}

func TestSharedPanics(t *testing.T) {
	mustPanic(t, "Release", func() { new(Shared).Release() })
	mustPanic(t, "Retain", func() { new(Shared).Retain() })
	mustPanic(t, "Retain", func() { new(Shared).RetainN(2) })
	s := NewShared()
	mustPanic(t, "Retain", func() { s.RetainN(-1) })
	s.Release()
}

func TestSharedOversizeIsDropped(t *testing.T) {
	s := NewShared()
	s.B = make([]byte, MaxPooled+1)
	s.Release()
	if !debug && s.B != nil {
		t.Errorf("a Shared of %d bytes was pooled", cap(s.B))
	}
}

// TestSharedAcrossGoroutines is for the race detector: holders read while
// others let go, and the pool hands the bytes on.
func TestSharedAcrossGoroutines(t *testing.T) {
	var wg sync.WaitGroup
	for maker := range 4 {
		wg.Go(func() {
			for range 200 {
				s := NewShared()
				for range 50 {
					s.B = append(s.B, byte(maker))
				}
				for range 3 {
					s.Retain()
					wg.Go(func() {
						defer s.Release()
						for _, b := range s.B {
							if b != byte(maker) {
								t.Error("another's bytes")
								return
							}
						}
					})
				}
				s.Release()
			}
		})
	}
	wg.Wait()
}
