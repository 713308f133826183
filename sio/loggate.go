package sio

import (
	"log/slog"
	"sync/atomic"
	"time"
)

// logGate lets a few lines a second through and counts the others. What a
// client can cause as often as it likes must not fill a disk, and whoever reads
// the log slowly must not hold up a loop. Any goroutine.
type logGate struct {
	second atomic.Int64 // in which lines are counted
	lines  atomic.Int32 // that were asked for in it
	hidden atomic.Uint64
}

// linesPerSecond is what one gate lets through.
const linesPerSecond = 20

// open says whether a line may be written now, and how many were not since the
// last that was.
func (g *logGate) open() (hidden uint64, ok bool) {
	now := time.Now().Unix()
	if was := g.second.Load(); was != now && g.second.CompareAndSwap(was, now) {
		g.lines.Store(0)
	}
	if g.lines.Add(1) > linesPerSecond {
		g.hidden.Add(1)
		return 0, false
	}
	return g.hidden.Swap(0), true
}

// unlogged says how many lines were not written, where there are any.
func unlogged(hidden uint64) slog.Attr {
	if hidden == 0 {
		return slog.Attr{} // which handlers leave out
	}
	return slog.Uint64("unlogged", hidden)
}
