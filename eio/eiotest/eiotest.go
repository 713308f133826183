// Package eiotest drives an eio.Loop by hand, for tests and benchmarks of
// everything above the engine's lower seam: connections in memory, time that
// stands still until it is told to move, no goroutine, no socket.
//
//	d := eiotest.New(mux)
//	c := d.Dial()
//	c.Write([]byte("GET /engine.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: x\r\n\r\n"))
//	got := c.Take() // what the server sent
//	d.Advance(25 * time.Second)
package eiotest

import (
	"errors"
	"net/netip"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// start is where the time of every driver begins.
var start = time.Now()

// Driver owns one or more loops and their time. One goroutine only; what the
// loops are posted from elsewhere waits for [Driver.Run].
type Driver struct {
	Mux   *eio.Mux
	loops []*looper
	now   time.Time

	closing []*Conn // the server asked for it
}

type looper struct {
	loop *eio.Loop
	wake chan struct{} // one token: somebody called Wake
}

// Wake implements eio.Waker.
func (l *looper) Wake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// New makes a driver for m with one loop, and sets m's clock to its own.
func New(m *eio.Mux) *Driver { return NewLoops(m, 1) }

// NewLoops is New with n loops.
func NewLoops(m *eio.Mux, n int) *Driver {
	d := &Driver{Mux: m, now: start}
	m.Clock = func() time.Time { return d.now }
	for range n {
		l := &looper{wake: make(chan struct{}, 1)}
		l.loop = m.NewLoop(l)
		d.loops = append(d.loops, l)
	}
	return d
}

// Loop is the driver's i-th loop.
func (d *Driver) Loop(i int) *eio.Loop { return d.loops[i].loop }

// Now is the driver's time.
func (d *Driver) Now() time.Time { return d.now }

// Run runs every loop until none has anything to do.
func (d *Driver) Run() {
	for again := true; again; {
		again = false
		for _, l := range d.loops {
			select {
			case <-l.wake:
				l.loop.Run()
				again = true
			default:
			}
		}
	}
}

// Sleep moves the time on without a tick, as a callback does that takes long.
func (d *Driver) Sleep(t time.Duration) { d.now = d.now.Add(t) }

// Settle brings every close that the server asked for.
func (d *Driver) Settle() {
	for len(d.closing) > 0 {
		c := d.closing[0]
		d.closing = d.closing[1:]
		if !c.gone {
			c.gone = true
			c.peer.Closed(nil)
			c.peer.Loop().Flush()
			d.Run()
		}
	}
}

// Advance moves the time on, with every tick that falls into it.
func (d *Driver) Advance(t time.Duration) {
	end := d.now.Add(t)
	step := d.loops[0].loop.TickEvery()
	for d.now.Before(end) {
		d.now = d.now.Add(min(step, end.Sub(d.now)))
		for _, l := range d.loops {
			l.loop.Tick(d.now)
		}
		d.Run()
		d.Settle()
	}
}

// Wait runs the loops until done, for what comes from other goroutines. It
// reports whether it was done within five seconds.
func (d *Driver) Wait(done func() bool) bool {
	deadline := time.Now().Add(5 * time.Second)
	for !done() {
		if time.Now().After(deadline) {
			return false
		}
		d.Run()
		time.Sleep(50 * time.Microsecond)
	}
	return true
}

// Stop ends the loops.
func (d *Driver) Stop() {
	for _, l := range d.loops {
		l.loop.Stop()
	}
}

// Conn is a connection in memory: the server's end is an eio.Conn, the test is
// the client. Until SetRoom the kernel takes everything.
type Conn struct {
	d    *Driver
	peer eio.Peer
	out  []byte

	// Sends counts the system calls that Send and SendV stand for.
	Sends int
	// Bytes counts what was sent.
	Bytes int
	// Discard throws away what the server sends, after it was counted.
	Discard bool
	// Err is what Send returns from now on.
	Err error
	// Remote is what RemoteAddr says.
	Remote netip.AddrPort
	// TLS is what Secure says.
	TLS bool
	// Stuck has Move fail.
	Stuck bool

	room     int // bytes the kernel still takes; negative: any
	full     bool
	closing  bool // the server wants to close
	aborted  bool
	halfDone bool
	gone     bool // Closed was called
}

var errGone = errors.New("eiotest: connection closed")

// Dial opens a connection to loop 0.
func (d *Driver) Dial() *Conn { return d.DialLoop(0) }

// DialLoop opens a connection to the i-th loop.
func (d *Driver) DialLoop(i int) *Conn {
	c := &Conn{d: d, room: -1, Remote: netip.MustParseAddrPort("192.0.2.1:4711")}
	d.loops[i].loop.Accept(&c.peer, (*end)(c))
	return c
}

// Feed gives the server bytes from the client as one read, without the flush at
// the end of the batch. The server unmasks in place: it writes b.
func (c *Conn) Feed(b []byte) {
	if c.gone || c.closing {
		return
	}
	c.peer.Feed(b)
}

// Write is Feed for a copy of b, then Flush, Run and whatever closes follow.
func (c *Conn) Write(b []byte) {
	c.Feed(append([]byte(nil), b...))
	c.Settle()
}

// WriteString is Write.
func (c *Conn) WriteString(s string) { c.Write([]byte(s)) }

// WriteBytewise is Write, one byte a read.
func (c *Conn) WriteBytewise(b []byte) {
	for i := range b {
		c.Write(b[i : i+1])
	}
}

// Settle flushes, runs the loops, and brings the closes that the server asked
// for.
func (c *Conn) Settle() {
	c.peer.Loop().Flush()
	c.d.Run()
	c.d.Settle()
}

// Close is the client closing its connection.
func (c *Conn) Close() {
	c.CloseWith(nil)
}

// CloseWith is the connection breaking with err.
func (c *Conn) CloseWith(err error) {
	if !c.gone {
		c.gone = true
		c.peer.Closed(err)
		c.peer.Loop().Flush()
		c.d.Run()
		c.d.Settle()
	}
}

// Take gives what the server sent since the last Take.
func (c *Conn) Take() []byte {
	out := c.out
	c.out = nil
	return out
}

// String is Take as a string.
func (c *Conn) String() string { return string(c.Take()) }

// SetRoom has the kernel take only n more bytes. Negative: any number, and a
// peer that met a full kernel is told that there is room again.
func (c *Conn) SetRoom(n int) {
	c.room = n
	if n != 0 && c.full && !c.gone {
		c.full = false
		c.peer.Writable()
		c.d.Run()
		c.d.Settle()
	}
}

// Closing reports that the server has closed the connection, or wants to.
func (c *Conn) Closing() bool { return c.closing }

// Aborted reports that it did so by Abort.
func (c *Conn) Aborted() bool { return c.aborted }

// HalfClosed reports that the server has ended its stream.
func (c *Conn) HalfClosed() bool { return c.halfDone }

// Peer lends the server's end.
func (c *Conn) Peer() *eio.Peer { return &c.peer }

// Server is the server's end of c as an eio.Conn, for tests of drivers.
func (c *Conn) Server() eio.Conn { return (*end)(c) }
