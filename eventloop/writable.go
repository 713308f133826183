//go:build linux

package eventloop

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// writables watches the sockets of one loop that the kernel would not take
// more bytes for. It is an epoll instance of its own, because gnet's watches
// for room only while its own buffer holds something.
//
// A blocked socket has a slot. The kernel carries slot and generation, so an
// event that was on its way when the socket died finds nobody.
type writables struct {
	ep   int
	file *os.File // owns ep; the runtime's poller waits for it, not a thread
	// slots and free are loop only.
	slots []writeSlot
	free  []int32
	live  int
	gen   int32         // of new slots
	done  chan struct{} // closed when the watching goroutine has ended
}

type writeSlot struct {
	c   *conn
	gen int32
}

// token names a slot at one time.
type token struct{ slot, gen int32 }

const writeEvents = unix.EPOLLOUT | unix.EPOLLONESHOT | unix.EPOLLET

// watchBatch is how many sockets are reported in one go.
const watchBatch = 128

func newWritables(report func([]token)) (*writables, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	// A non-blocking descriptor is what makes os.NewFile give it to the
	// runtime's poller.
	if err := unix.SetNonblock(ep, true); err != nil {
		_ = unix.Close(ep)
		return nil, os.NewSyscallError("fcntl", err)
	}
	w := &writables{ep: ep, file: os.NewFile(uintptr(ep), "epoll"), done: make(chan struct{})}
	rc, err := w.file.SyscallConn()
	if err != nil {
		_ = w.file.Close()
		return nil, err
	}
	go w.watch(rc, report)
	return w, nil
}

// watch reports sockets that have room again until the epoll is closed.
func (w *writables) watch(rc syscall.RawConn, report func([]token)) {
	defer close(w.done)
	events := make([]unix.EpollEvent, watchBatch)
	tokens := make([]token, 0, watchBatch)
	// The function returns false to be called again when the epoll is readable.
	_ = rc.Read(func(fd uintptr) bool {
		for {
			n, err := unix.EpollWait(int(fd), events, 0)
			if err == unix.EINTR {
				continue
			}
			if err != nil || n <= 0 {
				return false
			}
			tokens = tokens[:0]
			for _, e := range events[:n] {
				tokens = append(tokens, token{e.Fd, e.Pad})
			}
			report(tokens)
		}
	})
}

// arm asks for one report when c has room. Loop only.
func (w *writables) arm(c *conn) error {
	op := unix.EPOLL_CTL_MOD
	if c.slot == 0 {
		op = unix.EPOLL_CTL_ADD
		c.slot = w.take(c)
	}
	s := &w.slots[c.slot-1]
	ev := unix.EpollEvent{Events: writeEvents, Fd: c.slot, Pad: s.gen}
	if err := unix.EpollCtl(w.ep, op, int(c.fd), &ev); err != nil {
		if op == unix.EPOLL_CTL_ADD {
			w.release(c)
		}
		return os.NewSyscallError("epoll_ctl", err)
	}
	return nil
}

// forget stops watching c. Loop only; c's descriptor is still open. It must be
// called before the descriptor is closed: a duplicate of it would keep the
// kernel's entry alive.
func (w *writables) forget(c *conn) {
	if c.slot == 0 {
		return
	}
	_ = unix.EpollCtl(w.ep, unix.EPOLL_CTL_DEL, int(c.fd), nil)
	w.release(c)
}

// find returns the connection of t, or nil if it is gone. Loop only.
func (w *writables) find(t token) *conn {
	if int(t.slot) > len(w.slots) || w.slots[t.slot-1].gen != t.gen {
		return nil
	}
	return w.slots[t.slot-1].c
}

func (w *writables) take(c *conn) int32 {
	w.live++
	if n := len(w.free); n > 0 {
		i := w.free[n-1]
		w.free = w.free[:n-1]
		w.slots[i-1].c = c
		return i
	}
	w.slots = append(w.slots, writeSlot{c: c, gen: w.gen})
	return int32(len(w.slots))
}

func (w *writables) release(c *conn) {
	s := &w.slots[c.slot-1]
	s.c = nil
	s.gen++
	w.free = append(w.free, c.slot)
	w.live--
	c.slot = 0
}

// trim gives back the table when nobody is blocked. Tokens on their way find
// nobody: the generations go on.
func (w *writables) trim() {
	if w.live > 0 || cap(w.slots) <= trimConns {
		return
	}
	for i := range w.slots {
		w.gen = max(w.gen, w.slots[i].gen+1)
	}
	w.slots, w.free = nil, nil
}

func (w *writables) close() {
	_ = w.file.Close()
	<-w.done
}
