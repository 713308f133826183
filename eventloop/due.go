//go:build linux

package eventloop

import "sync/atomic"

// due decides when the inbox is served that a read has filled: handlers on the
// loop post what they emit, like everybody else.
//
// At once, at the end of that read, spares a write to the eventfd, a turn of
// epoll and a read: a fifth of an echo. But when several connections of one
// round broadcast, it pays to serve the inbox after all of them, for what meets
// at one socket leaves in one send. gnet does not say where a round ends; the
// eventfd does, since it takes its turn behind the sockets that are ready. So
// one read in probeEvery is put off to see how many others come before the
// eventfd, and while that is a crowd, all are.
//
// A wake that comes during a read rings nobody: the end of the read looks.
type due struct {
	busy   atomic.Bool // the loop is in a read
	missed atomic.Bool // somebody wanted it; set before busy is looked at

	// Loop only.
	put    bool // the eventfd was rung for this round
	crowd  bool // several reads of the last round filled the inbox
	reads  int  // that have since put was set
	direct int  // reads served at once since the last probe

	// The same for what reads answer, which may leave in one system call.
	many  bool // many reads of the last round answered
	held  int  // reads whose answers wait for the round's end
	alone int  // reads whose answers left at once since the last probe
}

// manyHeld is how many answers are worth the eventfd.
const manyHeld = 8

const probeEvery = 32

type verdict uint8

const (
	dueNothing verdict = iota // nobody posted, or the round's end is on its way
	dueNow
	dueLater // ring, and wait for the round's end
)

// enter and leave enclose a read. Loop only.
func (d *due) enter() { d.busy.Store(true) }
func (d *due) leave() { d.busy.Store(false) }

// wanted notes a wake, and tells whether the eventfd must be rung for it. Any
// goroutine.
func (d *due) wanted() (ring bool) {
	d.missed.Store(true)
	return !d.busy.Load()
}

// verdict is asked after leave. Loop only.
func (d *due) verdict() verdict {
	switch {
	case !d.missed.Load():
		return dueNothing
	case d.put:
		d.reads++
		return dueNothing
	case !d.crowd && d.direct < probeEvery:
		d.direct++
		return dueNow
	}
	d.put, d.reads, d.direct = true, 1, 0
	return dueLater
}

// gathers says that answers may wait for the round's end. Loop only.
func (d *due) gathers() bool {
	switch {
	case d.many || d.held > 0:
		return true
	case d.alone < probeEvery:
		d.alone++
		return false
	}
	d.alone = 0
	return true
}

// hold notes a read whose answers wait, and tells whether the eventfd must be
// rung for the round. Loop only.
func (d *due) hold() (ring bool) {
	if d.held++; d.put {
		return false
	}
	d.put, d.reads, d.direct = true, 0, 0
	return true
}

// served is called before the inbox is. Loop only.
func (d *due) served() {
	d.missed.Store(false)
	if d.put {
		d.put = false
		d.crowd = d.reads > 1
	}
	if d.held > 0 {
		d.many, d.held = d.held >= manyHeld, 0
	}
}

// Wake implements [eio.Waker]. Any goroutine. Does not allocate.
func (l *loop) Wake() {
	if l.due.wanted() {
		l.wake.ring()
	}
}
