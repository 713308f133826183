//go:build linux

package eventloop

import (
	"syscall"

	"github.com/sio-fast/sio-fast/eio"
)

// bulk makes many sends for one system call, where the system has a ring for it.
// Loop only.
type bulk struct {
	core *core
	ring *ring // nil: one system call each
	list []eio.Outgoing
	each func(i int, res int32) // note, made once
}

// start makes the ring.
func (b *bulk) start(k *core) {
	b.core = k
	if k.opt.NoIOUring {
		return
	}
	r, err := newRing()
	if err != nil {
		b.without(err)
		return
	}
	b.ring, b.each = r, b.note
	k.rings.Add(1)
}

// without notes that there is no ring, or none any more.
func (b *bulk) without(err error) {
	b.close()
	if b.core.ringless.CompareAndSwap(false, true) {
		b.core.opt.Logger.Info("eventloop: no io_uring; every send is a system call of its own", "error", err)
	}
}

func (b *bulk) close() {
	if b.ring != nil {
		b.ring.close()
		b.ring = nil
		b.core.rings.Add(-1)
	}
}

// SendAll implements [eio.Sender].
func (l *loop) SendAll(list []eio.Outgoing) {
	for len(list) > 0 {
		n := 1
		if l.bulk.ring != nil {
			n = batch(list)
		}
		if n >= ringLeast {
			l.bulk.send(list[:n])
		} else {
			for i := range list[:n] {
				o := &list[i]
				o.N, o.Err = o.Conn.Send(o.B)
			}
		}
		list = list[n:]
	}
}

// ringBytes bounds what one system call sends: nothing else runs on its thread
// meanwhile, nor on any other once the collector waits for it to stop the world.
// So much takes no longer than as many short sends as the ring has entries, where
// as many of a megabyte took 50 ms; and large messages gain nothing from company.
const ringBytes = 256 << 10

// batch is how many of the first of list, which is not empty, one system call
// sends: at least one. It borrows list.
func batch(list []eio.Outgoing) int {
	n, bytes := 1, len(list[0].B)
	for ; n < min(len(list), ringEntries); n++ {
		if bytes += len(list[n].B); bytes > ringBytes {
			break
		}
	}
	return n
}

// unmade is the result of a send that has not been made.
const unmade = -int(syscall.EINTR)

// send makes all sends of list, which are not more than the ring has entries.
func (b *bulk) send(list []eio.Outgoing) {
	b.ring.begin()
	for i := range list {
		o := &list[i]
		o.N, o.Err = unmade, nil
		// One of net/http on a loop of ours is sent to below.
		if c, ok := o.Conn.(*conn); ok && c.state == stateOpen {
			b.ring.put(c.fd, o.B, i)
		}
	}
	b.list = list
	err := b.ring.submit(b.each)
	b.list = nil
	if err != nil {
		b.without(err)
	}
	for i := range list {
		finish(&list[i])
	}
}

// finish makes of o.N, which is the ring's result, what Send would return.
func finish(o *eio.Outgoing) {
	switch {
	case o.N == len(o.B):
	case o.N == unmade || o.N == -int(syscall.ENOMEM): // which the ring wants beside what a send does
		o.N, o.Err = o.Conn.Send(o.B)
	case o.N >= 0 || o.N == -int(syscall.EAGAIN):
		c := o.Conn.(*conn)
		o.N, o.Err = max(o.N, 0), c.l.block(c)
	default:
		o.N, o.Err = 0, syscall.Errno(-o.N)
	}
}

// note takes the result of the i-th send.
func (b *bulk) note(i int, res int32) { b.list[i].N = int(res) }
