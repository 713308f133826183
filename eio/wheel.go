package eio

// Timer is what a [Wheel] calls when its time has come. Fire is called on the
// loop and may set new timers.
type Timer interface{ Fire(l *Loop) }

// TimerID names a pending timer of one wheel. Zero names none.
type TimerID uint64

const (
	wheelSlots = 512     // buckets: a power of two
	wheelStep  = 8       // ms a bucket: finer than the finest tick
	keepTimers = 64      // entries that an empty wheel keeps
	wheelKeep  = 1 << 12 // room of the scratch list that is kept after a burst
)

// Wheel holds the few deadlines of a loop that are not heartbeats: acks,
// upgrades, orderly closes. It is a hashed timing wheel without a clock: the
// loop's tick brings the time.
//
//	buckets  0 ─► timer ─► timer      a timer stands in bucket (at/8) mod 512
//	         1                        and is looked at once a turn (4.1 s)
//	         2 ─► timer               until its time has come
//
// Loop only, all methods.
type Wheel struct {
	timers []wheelTimer // slab; index 0 is not used
	free   uint32       // head of the list of free entries
	live   int
	cursor int64 // the next bucket step to look at
	now    int64
	due    []TimerID // scratch of fireBucket
	gen    uint32    // of new entries: above those of entries given back
	heads  [wheelSlots]uint32
}

type wheelTimer struct {
	timer      Timer
	at         int64
	prev, next uint32 // within the bucket; next also links the free list
	gen        uint32
	bucket     uint16
	pending    bool
}

// After has t fire ms milliseconds from now, at the first tick that is not
// earlier. Does not allocate while old entries can be used again.
func (w *Wheel) After(ms int64, t Timer) TimerID {
	if w.timers == nil {
		w.timers = make([]wheelTimer, 1, 16)
	}
	i := w.free
	if i != 0 {
		w.free = w.timers[i].next
	} else {
		i = uint32(len(w.timers))
		w.timers = append(w.timers, wheelTimer{gen: w.gen})
	}
	e := &w.timers[i]
	// At least 1: a timer set by a firing one must not fire in the same call.
	e.timer, e.at, e.pending = t, w.now+max(ms, 1), true
	e.gen++
	w.link(i, max(e.at/wheelStep, w.cursor))
	w.live++
	return TimerID(e.gen)<<32 | TimerID(i)
}

// Cancel takes the timer back. It reports whether it was still pending.
func (w *Wheel) Cancel(id TimerID) bool {
	i := uint32(id)
	if i == 0 || int(i) >= len(w.timers) {
		return false
	}
	e := &w.timers[i]
	if !e.pending || e.gen != uint32(id>>32) {
		return false
	}
	w.unlink(i)
	w.release(i)
	return true
}

// Len is the number of pending timers.
func (w *Wheel) Len() int { return w.live }

func (w *Wheel) link(i uint32, step int64) {
	b := uint16(step & (wheelSlots - 1))
	e := &w.timers[i]
	e.bucket, e.prev, e.next = b, 0, w.heads[b]
	if e.next != 0 {
		w.timers[e.next].prev = i
	}
	w.heads[b] = i
}

func (w *Wheel) unlink(i uint32) {
	e := &w.timers[i]
	if e.prev != 0 {
		w.timers[e.prev].next = e.next
	} else {
		w.heads[e.bucket] = e.next
	}
	if e.next != 0 {
		w.timers[e.next].prev = e.prev
	}
}

func (w *Wheel) release(i uint32) {
	e := &w.timers[i]
	e.timer, e.pending = nil, false
	e.next, w.free = w.free, i
	w.live--
}

// trim gives back the entries of a wheel without timers. Their numbers will be
// given out again, so the generations must go on: an old TimerID names nobody.
func (w *Wheel) trim() {
	if w.live > 0 || len(w.timers) <= keepTimers {
		return
	}
	for i := range w.timers {
		w.gen = max(w.gen, w.timers[i].gen)
	}
	w.timers, w.free, w.due = nil, 0, nil
}

// advance fires every timer that is due at now, in the order of its bucket. A
// timer set meanwhile fires in a later call, even one of 0 ms.
func (w *Wheel) advance(l *Loop, now int64) {
	w.now = now
	last := now / wheelStep
	if w.live == 0 {
		w.cursor = last
		return
	}
	// A turn looks at every bucket once, however long the loop was away.
	first := max(w.cursor, last-wheelSlots+1)
	for step := first; step <= last; step++ {
		w.fireBucket(l, int(step&(wheelSlots-1)), now)
	}
	w.cursor = last
}

// fireBucket fires what is due in one bucket, the oldest first. Fire may cancel
// or set any timer, so what is due is named first and looked up again.
func (w *Wheel) fireBucket(l *Loop, b int, now int64) {
	due := w.due[:0]
	for i := w.heads[b]; i != 0; i = w.timers[i].next {
		if e := &w.timers[i]; e.at <= now {
			due = append(due, TimerID(e.gen)<<32|TimerID(i))
		}
	}
	w.due = due
	for k := len(due) - 1; k >= 0; k-- {
		i := uint32(due[k])
		e := &w.timers[i]
		if !e.pending || e.gen != uint32(due[k]>>32) {
			continue
		}
		t := e.timer
		w.unlink(i)
		w.release(i)
		l.fire(t)
	}
	if cap(w.due) > wheelKeep {
		w.due = nil
	}
}
