package sio

import (
	"testing"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/wsframe"
)

// unframed reads a run of the server's frames: binary ones behind "bin:".
func unframed(t testing.TB, b []byte) (got []string) {
	t.Helper()
	for len(b) > 0 {
		op, payload, rest, ok := wsframe.Next(b)
		if !ok {
			t.Fatalf("not a run of frames: %q", b)
		}
		p := string(payload)
		switch op {
		case ws.OpBinary:
			p = "bin:" + p
		case ws.OpClose:
			p = "close"
		}
		got = append(got, p)
		b = rest
	}
	return got
}

// eventOf is an event that no socket stands behind, for what needs none. bins
// are its attachments.
func eventOf(args string, bins ...string) *Event {
	e := &Event{id: -1, name: []byte("ev"), args: []byte(args)}
	for _, b := range bins {
		e.bins = append(e.bins, []byte(b))
	}
	return e
}
