//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// conn is one client, found by its descriptor.
type conn struct {
	fd     int32
	open   bool // the websocket is open
	joined bool // CONNECT was answered: it gets broadcasts
	dead   bool // to be closed at the end of the read
	out    bool // EPOLLOUT is asked for
	member int  // its place in loop.members
	tail   []byte
	unsent []byte
	reply  []byte // answers of the present read, when they share a send
	rooms  []seat
}

// seat is a place in a room.
type seat struct {
	r *room
	i int
}

type room struct{ members []*conn }

// loop is everything. One goroutine runs it.
type loop struct {
	ep, ln, ev int
	port       int
	share      bool
	ending     atomic.Bool
	conns      []*conn // by descriptor
	members    []*conn
	rooms      map[string]*room
	sid        uint64
	buf        [64 << 10]byte
	frame      []byte // one broadcast
	shared     []byte // the broadcasts of one read to all
	perRoom    []pending
	peers      []*loop // the others, when there are more than one
	mail       mailbox
	told       figures
}

// pending are the broadcasts of one read to one room.
type pending struct {
	r     *room
	bytes []byte
}

// newLoop makes a loop that listens. Several may do so at one port.
func newLoop(host string, port int, share, reuse bool) (*loop, error) {
	ip := net.ParseIP(host).To4()
	if ip == nil {
		return nil, fmt.Errorf("%q is not an IPv4 address", host)
	}
	l := &loop{share: share, rooms: make(map[string]*room)}
	var err error
	if l.ln, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	_ = unix.SetsockoptInt(l.ln, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	_ = unix.SetsockoptInt(l.ln, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1) // inherited
	if reuse {
		_ = unix.SetsockoptInt(l.ln, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}
	sa := &unix.SockaddrInet4{Port: port}
	copy(sa.Addr[:], ip)
	if err := unix.Bind(l.ln, sa); err != nil {
		return nil, os.NewSyscallError("bind", err)
	}
	if err := unix.Listen(l.ln, 4096); err != nil {
		return nil, os.NewSyscallError("listen", err)
	}
	at, err := unix.Getsockname(l.ln)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	l.port = at.(*unix.SockaddrInet4).Port
	if l.ep, err = unix.EpollCreate1(unix.EPOLL_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if l.ev, err = unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC); err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	l.watch(unix.EPOLL_CTL_ADD, l.ln, unix.EPOLLIN)
	l.watch(unix.EPOLL_CTL_ADD, l.ev, unix.EPOLLIN)
	return l, nil
}

// stop ends run. Any goroutine.
func (l *loop) stop() {
	l.ending.Store(true)
	l.ring()
}

func (l *loop) ring() { _, _ = unix.Write(l.ev, []byte{1, 0, 0, 0, 0, 0, 0, 0}) }

func (l *loop) watch(op, fd int, events uint32) {
	_ = unix.EpollCtl(l.ep, op, fd, &unix.EpollEvent{Events: events, Fd: int32(fd)})
}

func (l *loop) run() error {
	events := make([]unix.EpollEvent, 1024)
	for !l.ending.Load() {
		n := l.wait(events)
		for i := range events[:n] {
			e := &events[i]
			switch fd := int(e.Fd); fd {
			case l.ln:
				l.accept()
			case l.ev:
				l.takeMail()
			default:
				l.serve(l.conns[fd], e.Events)
			}
		}
	}
	for _, c := range l.conns {
		if c != nil {
			if c.open {
				l.send(c, []byte{0x88, 0})
			}
			l.close(c)
		}
	}
	return unix.Close(l.ln)
}

// wait asks without the scheduler first, which a busy loop never needs.
func (l *loop) wait(events []unix.EpollEvent) int {
	p := uintptr(unsafe.Pointer(&events[0]))
	n, _, e := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.ep), p, uintptr(len(events)), 0, 0, 0)
	if e != 0 || n == 0 {
		k, err := unix.EpollWait(l.ep, events, -1)
		if err != nil {
			return 0
		}
		return k
	}
	return int(n)
}

func (l *loop) accept() {
	for {
		fd, _, err := unix.Accept4(l.ln, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			return
		}
		for fd >= len(l.conns) {
			l.conns = append(l.conns, make([]*conn, 1024)...)
		}
		l.conns[fd] = &conn{fd: int32(fd), member: -1}
		l.watch(unix.EPOLL_CTL_ADD, fd, unix.EPOLLIN)
	}
}

func (l *loop) serve(c *conn, events uint32) {
	if c == nil {
		return
	}
	if events&unix.EPOLLOUT != 0 {
		l.flush(c)
	}
	if events&(unix.EPOLLIN|unix.EPOLLERR|unix.EPOLLHUP) == 0 {
		return
	}
	n, _, e := syscall.RawSyscall6(syscall.SYS_RECVFROM, uintptr(c.fd),
		uintptr(unsafe.Pointer(&l.buf[0])), uintptr(len(l.buf)), unix.MSG_DONTWAIT, 0, 0)
	if e == syscall.EAGAIN || e == syscall.EINTR {
		return
	}
	if e != 0 || n == 0 {
		l.close(c)
		return
	}
	b := l.buf[:n]
	if len(c.tail) > 0 {
		c.tail = append(c.tail, b...)
		b = c.tail
	}
	rest := l.consume(c, b)
	if len(c.tail) > 0 || len(rest) > 0 {
		c.tail = append(c.tail[:0], rest...)
	}
	l.endRead(c)
}

// send makes one send and keeps what the kernel does not take. It borrows p.
func (l *loop) send(c *conn, p []byte) {
	if len(c.unsent) > 0 {
		c.unsent = append(c.unsent, p...)
		return
	}
	n, _, e := syscall.RawSyscall6(syscall.SYS_SENDTO, uintptr(c.fd),
		uintptr(unsafe.Pointer(&p[0])), uintptr(len(p)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	switch {
	case e == 0 && int(n) == len(p):
		return
	case e == syscall.EAGAIN || e == syscall.EINTR:
		n = 0
	case e != 0:
		return // the next read says so too
	}
	c.unsent = append(c.unsent, p[n:]...)
	c.out = true
	l.watch(unix.EPOLL_CTL_MOD, int(c.fd), unix.EPOLLIN|unix.EPOLLOUT)
}

func (l *loop) flush(c *conn) {
	p := c.unsent
	c.unsent = nil
	if len(p) > 0 {
		l.send(c, p)
	}
	if len(c.unsent) == 0 && c.out {
		c.out = false
		l.watch(unix.EPOLL_CTL_MOD, int(c.fd), unix.EPOLLIN)
	}
}

func (l *loop) close(c *conn) {
	l.conns[c.fd] = nil
	_ = unix.Close(int(c.fd))
	if c.member >= 0 {
		last := len(l.members) - 1
		l.members[c.member] = l.members[last]
		l.members[c.member].member = c.member
		l.members = l.members[:last]
		l.told.members.Store(int64(last))
	}
	for _, s := range c.rooms {
		l.leave(c, s)
	}
}
