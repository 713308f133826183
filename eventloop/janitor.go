//go:build linux

package eventloop

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// janitor gives memory back to the system after a crowd has come or gone, or the
// heap has grown. The
// collector would, over minutes; but what a thousand handshakes leave behind is
// larger than what their connections need, and is never used again.
type janitor struct {
	checked int64 // when, in milliseconds of the core's clock
	rested  int64 // since when the number of connections has stood still
	seen    int64 // the number at the last look
	settled int64 // the number when memory was last given back

	held  int64        // heap bytes at the last look
	still int64        // since when they have stood still
	kept  atomic.Int64 // and those that were left when memory was last given back
}

const (
	janitorEvery = 1000 // ms between looks
	janitorRest  = 3000 // ms without change
	janitorCrowd = 1000 // connections: smaller changes are not worth a collection
	janitorHeap  = 64 << 20
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

// heavy reports that the heap holds a lot more than when memory was last given
// back, and has come to rest. A few connections can do that: large messages
// that never ended, backlogs that nobody read. When they have gone nothing
// allocates, so the collector, too, rests: it looks every two minutes.
func (j *janitor) heavy(now, heap int64) bool {
	if diff := max(heap, j.held) - min(heap, j.held); diff > heap/32 {
		j.held, j.still = heap, now
	}
	kept := j.kept.Load()
	if heap < kept {
		j.kept.Store(heap)
		return false
	}
	if now-j.still < janitorRest || heap-kept < janitorHeap || heap-kept < kept/4 {
		return false
	}
	j.kept.Store(heap)
	return true
}

// heap is what the process holds for its heap: live, dead, and free but not
// given back. It costs microseconds and stops nobody.
func heap() int64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/free:bytes"},
		{Name: "/memory/classes/heap/unused:bytes"}}
	metrics.Read(s)
	n := int64(0)
	for _, v := range s {
		if v.Value.Kind() == metrics.KindUint64 {
			n += int64(v.Value.Uint64())
		}
	}
	return n
}

// sweep gives memory back. Pools keep what they hold for one collection more,
// hence two.
func (j *janitor) sweep() {
	runtime.GC()
	debug.FreeOSMemory()
	j.kept.Store(heap())
}

// chores are done by the ticking goroutine, beside the loops.
func (k *core) chores(now int64) {
	heavy := false
	if now/janitorEvery != k.lastChore {
		k.lastChore = now / janitorEvery
		k.refreshLimit()
		heavy = !k.opt.KeepMemory && k.janitor.heavy(now, heap())
	}
	if !k.opt.KeepMemory && (k.janitor.due(now, k.conns.Load()) || heavy) {
		go k.janitor.sweep()
	}
}
