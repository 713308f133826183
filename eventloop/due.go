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
}

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

// served is called before the inbox is. Loop only.
func (d *due) served() {
	d.missed.Store(false)
	if d.put {
		d.put = false
		d.crowd = d.reads > 1
	}
}

// Wake implements [eio.Waker]. Any goroutine. Does not allocate.
func (l *loop) Wake() {
	if l.due.wanted() {
		l.wake.ring()
	}
}
