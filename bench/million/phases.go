//go:build linux

package main

import (
	"errors"
	"fmt"
	"time"
)

// run is one run and what it found.
type run struct {
	o     options
	c     *crowd
	facts map[string]string
	marks []mark
	took  durations

	wanted           int // clients; fewer came if patience ended
	rejoined         int
	holdPings        int64
	holdLost         int // clients cut while held
	heldWithout      int // clients that answered no ping while held
	least, most      int // deliveries of the broadcast a client
	missed, repeated int // clients
	slowest          time.Duration
}

type durations struct{ connect, hold, broadcast, leaveTenth, comeBack, leaveAll time.Duration }

// all is the run.
func (r *run) all() error {
	steps := []struct {
		name string
		do   func() error
	}{
		{"nobody yet", func() error { return r.mark("before") }},
		{"connect", r.connect},
		{"hold", r.hold},
		{"broadcast", r.broadcast},
		{"a tenth leaves and comes back", r.churn},
		{"all leave", r.leave},
	}
	for _, s := range steps {
		tell("== %s", s.name)
		if err := s.do(); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func tell(format string, args ...any) { fmt.Printf(format+"\n", args...) }

// patienceForLast is how long a broadcast may stand still before it is given up.
const patienceForLast = 5 * time.Minute

var errCut = errors.New("clients were cut")

// sound fails the run when a client was lost or got what it should not have.
func (r *run) sound() error {
	if r.c.lost > 0 || r.c.wrong > 0 {
		return fmt.Errorf("%w: %d, wrong messages: %d %v", errCut, r.c.lost, r.c.wrong, r.c.why)
	}
	return nil
}

// progress prints a line now and then.
type progress struct {
	begun, last time.Time
	lastN       int
}

func (p *progress) note(what string, n, of int) {
	now := time.Now()
	if p.begun.IsZero() {
		p.begun, p.last = now, now
	}
	if d := now.Sub(p.last); d >= 10*time.Second {
		tell("%6.0f s  %s %d of %d, %.0f a second", now.Sub(p.begun).Seconds(), what, n, of, float64(n-p.lastN)/d.Seconds())
		p.last, p.lastN = now, n
	}
}

// fill lets clients come until n are live, so many under way at once. After
// patience (0: none) those under way come in, and that is that.
func (r *run) fill(n int, patience time.Duration) error {
	c := r.c
	var p progress
	begun := time.Now()
	stuck, last := begun, c.live
	for c.live < n {
		if patience > 0 && time.Since(begun) > patience {
			if n = min(n, c.live+c.underway); c.underway == 0 {
				break
			}
		}
		// A few at a time, so that answers are read in between.
		for i := 0; i < 250 && c.underway < r.o.inFlight && c.live+c.underway < n; i++ {
			if err := c.come(); err != nil {
				return err
			}
		}
		if err := c.poll(20 * time.Millisecond); err != nil {
			return err
		}
		if err := r.sound(); err != nil {
			return err
		}
		if c.retries > n/100+100 {
			return fmt.Errorf("too many did not get in: %v", c.why)
		}
		if c.live != last {
			stuck, last = time.Now(), c.live
		} else if time.Since(stuck) > 2*time.Minute {
			return fmt.Errorf("stuck with %d live and %d under way: %v", c.live, c.underway, c.why)
		}
		p.note("connected", c.live, n)
	}
	return nil
}

// wait serves the clients for d.
func (r *run) wait(d time.Duration, what string) error {
	var p progress
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := r.c.poll(20 * time.Millisecond); err != nil {
			return err
		}
		if err := r.sound(); err != nil {
			return err
		}
		if what != "" {
			p.note(what+", pings answered", int(r.c.pings), int(r.c.pings))
		}
	}
	return nil
}

// mark waits for things to settle and reads every figure.
func (r *run) mark(name string) error {
	if err := r.wait(r.o.settle, ""); err != nil {
		return err
	}
	m, err := readMark(name, &r.o)
	if err != nil {
		return err
	}
	if m.Server.Clients != r.c.live {
		return fmt.Errorf("the server counts %d clients, there are %d", m.Server.Clients, r.c.live)
	}
	r.marks = append(r.marks, m)
	tell("%s: server %s, slab %s, free %s", name, mib(m.Resident), mib(m.Slab), mib(m.Free))
	return nil
}

func (r *run) connect() error {
	begun := time.Now()
	if err := r.fill(r.o.clients, r.o.patience); err != nil {
		return err
	}
	r.wanted, r.o.clients = r.o.clients, r.c.live
	r.took.connect = time.Since(begun)
	r.slowest = time.Duration(r.c.slowest) * time.Millisecond
	return r.mark("connected")
}

func (r *run) hold() error {
	begun, had, lost := time.Now(), r.c.pings, r.c.lost
	for i := range r.c.clients {
		r.c.clients[i].pings = 0
	}
	if err := r.wait(r.o.hold, "held"); err != nil {
		return err
	}
	r.took.hold, r.holdPings, r.holdLost = time.Since(begun), r.c.pings-had, r.c.lost-lost
	for i := range r.c.clients {
		if k := &r.c.clients[i]; k.state == live && k.pings == 0 {
			r.heldWithout++
		}
	}
	// The server pings at an interval after the last pong and looks for what is
	// due once in a while; a tenth more is time enough.
	if r.o.hold > r.o.interval+r.o.interval/10 && r.heldWithout > 0 {
		return fmt.Errorf("%d clients had no ping in %v", r.heldWithout, r.took.hold)
	}
	return r.mark("held")
}

const payload = "a broadcast that everybody has to get, once and unaltered: 64 byt"

// broadcast has one client ask for it, and counts what arrives.
//
// A segment that the guest's kernel lost is sent again after a pause that
// doubles, up to two minutes: the last delivery may be that late.
func (r *run) broadcast() error {
	c := r.c
	packet := `42["all","` + payload + `"]`
	c.want, c.deliveries = []byte(packet), 0
	one := int32(-1)
	for i := range c.clients {
		c.clients[i].got = 0
		if c.clients[i].state == live {
			one = int32(i)
		}
	}
	begun := time.Now()
	if err := say(one, masked(opText, packet)); err != nil {
		return fmt.Errorf("send: %w", err)
	}
	var p progress
	last, at := int64(-1), begun
	for c.deliveries < int64(c.live) {
		if err := c.poll(20 * time.Millisecond); err != nil {
			return err
		}
		if err := r.sound(); err != nil {
			return err
		}
		if now := time.Now(); c.deliveries != last {
			last, at = c.deliveries, now
		} else if now.Sub(at) > patienceForLast {
			break // no more comes: the count below says so
		}
		p.note("delivered", int(c.deliveries), c.live)
	}
	r.took.broadcast = at.Sub(begun)
	if err := r.wait(r.o.settle, ""); err != nil { // for what comes twice
		return err
	}
	r.least, r.most = 255, 0
	for i := range c.clients {
		if k := &c.clients[i]; k.state == live {
			r.least, r.most = min(r.least, int(k.got)), max(r.most, int(k.got))
			if k.got == 0 {
				r.missed++
			} else if k.got > 1 {
				r.repeated++
			}
		}
	}
	c.want = nil
	if r.missed+r.repeated > 0 {
		tellUnsent()
		return fmt.Errorf("%d clients did not get it, %d more than once", r.missed, r.repeated)
	}
	return r.mark("after the broadcast")
}

// empty lets every step-th client leave.
func (r *run) empty(step int) (int, error) {
	c := r.c
	var p progress
	n, seen, at := 0, 0, time.Now()
	want := (c.live + step - 1) / step
	for fd := 0; fd < len(c.clients) || c.going > 0; {
		for ; fd < len(c.clients) && c.going < r.o.inFlight; fd++ {
			if c.clients[fd].state != live {
				continue
			}
			if seen++; (seen-1)%step == 0 {
				c.leave(int32(fd))
				n++
			}
		}
		going := c.going
		if err := c.poll(20 * time.Millisecond); err != nil {
			return n, err
		}
		if err := r.sound(); err != nil {
			return n, err
		}
		if c.going != going {
			at = time.Now()
		} else if time.Since(at) > 2*time.Minute {
			return n, fmt.Errorf("%d clients cannot leave", c.going)
		}
		p.note("left", n-c.going, want)
	}
	return n, nil
}

func (r *run) churn() error {
	begun := time.Now()
	n, err := r.empty(10)
	if err != nil {
		return err
	}
	r.rejoined, r.took.leaveTenth = n, time.Since(begun)
	begun = time.Now()
	if err := r.fill(r.o.clients, 0); err != nil {
		return err
	}
	r.took.comeBack = time.Since(begun)
	return r.mark("a tenth came back")
}

func (r *run) leave() error {
	begun := time.Now()
	if _, err := r.empty(1); err != nil {
		return err
	}
	r.took.leaveAll = time.Since(begun)
	// The server gives memory back once its crowd has come to rest, with two
	// collections; the kernel frees what it kept for connections just closed.
	if err := r.wait(30*time.Second, ""); err != nil {
		return err
	}
	return r.mark("all left")
}
