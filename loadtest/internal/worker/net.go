package worker

import (
	"fmt"
	"net/netip"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The raw system calls below never block, so the scheduler need not hear of
// them; unix.Read and its like would enter it each time.

func rawRecv(fd int32, b []byte) (int, unix.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), e
}

func rawSend(fd int32, b []byte) (int, unix.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	return int(n), e
}

// epollWait waits at most d. The process has one goroutine and no collector
// while messages flow, so it may block in a raw call as well.
func epollWait(ep int, ev []unix.EpollEvent, d time.Duration) (int, error) {
	ts := unix.NsecToTimespec(int64(max(d, 0)))
	n, _, e := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT2, uintptr(ep), uintptr(unsafe.Pointer(unsafe.SliceData(ev))), uintptr(len(ev)), uintptr(unsafe.Pointer(&ts)), 0, 0)
	switch e {
	case 0:
		return int(n), nil
	case unix.EINTR:
		return 0, nil
	case unix.ENOSYS: // before Linux 5.11
		n, err := unix.EpollWait(ep, ev, int((d+time.Millisecond-1)/time.Millisecond))
		if err == unix.EINTR {
			return 0, nil
		}
		return n, err
	}
	return 0, fmt.Errorf("epoll_pwait2: %w", e)
}

// dial begins a connection from one of the source addresses. The kernel picks
// the port at connect time, so that each address has its 28,000 to each server.
func dial(to unix.Sockaddr, from unix.Sockaddr) (int32, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("socket: %w", err)
	}
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1)
	if from != nil {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
		if err := unix.Bind(fd, from); err != nil {
			_ = unix.Close(fd)
			return -1, fmt.Errorf("bind: %w", err)
		}
	}
	if err := unix.Connect(fd, to); err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("connect: %w", err)
	}
	return int32(fd), nil
}

func sockaddrs(list []string) ([]unix.Sockaddr, error) {
	var out []unix.Sockaddr
	for _, s := range list {
		a, err := netip.ParseAddr(s)
		if err != nil || !a.Is4() {
			return nil, fmt.Errorf("source address %q is not IPv4", s)
		}
		out = append(out, &unix.SockaddrInet4{Addr: a.As4()})
	}
	return out, nil
}
