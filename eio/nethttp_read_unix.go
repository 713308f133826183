//go:build unix

package eio

import (
	"io"
	"net"
	"os"
	"syscall"
)

// read feeds what arrives. On a plain socket it waits for bytes before it takes
// a buffer from the pool, so that an idle connection holds none. Only the
// types of package net itself will do: a type around them may have a Read of
// its own.
func (c *hijacked) read() error {
	var rc syscall.RawConn
	var err error
	switch nc := c.nc.(type) {
	case *net.TCPConn:
		rc, err = nc.SyscallConn()
	case *net.UnixConn:
		rc, err = nc.SyscallConn()
	default:
		return c.readBuffered()
	}
	if err != nil {
		return err
	}
	return c.readRaw(rc)
}

func (c *hijacked) readRaw(rc syscall.RawConn) error {
	var buf *[largeRead]byte
	var n int
	var failed error
	try := func(fd uintptr) (done bool) {
		buf = readBuffers.Get().(*[largeRead]byte)
		for {
			if n, failed = syscall.Read(int(fd), buf[:]); failed != syscall.EINTR {
				break
			}
		}
		if failed == syscall.EAGAIN {
			readBuffers.Put(buf)
			return false // to be called again when there is something
		}
		return true
	}
	for {
		if err := rc.Read(try); err != nil {
			return err // closed here, and try has not run or holds no buffer
		}
		if n > 0 {
			c.feed(buf[:n])
		}
		readBuffers.Put(buf)
		switch {
		case failed != nil:
			return os.NewSyscallError("read", failed)
		case n == 0:
			return io.EOF
		}
	}
}
