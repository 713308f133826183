//go:build linux

package eventloop

import (
	"context"
	"reflect"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// janitor gives memory back to the system after a crowd has come or gone, or the
// heap has grown. The
// collector would, over minutes; but what a thousand handshakes leave behind is
// larger than what their connections need, and is never used again.
type janitor struct {
	rested  int64 // since when the number of connections has stood still, in ms
	seen    int64 // the number at the last look
	settled int64 // the number when memory was last given back
	peak    int64 // the largest number since then

	held  int64        // heap bytes at the last look
	still int64        // since when they have stood still
	kept  atomic.Int64 // and those that were left when memory was last given back

	wanted int64         // since when memory is to be given back; 0: it is not
	spent  time.Duration // CPU time of the process at the last look
	looked int64         // when that was
}

const (
	janitorEvery = 1000 // ms between looks
	janitorRest  = 3000 // ms without change
	janitorCrowd = 1000 // connections: smaller changes are not worth a collection
	janitorHeap  = 64 << 20
	// janitorBusy is how long a server that is busy may keep the memory: whoever is
	// served meanwhile would pay for a collection and for pools that are filled anew.
	janitorBusy = 30_000 // ms
)

// due reports, once a look, that n connections are a fifth more than when
// memory was last given back, or fewer than there have been since, and have not
// changed for a while. A crowd need not have stayed: one that comes and goes
// leaves as much behind.
func (j *janitor) due(now, n int64) bool {
	if still := max(j.seen, n) / 100; n > j.seen+still || n < j.seen-still {
		j.seen, j.rested = n, now
	}
	j.peak = max(j.peak, n)
	change := max(n-j.settled, j.peak-n)
	if now-j.rested < janitorRest || change < janitorCrowd || change*5 < j.peak {
		return false
	}
	j.settled, j.peak = n, n
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

// may says, once a look, whether what is wanted may be done now: loops that take
// less than a quarter of their time are not busy. spent is the CPU time of the
// process so far.
func (j *janitor) may(now int64, spent time.Duration, loops int) bool {
	took, passed := spent-j.spent, time.Duration(now-j.looked)*time.Millisecond
	j.spent, j.looked = spent, now
	if j.wanted == 0 || 4*took > time.Duration(loops)*passed && now-j.wanted < janitorBusy {
		return false
	}
	j.wanted = 0
	return true
}

// cpuTime is what the process has spent.
func cpuTime() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
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

// giveBack has the loops give back what a crowd has left with them, and then
// the process.
func (k *core) giveBack() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	for _, l := range k.all() {
		l.ask(ctx, (*loop).trim)
	}
	k.janitor.sweep()
}

// trim gives back what only a crowd has needed. Loop only.
func (l *loop) trim() bool {
	l.eio.Trim()
	if cap(l.after)+cap(l.spare) > trimConns && len(l.after) == 0 {
		l.after, l.spare = nil, nil
	}
	l.scratch = nil
	l.aux.trim()
	return l.trimMap()
}

const (
	trimConns = 1 << 12 // connections that can be moved to a new map without a pause
	keepConns = 896     // room of that map: what Go puts into one table
)

// trimMap has gnet keep its connections in a new map: one that has held a
// million keeps 40 MB for ever. gnet has no word for that, so the map is found
// by its name; where it is not, nothing happens. It is this loop's alone.
func (l *loop) trimMap() bool {
	v := reflect.ValueOf(l.el)
	for _, name := range []string{"connections", "connMap"} {
		if v = reflect.Indirect(v); v.Kind() != reflect.Struct {
			return false
		}
		v = v.FieldByName(name)
	}
	if v.Kind() != reflect.Map || !v.CanAddr() || v.Len() > trimConns {
		return false
	}
	old := reflect.NewAt(v.Type(), v.Addr().UnsafePointer()).Elem()
	made := reflect.MakeMapWithSize(v.Type(), max(v.Len(), keepConns))
	for conns := old.MapRange(); conns.Next(); {
		made.SetMapIndex(conns.Key(), conns.Value())
	}
	old.Set(made)
	return true
}

// chores are done by the ticking goroutine, beside the loops. The first thing is
// to give back what starting has left: from then on the process is as large as
// its clients make it.
func (k *core) chores(now int64) {
	j, first := &k.janitor, k.lastChore < 0
	if now/janitorEvery == k.lastChore {
		return
	}
	k.lastChore = now / janitorEvery
	k.refreshLimit()
	if k.opt.KeepMemory {
		return
	}
	if first {
		go k.giveBack()
		return
	}
	crowd, heavy := j.due(now, k.conns.Load()), j.heavy(now, heap())
	if (crowd || heavy) && j.wanted == 0 {
		j.wanted = now
	}
	if j.may(now, cpuTime(), len(k.all())) {
		go k.giveBack()
	}
}
