package worker

import (
	"bytes"
	"encoding/binary"

	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/wire"
)

// upgradeRequest is what opens a websocket; it is the same for all clients.
func upgradeRequest(cfg *Config) []byte {
	return []byte("GET " + cfg.Path + "?EIO=4&transport=websocket HTTP/1.1\r\n" +
		"Host: " + cfg.Host + "\r\n" +
		"Upgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + wire.Key + "\r\n\r\n")
}

// readWebsocket takes what has come on connection i and returns how much of it
// is used up.
func (w *worker) readWebsocket(i int32, data []byte) (used int) {
	k := &w.conns[i]
	gen := k.gen
	c := &w.clients[k.client]
	if !k.up {
		r, n, err := wire.ParseResponse(data)
		if err == nil && n == 0 {
			return 0
		}
		if err != nil || r.Status != 101 || string(r.Header("sec-websocket-accept")) != wire.Accept {
			w.refuse(i, r, err)
			return 0
		}
		k.up, used = true, n
	}
	for {
		f, n, err := wire.ParseFrame(data[used:])
		if err != nil {
			w.fault(shm.Protocol, c, "%v", err)
			w.drop(i)
			return 0
		}
		if n == 0 {
			return used
		}
		used += n
		w.frame(i, c, f)
		if k = &w.conns[i]; k.gen != gen || k.fd < 0 {
			return 0
		}
	}
}

// refuse ends a connection whose upgrade was not granted.
func (w *worker) refuse(i int32, r wire.Response, err error) {
	if err != nil {
		w.lost(i, err.Error())
		return
	}
	line, _, _ := bytes.Cut(r.Head, []byte("\r\n"))
	if r.Status == 101 {
		line = append(line[:len(line):len(line)], " with a wrong Sec-WebSocket-Accept"...)
	}
	w.lost(i, "answer to the upgrade: "+string(line))
}

// drop ends connection i after a fault that is counted already.
func (w *worker) drop(i int32) {
	c := &w.clients[w.conns[i].client]
	if c.state == stateConnecting {
		w.dial.underway--
	}
	w.gone(c, true)
}

func (w *worker) frame(i int32, c *client, f wire.Frame) {
	k := &w.conns[i]
	switch f.Op {
	case wire.OpPing:
		w.sbuf = wire.AppendFrame(w.buffer(i), wire.OpPong, f.Payload, w.key(c))
	case wire.OpPong:
	case wire.OpClose:
		k.close = 1
		if len(f.Payload) >= 2 {
			k.close = int(binary.BigEndian.Uint16(f.Payload)) + 1
		}
		if c.state != stateLeaving { // else this answers ours
			w.sbuf = wire.AppendFrame(w.buffer(i), wire.OpClose, f.Payload, w.key(c))
			w.flush()
		}
	case wire.OpContinuation:
		if k.fragOp == 0 {
			w.fault(shm.Protocol, c, "continuation of nothing")
			return
		}
		k.frag = append(k.frag, f.Payload...)
		if f.Fin {
			op := k.fragOp
			k.fragOp = 0
			w.whole(c, op, k.frag)
		}
	default:
		if k.fragOp != 0 {
			w.fault(shm.Protocol, c, "a message inside a fragmented one")
			return
		}
		if !f.Fin {
			k.fragOp, k.frag = f.Op, append(k.frag[:0], f.Payload...)
			return
		}
		w.whole(c, f.Op, f.Payload)
	}
}

func (w *worker) whole(c *client, op byte, p []byte) {
	if op == wire.OpBinary {
		w.fault(shm.Protocol, c, "unexpected binary message of %d bytes", len(p))
		return
	}
	w.enginePacket(c, p)
}
