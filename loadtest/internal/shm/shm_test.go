package shm

import "testing"

// TestWindows: a message belongs to the window in which it was sent, whenever it comes.
func TestWindows(t *testing.T) {
	a, f, err := Create()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	want := func(at int64, window int) {
		t.Helper()
		if got := a.Window(at); got != window {
			t.Errorf("%d is in window %d, want %d", at, got, window)
		}
	}
	want(5, -1)
	a.Begin(10)
	want(9, -1)
	want(11, 0)
	a.End(20)
	want(21, -1)
	a.Begin(30)
	want(15, 0)
	want(25, -1)
	want(99, 1)
	a.End(40)
	want(41, -1)
	want(40, 1)
	want(10, 0)
}
