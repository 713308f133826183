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
	for l.bulk.ring != nil && len(list) >= ringLeast {
		n := min(len(list), ringEntries)
		l.bulk.send(list[:n])
		list = list[n:]
	}
	for i := range list {
		o := &list[i]
		o.N, o.Err = o.Conn.Send(o.B)
	}
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
		o := &list[i]
		switch {
		case o.N == len(o.B):
		case o.N == unmade:
			o.N, o.Err = o.Conn.Send(o.B)
		case o.N >= 0 || o.N == -int(syscall.EAGAIN):
			c := o.Conn.(*conn)
			o.N, o.Err = max(o.N, 0), c.l.block(c)
		default:
			o.N, o.Err = 0, syscall.Errno(-o.N)
		}
	}
}

// note takes the result of the i-th send.
func (b *bulk) note(i int, res int32) { b.list[i].N = int(res) }
