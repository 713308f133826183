package eio_test

import (
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

const ms = time.Millisecond

func fastPings() *eio.Options {
	return &eio.Options{PingInterval: 300 * ms, PingTimeout: 200 * ms}
}

func TestTickEvery(t *testing.T) {
	for _, tc := range []struct {
		o    *eio.Options
		want time.Duration
	}{{nil, 50 * ms}, {fastPings(), 10 * ms}, {&eio.Options{PingInterval: time.Second, PingTimeout: time.Second}, time.Second / 30}} {
		w := newWorld(t, tc.o)
		if got := w.d.Loop(0).TickEvery(); got != tc.want {
			t.Errorf("%v, want %v", got, tc.want)
		}
	}
}

func TestHeartbeat(t *testing.T) {
	w := newWorld(t, fastPings())
	c := w.openWS()
	w.d.Advance(290 * ms)
	expect(t, c, "")
	w.d.Advance(10 * ms)
	expect(t, c, sent("2"))
	w.d.Advance(150 * ms)
	c.WriteString(text("3")) // the interval starts with the pong
	w.d.Advance(290 * ms)
	expect(t, c, "")
	w.d.Advance(10 * ms)
	expect(t, c, sent("2"))
	w.d.Advance(190 * ms)
	w.heard("")
	w.d.Advance(10 * ms)
	expect(t, c, "\x88\x00")
	w.heard("close ping timeout")
}

func TestHeartbeatPutOff(t *testing.T) {
	w := newWorld(t, fastPings())
	c := w.openWS()
	w.d.Advance(300 * ms)
	expect(t, c, sent("2"))
	w.d.Advance(150 * ms)
	c.WriteString(text("4a")) // starts the timeout anew
	w.d.Advance(150 * ms)
	c.WriteString(text("4b")) // but only the first one does
	w.d.Advance(40 * ms)
	w.heard("text \"a\"\ntext \"b\"")
	w.d.Advance(10 * ms)
	w.heard("close ping timeout")

	// An unasked pong starts the interval anew.
	c = w.openWS()
	w.d.Advance(200 * ms)
	c.WriteString(text("3"))
	w.d.Advance(290 * ms)
	expect(t, c, "")
	w.d.Advance(10 * ms)
	expect(t, c, sent("2"))
	// A packet before the ping puts nothing off.
}

func TestHeartbeatPolling(t *testing.T) {
	w := newWorld(t, fastPings())
	c, target := w.openPolling()
	c.WriteString(get(target))
	w.d.Advance(300 * ms)
	expect(t, c, polled("2"))
	c.WriteString(post(target, "3"))
	expect(t, c, posted)
	w.d.Advance(310 * ms) // nobody waits
	c.WriteString(get(target))
	expect(t, c, polled("2"))
	c.WriteString(get(target))
	w.d.Advance(200 * ms)
	expect(t, c, polled("1"))
	w.heard("close ping timeout")

	_, _ = w.openPolling()
	w.d.Advance(510 * ms) // no GET at all
	w.heard("close ping timeout")
}

// TestHeartbeatBetweenTicks: the times hold to the millisecond for the session,
// however the ticks fall.
func TestHeartbeatBetweenTicks(t *testing.T) {
	w := newWorld(t, fastPings())
	w.d.Sleep(7 * ms)
	c, target := w.openPolling()
	w.d.Advance(310 * ms) // the ping was due at 300
	w.d.Sleep(189 * ms)
	c.WriteString(post(target, "3"))
	expect(t, c, posted) // at 499
	w.d.Advance(310 * ms)
	w.d.Sleep(190 * ms)
	c.WriteString(get(target)) // at 500, and no tick yet
	expect(t, c, refused(400, `{"code":1,"message":"Session ID unknown"}`))
	w.heard("close ping timeout")
}

func TestHeartbeatAcrossUpgrade(t *testing.T) {
	w := newWorld(t, fastPings())
	c, target := w.openPolling()
	c.WriteString(get(target))
	w.d.Advance(300 * ms)
	expect(t, c, polled("2"))
	w.d.Advance(150 * ms)
	ws := w.d.Dial()
	ws.WriteString(upgrade(asWebsocket(target)) + text("2probe") + text("5"))
	w.d.Advance(190 * ms)
	w.heard("")
	ws.WriteString(text("3"))
	ws.Take()
	w.d.Advance(300 * ms)
	expect(t, ws, sent("2"))
}

// TestHeartbeatWraps has the milliseconds of a deadline overflow.
func TestHeartbeatWraps(t *testing.T) {
	w := newWorld(t, fastPings())
	w.d.Sleep(1<<32*ms - 400*ms)
	w.d.Advance(10 * ms)
	c := w.openWS()
	for range 5 {
		w.d.Advance(300 * ms)
		expect(t, c, sent("2"))
		c.WriteString(text("3"))
	}
	w.d.Advance(510 * ms)
	w.heard("close ping timeout")
}
