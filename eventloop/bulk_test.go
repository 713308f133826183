//go:build linux

package eventloop

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"golang.org/x/sys/unix"
)

// TestBatch: one system call takes as many sends as the ring has entries, but not
// more bytes than may hold up everybody else.
func TestBatch(t *testing.T) {
	of := func(n, size int) (list []eio.Outgoing) {
		for range n {
			list = append(list, eio.Outgoing{B: make([]byte, size)})
		}
		return list
	}
	for _, c := range []struct {
		list []eio.Outgoing
		want int
	}{
		{of(1, 10), 1}, {of(ringLeast, 10), ringLeast}, {of(3*ringEntries, 10), ringEntries},
		{of(ringEntries, ringBytes/ringEntries), ringEntries},
		{of(ringEntries, ringBytes/8), 8}, {of(9, 2*ringBytes), 1},
		{append(of(5, 10), of(5, ringBytes)...), 5},
	} {
		if n := batch(c.list); n != c.want {
			t.Errorf("%d of %d bytes: %d, want %d", len(c.list), len(c.list[0].B), n, c.want)
		}
	}
}

// foreign is a connection of another driver.
type foreign struct{ eio.Conn }

var errForeign = errors.New("only two")

func (foreign) Send([]byte) (int, error) { return 2, errForeign }

// TestSendAll: what a batch does to each of its connections is what Send does,
// also in the company of others.
func TestSendAll(t *testing.T) {
	for _, without := range []bool{false, true} {
		k := newCore(eio.NewMux(), Options{Loops: 1, NoIOUring: without, Logger: discard()})
		l := &loop{core: k}
		l.bulk.start(k)
		var err error
		if l.aux, err = newWritables(func([]token) {}); err != nil {
			t.Fatal(err)
		}
		large := make([]byte, 8<<20)
		conns := make([]*conn, 3*ringEntries)
		list := make([]eio.Outgoing, len(conns))
		for i := range conns {
			near, far := pair(t)
			conns[i] = &conn{fd: near, l: l}
			list[i] = eio.Outgoing{Conn: conns[i], B: []byte("hello")}
			switch i % 5 {
			case 1:
				_ = unix.Shutdown(int(far), unix.SHUT_RDWR)
			case 2:
				list[i].B = large
			case 3:
				conns[i].state = stateMoving
			case 4:
				list[i].Conn = foreign{}
			}
		}
		l.SendAll(list)
		for i, o := range list {
			switch i % 5 {
			case 0:
				if o.N != 5 || o.Err != nil || conns[i].blocked {
					t.Errorf("whole: %d, %v", o.N, o.Err)
				}
			case 1:
				if o.N != 0 || o.Err != syscall.EPIPE {
					t.Errorf("closed: %d, %v", o.N, o.Err)
				}
			case 2:
				if o.N <= 0 || o.N == len(o.B) || o.Err != nil || !conns[i].blocked {
					t.Errorf("full: %d, %v", o.N, o.Err)
				}
				l.aux.forget(conns[i])
			case 3:
				if o.N != 0 || o.Err != net.ErrClosed {
					t.Errorf("moving: %d, %v", o.N, o.Err)
				}
			case 4:
				if o.N != 2 || o.Err != errForeign {
					t.Errorf("another driver's: %d, %v", o.N, o.Err)
				}
			}
		}
		l.aux.close()
		l.bulk.close()
	}
}

// TestRingWantsMemory: what the ring alone has no memory for is sent without it.
func TestRingWantsMemory(t *testing.T) {
	near, _ := pair(t)
	for _, e := range []syscall.Errno{syscall.ENOMEM, syscall.EINTR} {
		o := eio.Outgoing{Conn: &conn{fd: near}, B: []byte("hello"), N: -int(e)}
		if finish(&o); o.N != 5 || o.Err != nil {
			t.Errorf("%v: %d, %v", e, o.N, o.Err)
		}
	}
}
