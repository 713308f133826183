//go:build linux

package eventloop

import (
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// wake is the eventfd that calls a loop. gnet watches one end as if it were a
// connection; writing to ours makes it readable.
type wake struct {
	mu sync.Mutex // guards fd against a close while somebody writes to it
	fd int32      // -1 once closed
}

var wakeOne = [8]byte{1} // a native-endian count on the machines gnet knows; any non-zero value serves

// ring makes the eventfd readable. Any goroutine. Does not allocate.
func (w *wake) ring() {
	w.mu.Lock()
	if w.fd >= 0 {
		// It can only fail when the count is near 2^64, and is readable then.
		syscall.RawSyscall(syscall.SYS_WRITE, uintptr(w.fd), uintptr(unsafe.Pointer(&wakeOne)), 8) //nolint:errcheck // see above
	}
	w.mu.Unlock()
}

func (w *wake) close() {
	w.mu.Lock()
	if w.fd >= 0 {
		_ = unix.Close(int(w.fd))
		w.fd = -1
	}
	w.mu.Unlock()
}

// newWake opens an eventfd and returns, beside our end, a net.Conn for gnet to
// enroll. gnet takes nothing but TCP and unix sockets, so one end of a
// socketpair is dressed up: its descriptor is made to refer to the eventfd.
// gnet duplicates the descriptor, reads eight bytes from it when it is
// readable, and never writes.
func newWake() (*wake, net.Conn, error) {
	efd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return nil, nil, os.NewSyscallError("eventfd", err)
	}
	c, far, err := socketpair()
	if err != nil {
		_ = unix.Close(efd)
		return nil, nil, err
	}
	_ = unix.Close(far)
	if err := replaceFD(c, efd); err != nil {
		_ = unix.Close(efd)
		_ = c.Close()
		return nil, nil, err
	}
	return &wake{fd: int32(efd)}, c, nil
}

// replaceFD makes the descriptor of c refer to what fd refers to.
func replaceFD(c net.Conn, fd int) error {
	rc, err := c.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var derr error
	if err := rc.Control(func(old uintptr) { derr = unix.Dup3(fd, int(old), unix.O_CLOEXEC) }); err != nil {
		return err
	}
	return os.NewSyscallError("dup3", derr)
}

// socketpair returns a connected pair: a net.Conn and the bare other end.
func socketpair() (net.Conn, int, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, -1, os.NewSyscallError("socketpair", err)
	}
	c, err := connFromFD(fds[0])
	if err != nil {
		_ = unix.Close(fds[1])
		return nil, -1, err
	}
	return c, fds[1], nil
}

// connFromFD gives a net.Conn over fd. It takes fd.
func connFromFD(fd int) (net.Conn, error) {
	f := os.NewFile(uintptr(fd), "socket")
	defer func() { _ = f.Close() }()
	return net.FileConn(f)
}
