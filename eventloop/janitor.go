//go:build linux

package eventloop

import "runtime/debug"

// janitor gives memory back to the system after a crowd has come or gone. The
// collector would, over minutes; but what a thousand handshakes leave behind is
// larger than what their connections need, and is never used again.
type janitor struct {
	checked int64 // when, in milliseconds of the core's clock
	rested  int64 // since when the number of connections has stood still
	seen    int64 // the number at the last look
	settled int64 // the number when memory was last given back
}

const (
	janitorEvery = 1000 // ms between looks
	janitorRest  = 3000 // ms without change
	janitorCrowd = 1000 // connections: smaller changes are not worth a collection
)

// due reports, at most once a look, that n connections are a fifth more or
// fewer than when memory was last given back, and have not changed for a while.
func (j *janitor) due(now, n int64) bool {
	if now-j.checked < janitorEvery {
		return false
	}
	j.checked = now
	if still := max(j.seen, n) / 100; n > j.seen+still || n < j.seen-still {
		j.seen, j.rested = n, now
	}
	change := max(n, j.settled) - min(n, j.settled)
	if now-j.rested < janitorRest || change < janitorCrowd || change*5 < max(n, j.settled) {
		return false
	}
	j.settled = n
	return true
}

// chores are done by the ticking goroutine, beside the loops.
func (k *core) chores(now int64) {
	if now/janitorEvery != k.lastChore {
		k.lastChore = now / janitorEvery
		k.refreshLimit()
	}
	if !k.opt.KeepMemory && k.janitor.due(now, k.conns.Load()) {
		go debug.FreeOSMemory()
	}
}
