package worker

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// ways to leave
const (
	leaveOrderly = iota // DISCONNECT, then the closing handshake
	leaveFIN            // TCP's end of our half, without a word
	leaveReset          // TCP reset
	leaveWays
)

// leave has a client that is there go. What arrives is checked until the
// connection has ended: by the server, or by our reset.
func (w *worker) leave(c *client, way uint8) {
	if c.state != stateReady && c.state != stateConnecting {
		return
	}
	connecting := c.state == stateConnecting
	c.state, c.way = stateLeaving, way
	switch {
	case connecting || w.conns[c.conn[0]].fd < 0:
		w.flush()
		w.gone(c, way == leaveReset)
	case way != leaveOrderly:
		w.leaving = append(w.leaving, c) // what came with the same read comes first
	case c.poll != nil:
		w.send(c, []byte("41"))
		w.send(c, []byte("1"))
	default:
		w.send(c, []byte("41"))
		w.sbuf = wire.AppendFrame(w.sbuf, wire.OpClose, []byte{3, 0xe8}, w.key(c))
	}
}

// letGo ends the connections of those who leave without a word, after the reads
// in which they decided to.
func (w *worker) letGo() {
	w.flush()
	for _, c := range w.leaving {
		if c.state != stateLeaving {
			continue // the server ended it first
		}
		if c.way == leaveReset {
			w.arrived(c)
			if c.state == stateLeaving {
				w.gone(c, true)
			}
			continue
		}
		for _, i := range c.conn {
			if i >= 0 && w.conns[i].fd >= 0 {
				_ = unix.Shutdown(int(w.conns[i].fd), unix.SHUT_WR) // an error shows in the next read
			}
		}
	}
	w.leaving = w.leaving[:0]
}

// arrived checks what the kernel holds for c already: after a reset it is gone.
func (w *worker) arrived(c *client) {
	for n := range c.conn {
		for {
			i := c.conn[n]
			if c.state != stateLeaving || i < 0 || w.conns[i].fd < 0 || !w.readable(i) {
				break
			}
		}
	}
}

// gone closes what c has open and tells the scenario.
func (w *worker) gone(c *client, reset bool) {
	for n, i := range c.conn {
		if i >= 0 && w.conns[i].fd >= 0 {
			w.shut(i, reset)
		}
		c.conn[n] = -1
	}
	c.state, c.off, c.poll = stateAway, false, nil
	w.me.Open.Add(-1)
	w.scen.left(c)
}

// lost is called when connection i has ended, by error or by the server.
func (w *worker) lost(i int32, why string) {
	k := &w.conns[i]
	c := &w.clients[k.client]
	n := 0
	if k.kind == kindPost {
		n = 1
	}
	// An idle connection for POSTs the server may close: the next one opens
	// another. Who has ended both halves of a polling client's waits for both.
	idle := k.kind == kindPost && !c.poll.posting
	if c.conn[1-n] >= 0 && (idle || c.state == stateLeaving && c.way == leaveFIN) {
		w.shut(i, false)
		c.conn[n] = -1
		return
	}
	if k.close == 1 {
		why = "close frame without a code"
	} else if k.close > 1 {
		why = fmt.Sprintf("close frame %d", k.close-1)
	}
	if c.state == stateLeaving {
		w.gone(c, false)
		return
	}
	w.ended(c, why)
}

// ended is called when the server has ended the session of a client that did not
// leave.
func (w *worker) ended(c *client, why string) {
	switch {
	case c.state == stateReady && c.excused:
		c.cut = true
		w.me.Cut.Add(1)
		w.cuts[why]++
	case c.state == stateReady:
		w.fault(shm.Disconnected, c, "%s", why)
	case c.state == stateConnecting:
		w.dropped(c, why)
	}
	w.gone(c, false)
}

// dropped counts a connection that never came to be.
func (w *worker) dropped(c *client, why string) {
	w.dial.underway--
	w.fault(shm.Refused, c, "%s", why)
}

func (w *worker) leaveAll() {
	for i := range w.clients {
		c := &w.clients[i]
		if c.off {
			w.gone(c, true)
			continue
		}
		w.leave(c, leaveOrderly)
	}
}
