package eio

import (
	"testing"
	"unsafe"
)

// TestSizes keeps what every idle client costs small. Peer is part of the
// driver's allocation for a connection, Session is one of its own; both are the
// size classes they fill.
func TestSizes(t *testing.T) {
	if n := unsafe.Sizeof(Peer{}); n > 96 {
		t.Errorf("a Peer takes %d bytes, want at most 96", n)
	}
	if n := unsafe.Sizeof(Session{}); n > 128 {
		t.Errorf("a Session takes %d bytes, want at most 128", n)
	}
	t.Log(unsafe.Sizeof(Peer{}), unsafe.Sizeof(Session{}), unsafe.Sizeof(polling{}), unsafe.Sizeof(exchange{}), unsafe.Sizeof(Loop{}))
}
