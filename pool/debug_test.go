//go:build pooldebug

package pool

import (
	"strings"
	"testing"
)

func TestDebugCounts(t *testing.T) {
	before := Outstanding()
	var slab Slab[thing]
	b, s, v := Get(), NewShared(), slab.Get()
	if n := Outstanding() - before; n != 3 {
		t.Errorf("%d out, want 3", n)
	}
	leaks := strings.Join(Leaks(), "\n")
	for _, part := range []string{"*pool.Buf", "*pool.Shared", "*pool.thing", "TestDebugCounts"} {
		if !strings.Contains(leaks, part) {
			t.Errorf("Leaks has no %s: %s", part, leaks)
		}
	}
	Put(b)
	s.Release()
	slab.Put(v)
	if n := Outstanding() - before; n != 0 {
		t.Errorf("%d still out", n)
	}
}

func TestDebugPoison(t *testing.T) {
	b := Get()
	b.B = append(b.B, "secret"...)
	view := b.B
	Put(b)
	s := NewShared()
	s.B = append(s.B, "secret"...)
	late := s.B
	s.Release()
	for _, v := range [][]byte{view, late} {
		if strings.Trim(string(v), "\xdb") != "" {
			t.Errorf("a late reader sees %q", v)
		}
	}
}

func TestDebugDoublePut(t *testing.T) {
	b := Get()
	Put(b)
	mustPanic(t, "twice", func() { Put(b) })
	var slab Slab[thing]
	v := slab.Get()
	slab.Put(v)
	mustPanic(t, "twice", func() { slab.Put(v) })
	s := NewShared()
	s.Release()
	mustPanic(t, "Release", func() { s.Release() })
	mustPanic(t, "Retain", func() { s.Retain() })
}
