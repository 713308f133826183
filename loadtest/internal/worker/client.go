package worker

import (
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// States of a client.
const (
	stateAway = iota
	stateConnecting
	stateReady
	stateLeaving
)

// client is one Socket.IO client. Its messages are numbered: those it sends by
// sent, those it receives by the stream.
type client struct {
	id    uint32
	state uint8
	way   uint8 // in which it leaves
	slow  bool  // stops reading when told
	off   bool  // has stopped reading
	// excused: it stopped reading and has not caught up since, so the server may
	// cut it. cut: it did, and the client is not back yet.
	excused, cut bool
	back         bool   // this connection is not its first one of the run
	fresh        bool   // nothing has come on it yet
	least        uint64 // and what comes first is this number or a later one
	conn         [2]int32
	began        int64
	sent         uint64
	in           stream
	poll         *polling // nil over websocket
}

func (w *worker) enter(c *client) {
	c.state, c.began = stateConnecting, w.now
	w.me.Connects.Add(1)
	if w.cfg.Polling {
		w.enterPolling(c)
		return
	}
	i := w.open(c, kindWebsocket)
	if i < 0 {
		c.state = stateAway
		return
	}
	c.conn[0] = i
	w.me.Open.Add(1)
	w.sbuf = append(w.buffer(i), w.dial.upgrade...)
	w.flush()
}

// enginePacket takes one Engine.IO packet of either transport.
func (w *worker) enginePacket(c *client, p []byte) {
	if len(p) == 0 {
		w.fault(shm.Protocol, c, "empty Engine.IO packet")
		return
	}
	switch p[0] {
	case '4':
		w.message(c, p[1:])
	case '2':
		p[0] = '3'
		w.send(c, p)
	case '6':
	case '1':
		if c.state != stateLeaving {
			w.ended(c, "a close packet")
		}
	case '0':
		if c.state == stateConnecting && wire.StringField(p[1:], "sid") != "" {
			if c.poll != nil {
				c.poll.sid = wire.StringField(p[1:], "sid")
			}
			w.send(c, []byte("40"))
			return
		}
		w.fault(shm.Protocol, c, "unexpected or bad OPEN packet %.80q", p)
	default:
		w.fault(shm.Protocol, c, "unexpected Engine.IO packet %.80q", p)
	}
}

// message takes one Socket.IO packet.
func (w *worker) message(c *client, p []byte) {
	if c.state == stateConnecting {
		if len(p) > 1 && p[0] == '0' && p[1] == '{' && wire.StringField(p[1:], "sid") != "" {
			c.state = stateReady
			if !c.back {
				record(w.connect, w.now-c.began)
			}
			w.scen.ready(c)
			return
		}
		w.fault(shm.Refused, c, "answer to CONNECT: %.80q", p)
		return
	}
	if c.state == stateLeaving && string(p) == "1" {
		return // a DISCONNECT after ours
	}
	if len(p) == 0 || p[0] != '2' && p[0] != '3' {
		w.fault(shm.Protocol, c, "unexpected Socket.IO packet %.80q", p)
		return
	}
	w.scen.message(c, p)
}

// joined tells that c is ready for the run.
func (w *worker) joined(*client) {
	w.dial.underway--
	w.me.Ready.Add(1)
}

// send sends one Engine.IO packet. It borrows p.
func (w *worker) send(c *client, p []byte) {
	if c.poll != nil {
		c.poll.add(p)
		w.post(c)
		return
	}
	i := c.conn[0]
	w.sbuf = wire.AppendFrame(w.buffer(i), wire.OpText, p, w.key(c))
}

// emit sends one event with a stamped payload.
func (w *worker) emit(c *client, name string, ack int64, room string, s wire.Stamp) {
	s.Time -= w.cfg.Epoch
	w.sent++
	if c.poll != nil {
		c.poll.separate()
		c.poll.pending = wire.AppendEvent(c.poll.pending, name, ack, room, w.cfg.Run, s, w.cfg.Size)
		w.post(c)
		return
	}
	size := eventSize(name, ack, room, w.cfg.Size)
	key := w.key(c)
	b := wire.AppendHead(w.buffer(c.conn[0]), wire.OpText, size, key)
	from := len(b)
	b = wire.AppendEvent(b, name, ack, room, w.cfg.Run, s, w.cfg.Size)
	wire.Mask(b[from:], key)
	w.sbuf = b
}

func eventSize(name string, ack int64, room string, size int) int {
	n := len(`42["","`) + len(name) + size + len(`"]`)
	for ; ack >= 10; ack /= 10 {
		n++
	}
	if ack >= 0 {
		n++
	}
	if room != "" {
		n += len(room) + len(`","`)
	}
	return n
}

// key is the masking key of c: not random from frame to frame, for the server
// has the same work with any.
func (w *worker) key(c *client) [4]byte {
	x := (c.id + 1) * 2654435761
	return [4]byte{byte(x), byte(x >> 8), byte(x>>16) | 1, byte(x >> 24)}
}
