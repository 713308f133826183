package eio_test

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// napper is a driver that leaves out the ticks that are not wanted, on a clock
// by hand.
type napper struct {
	now   time.Time
	loop  *eio.Loop
	at    time.Time // of the next tick
	ticks int
	woken bool
}

func (n *napper) Wake()     { n.woken = true }
func (n *napper) TickSoon() { n.at = n.now.Add(n.loop.TickEvery()) }

// advance moves the time on by d, a millisecond at a time.
func (n *napper) advance(d time.Duration) {
	for end := n.now.Add(d); n.now.Before(end); {
		n.now = n.now.Add(ms)
		if !n.now.Before(n.at) {
			n.ticks++
			n.loop.Tick(n.now)
			n.at = n.now.Add(n.loop.NextTick())
			n.loop.Run() // as drivers do after every wake
		}
		if n.woken {
			n.woken = false
			n.loop.Run()
		}
	}
}

func newNapper(t *testing.T) (*napper, *recorder, *eio.Mux) {
	t.Helper()
	n := &napper{now: time.Now()}
	m, h := eio.NewMux(), &recorder{}
	m.Clock = func() time.Time { return n.now }
	e, err := eio.NewEngine(nil, h)
	if err != nil {
		t.Fatal(err)
	}
	m.Handle(e)
	n.loop = m.NewLoop(n)
	n.at = n.now
	return n, h, m
}

// TestRestOfNobody: a loop without clients asks for no ticks.
func TestRestOfNobody(t *testing.T) {
	n, _, m := newNapper(t)
	n.advance(time.Minute)
	if n.ticks > 3 {
		t.Errorf("%d ticks in a minute of nothing", n.ticks)
	}
	if peak := m.Stats().LagPeak; peak != 0 {
		t.Errorf("a loop that rests shows a lag of %v", peak)
	}
	n.loop.Post(task(func(*eio.Loop) bool { return false }))
	n.advance(time.Minute)
	if n.ticks > 6 {
		t.Errorf("%d ticks after one task", n.ticks)
	}
	// One that is called, and then held up, shows it however long it has rested.
	n.loop.Post(task(func(*eio.Loop) bool { return false }))
	n.loop.Run()
	n.now = n.now.Add(3 * time.Second)
	if peak := m.Stats().LagPeak; peak < 2*time.Second {
		t.Errorf("held up for 3 s, shows a lag of %v", peak)
	}
}

// TestRestIsOnTime: timers, heartbeats and timeouts come as they did, at most a
// tick late, while ticks that nobody needs are left out.
func TestRestIsOnTime(t *testing.T) {
	n, _, _ := newNapper(t)
	r := rand.New(rand.NewPCG(1, 2))
	var late time.Duration
	count := 0
	for range 200 {
		wait := time.Duration(1+r.IntN(20_000)) * ms
		due := n.now.Add(wait)
		n.loop.Post(task(func(l *eio.Loop) bool {
			l.Wheel().After(wait.Milliseconds(), fireFunc(func(*eio.Loop) {
				count++
				late = max(late, n.now.Sub(due))
				if n.now.Before(due) {
					t.Errorf("%v early", due.Sub(n.now))
				}
			}))
			return false
		}))
		n.advance(time.Duration(r.IntN(1500)) * ms)
	}
	n.advance(21 * time.Second)
	if count != 200 || late > n.loop.TickEvery()+ms {
		t.Errorf("%d timers of 200 fired, up to %v late", count, late)
	}
}

// TestRestOfClients: a ping after the interval, the end after the timeout, and
// few ticks between.
func TestRestOfClients(t *testing.T) {
	n, h, m := newNapper(t)
	c := &napConn{}
	c.open(n)
	c.sent = nil
	before := n.ticks
	n.advance(25*time.Second - 10*ms)
	if len(c.sent) != 0 || n.ticks-before > 4 {
		t.Errorf("before the ping was due: %q, %d ticks", c.sent, n.ticks-before)
	}
	n.advance(60 * ms)
	if string(c.sent) != sent("2") {
		t.Fatalf("no ping within a tick: %q", c.sent)
	}
	n.advance(5 * time.Second)
	c.feed(n, text("3"))
	n.advance(25*time.Second + 50*ms)
	if string(c.sent) != sent("2")+sent("2") {
		t.Fatalf("no second ping: %q", c.sent)
	}
	if s := m.Stats(); s.Open != 1 || s.BytesOut < 6 {
		t.Errorf("a loop that rests shows old figures: %+v", s)
	}
	n.advance(20*time.Second - 60*ms)
	if h.take() != "open" {
		t.Fatal("ended too early")
	}
	n.advance(70 * ms)
	if got := h.take(); got != "close ping timeout" {
		t.Fatalf("%q, not ended in time", got)
	}
	n.advance(6 * time.Second) // nobody answers the close frame
	if !c.closed || n.ticks-before > 40 {
		t.Errorf("closed %v, %d ticks in 80 s", c.closed, n.ticks-before)
	}
}

// napConn is a connection of a napper.
type napConn struct {
	eio.Conn
	peer   eio.Peer
	sent   []byte
	closed bool
}

func (c *napConn) Send(p []byte) (int, error) {
	c.sent = append(c.sent, p...)
	return len(p), nil
}

func (c *napConn) Close()                     { c.closed = true }
func (c *napConn) Abort()                     { c.closed = true }
func (c *napConn) Secure() bool               { return false }
func (c *napConn) RemoteAddr() netip.AddrPort { return netip.AddrPort{} }

func (c *napConn) open(n *napper) {
	n.loop.Accept(&c.peer, c)
	c.feed(n, upgrade(base+"websocket"))
	if len(c.sent) < len(switching) || string(c.sent[:len(switching)]) != switching {
		panic(fmt.Sprintf("no websocket: %q", c.sent))
	}
}

func (c *napConn) feed(n *napper, s string) {
	c.peer.Feed([]byte(s))
	n.loop.Flush()
}
