package sio

import (
	"bytes"
	"errors"
	"log/slog"
	"testing"
)

// TestLogFlood: whatever clients do, a handler that fails is logged so often a
// second and no more, and what was left out is counted.
func TestLogFlood(t *testing.T) {
	var log bytes.Buffer
	r := newRig(t, 1, &Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	r.io.Inline().On("bad", func(*Event) error { return errors.New("no") })
	r.io.Inline().On("worse", func(*Event) error { panic("no") })
	c := r.join(0)
	const each = 2000
	for range each {
		c.send(`42["bad"]`, `42["worse"]`)
	}
	r.settle()
	lines := bytes.Count(log.Bytes(), []byte("\n"))
	// A slow machine may need a few seconds; each has two gates.
	if lines < 2*linesPerSecond || lines > each {
		t.Errorf("%d lines for %d errors", lines, 2*each)
	}
	hidden := r.io.failures.hidden.Load() + r.io.crashes.hidden.Load()
	if hidden == 0 && !bytes.Contains(log.Bytes(), []byte("unlogged=")) {
		t.Error("nothing was counted")
	}
	if bytes.Contains(log.Bytes(), []byte("unlogged=0")) {
		t.Error("a line says that no line is missing")
	}
}
