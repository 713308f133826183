package pool

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// TestMain fails when a test leaves something out (tag pooldebug).
func TestMain(m *testing.M) {
	code := m.Run()
	if n := Outstanding(); n != 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "%d values are still out: %q\n", n, Leaks())
		code = 1
	}
	os.Exit(code)
}

// mustPanic runs f and wants it to panic with a text that has part.
func mustPanic(t *testing.T, part string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if r := recover(); r == nil || !strings.Contains(fmt.Sprint(r), part) {
			t.Errorf("panic %v, want one with %q", r, part)
		}
	}()
	f()
}

func TestBufIsEmptyAgain(t *testing.T) {
	for range 100 {
		b := Get()
		if len(b.B) != 0 {
			t.Fatalf("Get gave %d bytes", len(b.B))
		}
		b.B = append(b.B, "something"...)
		Put(b)
	}
	Put(nil)
}

func TestBufOversizeIsDropped(t *testing.T) {
	for range 10 {
		b := Get()
		b.B = make([]byte, MaxPooled+1)
		Put(b)
	}
	for range 10 {
		b := Get()
		if cap(b.B) > MaxPooled {
			t.Errorf("a buffer of %d bytes was pooled", cap(b.B))
		}
		defer Put(b)
	}
}

func TestBufGrow(t *testing.T) {
	for _, c := range []struct{ have, room, n, limit, least, most int }{
		{0, 0, 1, 0, 64, 64},
		{0, 0, 100, 0, 100, 100},
		{100, 100, 1, 0, 200, 200},       // doubles
		{100, 100, 1, 150, 150, 150},     // but not beyond the limit
		{100, 100, 80, 150, 180, 180},    // unless that is too little
		{100, 300, 200, 0, 300, 300},     // there is room
		{100, 100, 500, 10000, 600, 600}, // what comes counts, not what is claimed
		{0, 0, 10, 20, 20, 20},
	} {
		b := &Buf{B: make([]byte, c.have, c.room)}
		for i := range b.B {
			b.B[i] = byte(i)
		}
		b.Grow(c.n, c.limit)
		if len(b.B) != c.have || cap(b.B) < c.least || cap(b.B) > c.most {
			t.Errorf("%+v: len %d, cap %d", c, len(b.B), cap(b.B))
		}
		for i := range b.B {
			if b.B[i] != byte(i) {
				t.Fatalf("%+v: byte %d lost", c, i)
			}
		}
	}
}
