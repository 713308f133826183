//go:build linux

package eventloop

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sends of a loop. They are raw: a system call that cannot block does not
// need the scheduler's help, and asking for it costs a fifth of a delivery.

const sendFlags = unix.MSG_DONTWAIT | unix.MSG_NOSIGNAL

// send makes one non-blocking send of p on fd. It borrows p. n < len(p) without
// an error means that the kernel is full.
func send(fd int32, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, _, e := syscall.RawSyscall6(unix.SYS_SENDTO, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)), sendFlags, 0, 0)
		switch e {
		case 0:
			return int(n), nil
		case syscall.EAGAIN:
			return 0, nil
		case syscall.EINTR:
		default:
			return 0, e
		}
	}
}

// maxVec is how many slices go into one system call.
const maxVec = 64

// vector is a loop's scratch for gathered sends.
type vector struct {
	iov [maxVec]unix.Iovec
	hdr unix.Msghdr
}

// send makes gathered sends of bufs on fd until all is sent or the kernel is
// full. It borrows bufs. sendmsg does what writev does, but can be told not to
// raise SIGPIPE.
func (v *vector) send(fd int32, bufs [][]byte) (n int, full bool, err error) {
	for len(bufs) > 0 {
		batch, want := v.fill(bufs)
		v.hdr = unix.Msghdr{Iov: &v.iov[0]}
		v.hdr.SetIovlen(batch)
		k, _, e := syscall.RawSyscall6(unix.SYS_SENDMSG, uintptr(fd),
			uintptr(unsafe.Pointer(&v.hdr)), sendFlags, 0, 0, 0)
		clear(v.iov[:batch])
		switch {
		case e == syscall.EINTR:
			continue
		case e == syscall.EAGAIN:
			return n, true, nil
		case e != 0:
			return n, false, e
		}
		n += int(k)
		if int(k) < want {
			return n, true, nil
		}
		bufs = bufs[batch:]
	}
	return n, false, nil
}

// fill sets up the first slices of bufs and returns how many, and their bytes.
func (v *vector) fill(bufs [][]byte) (batch, want int) {
	for batch < maxVec && batch < len(bufs) {
		b := bufs[batch]
		v.iov[batch].Base = unsafe.SliceData(b)
		v.iov[batch].SetLen(len(b))
		want += len(b)
		batch++
	}
	return batch, want
}

// drain throws away what has arrived on fd, up to 256 KiB, with the help of
// scratch: closing a socket that holds unread bytes resets the connection and
// may take our last bytes with it.
func drain(fd int32, scratch []byte) {
	for range 16 {
		n, _, e := syscall.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd),
			uintptr(unsafe.Pointer(unsafe.SliceData(scratch))), uintptr(len(scratch)), unix.MSG_DONTWAIT, 0, 0)
		if e != 0 || n == 0 {
			return
		}
	}
}

func shutdownWrite(fd int32) {
	syscall.RawSyscall(unix.SYS_SHUTDOWN, uintptr(fd), syscall.SHUT_WR, 0) //nolint:errcheck // a dead socket says so on its next read
}

// setsockopt sets an integer option; the callers can live without it.
func setsockopt(fd int32, level, opt int, value int32) {
	syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), uintptr(level), uintptr(opt), //nolint:errcheck // see above
		uintptr(unsafe.Pointer(&value)), 4, 0)
}

// abortive makes the next close of fd a reset that drops unsent bytes.
func abortive(fd int32) {
	l := syscall.Linger{Onoff: 1}
	syscall.RawSyscall6(unix.SYS_SETSOCKOPT, uintptr(fd), syscall.SOL_SOCKET, syscall.SO_LINGER, //nolint:errcheck // the close follows anyway
		uintptr(unsafe.Pointer(&l)), unsafe.Sizeof(l), 0)
}
