package worker

import (
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/clock"
)

// Kinds of connections.
const (
	kindWebsocket = iota
	kindPoll      // GETs of a polling client
	kindPost      // its POSTs
)

// conn is one TCP connection.
type conn struct {
	fd     int32
	gen    int32 // counts the uses of this slot, so that late events are known
	client int32
	kind   uint8
	up     bool // websocket: the 101 has come
	armed  bool // EPOLLOUT is asked for
	close  int  // close code of the server + 1; 1: a close frame without a code
	in     []byte
	out    []byte // not sent yet, from done on
	done   int
	frag   []byte // what has come of a fragmented message
	fragOp byte
}

// open starts a connection for c and returns its slot, or -1 after a fault.
func (w *worker) open(c *client, kind uint8) int32 {
	var from unix.Sockaddr
	if len(w.from) > 0 {
		from = w.from[w.dial.source%len(w.from)]
		w.dial.source++
	}
	fd, err := dial(w.to, from)
	if err != nil {
		w.dropped(c, err.Error())
		return -1
	}
	var i int32
	if n := len(w.free); n > 0 {
		i, w.free = w.free[n-1], w.free[:n-1]
	} else {
		i = int32(len(w.conns))
		w.conns = append(w.conns, conn{fd: -1})
	}
	k := &w.conns[i]
	*k = conn{fd: fd, gen: k.gen + 1, client: int32(c.id) - int32(w.cfg.First), kind: kind, in: k.in[:0], out: k.out[:0], frag: k.frag[:0]}
	w.epoll(unix.EPOLL_CTL_ADD, i, unix.EPOLLIN)
	return i
}

func (w *worker) epoll(op int, i int32, events uint32) {
	ev := unix.EpollEvent{Events: events, Fd: i, Pad: w.conns[i].gen}
	if err := unix.EpollCtl(w.ep, op, int(w.conns[i].fd), &ev); err != nil {
		panic(fmt.Sprintf("epoll_ctl(%d, fd %d): %v", op, w.conns[i].fd, err)) // our own bookkeeping is wrong
	}
}

// shut closes slot i without a word to its client.
func (w *worker) shut(i int32, reset bool) {
	k := &w.conns[i]
	if reset {
		_ = unix.SetsockoptLinger(int(k.fd), unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1})
	}
	_ = unix.Close(int(k.fd))
	k.fd = -1
	if cap(k.in)+cap(k.out)+cap(k.frag) > 16<<10 {
		k.in, k.out, k.frag = nil, nil, nil
	}
	if w.cork == i {
		w.cork, w.sbuf = -1, w.sbuf[:0]
	}
	w.free = append(w.free, i)
}

// readable reads once. What has come before of an unfinished message is kept by
// the connection, and then the read goes there; else to the buffer of the
// process. It tells whether something came.
func (w *worker) readable(i int32) bool {
	k := &w.conns[i]
	buf, had := w.rbuf, len(k.in)
	if had > 0 {
		if cap(k.in)-had < 16<<10 {
			k.in = append(make([]byte, 0, 2*had+64<<10), k.in...)
		}
		buf = k.in[:cap(k.in)]
	}
	n, e := rawRecv(k.fd, buf[had:])
	switch {
	case e == unix.EAGAIN || e == unix.EINTR:
		return false
	case e != 0:
		w.lost(i, e.Error())
		return false
	case n == 0:
		w.lost(i, "the server closed the connection")
		return false
	}
	w.now = clock.Now()
	gen, data := k.gen, buf[:had+n]
	var used int
	if k.kind == kindWebsocket {
		used = w.readWebsocket(i, data)
	} else {
		used = w.readHTTP(i, data)
	}
	k = &w.conns[i]
	switch {
	case k.gen != gen || k.fd < 0: // closed meanwhile
	case had > 0 && used == 0:
		k.in = data
	default:
		k.in = append(k.in[:0], data[used:]...) // moves down, or copies
	}
	return true
}

// buffer corks connection i and returns the buffer to append to; the caller
// stores it back in w.sbuf.
func (w *worker) buffer(i int32) []byte {
	if w.cork != i {
		w.flush()
		w.cork = i
	}
	return w.sbuf
}

// flush sends what is corked.
func (w *worker) flush() {
	i := w.cork
	if i < 0 {
		return
	}
	b := w.sbuf
	w.cork, w.sbuf = -1, w.sbuf[:0]
	k := &w.conns[i]
	if len(k.out) == 0 {
		n, e := rawSend(k.fd, b)
		if e != 0 && e != unix.EAGAIN && e != unix.EINTR {
			return // the read side will say it
		}
		if e == 0 {
			b = b[n:]
		}
	}
	if len(b) > 0 {
		k.out = append(k.out, b...)
		if !k.armed {
			k.armed = true
			w.epoll(unix.EPOLL_CTL_MOD, i, unix.EPOLLIN|unix.EPOLLOUT)
		}
	}
}

func (w *worker) writable(i int32) {
	k := &w.conns[i]
	n, e := rawSend(k.fd, k.out[k.done:])
	if e != 0 {
		if e != unix.EAGAIN && e != unix.EINTR {
			w.lost(i, e.Error())
		}
		return
	}
	if k.done += n; k.done == len(k.out) && k.armed {
		k.out, k.done, k.armed = k.out[:0], 0, false
		w.epoll(unix.EPOLL_CTL_MOD, i, unix.EPOLLIN)
	}
}
