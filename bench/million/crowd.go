//go:build linux

package main

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Where a client is in its life.
const (
	gone       = iota // no such descriptor
	connecting        // the request waits for the TCP handshake
	upgrading         // the request is sent
	opening           // the upgrade is answered
	joining           // the CONNECT is sent
	live
	leaving // the closing handshake has begun
)

// client is all that is kept of one. The descriptor is the index, so that an
// event leads to it without a map.
type client struct {
	state   uint8
	got     uint8  // deliveries of the broadcast under way
	pings   uint16 // answered since the last reset
	started uint32 // milliseconds after the beginning: when it began to come or go
}

// crowd is all clients, around one epoll, on one thread.
type crowd struct {
	ep      int
	to      unix.SockaddrInet4
	from    []unix.SockaddrInet4
	next    int // source
	request []byte
	begun   time.Time

	clients []client // by descriptor
	partial map[int32][]byte
	events  []unix.EpollEvent
	buf     []byte
	want    []byte // the packet that the broadcast under way brings to everybody

	live, underway, going int
	pings                 int64 // answered since the beginning
	deliveries            int64
	retries               int
	lost                  int // live clients that the server or a fault cut
	wrong                 int // messages that nobody should have got
	why                   map[string]int
	slowest               uint32 // ms, of the comings since the last reset
}

func newCrowd(o *options) (*crowd, error) {
	ep, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	c := &crowd{
		ep: ep, to: unix.SockaddrInet4{Port: int(o.server.Port()), Addr: o.server.Addr().As4()},
		request: upgradeRequest(o.server.String()), begun: time.Now(),
		// Descriptors are given out from the bottom; a few are not clients'.
		clients: make([]client, o.clients+4096),
		partial: map[int32][]byte{}, why: map[string]int{},
		events: make([]unix.EpollEvent, 1024), buf: make([]byte, 64<<10),
	}
	for _, a := range sources(o.clients) {
		c.from = append(c.from, sockaddr(a))
	}
	return c, nil
}

func sockaddr(a netip.Addr) unix.SockaddrInet4 { return unix.SockaddrInet4{Addr: a.As4()} }

func (c *crowd) ms() uint32 { return uint32(time.Since(c.begun).Milliseconds()) }

// come lets one more client begin.
func (c *crowd) come() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	if fd >= len(c.clients) {
		_ = unix.Close(fd)
		return fmt.Errorf("descriptor %d for %d clients: something leaks", fd, len(c.clients))
	}
	// The kernel picks the port at the connect: then it has to be free only for
	// this server.
	_ = unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	from := &c.from[c.next%len(c.from)]
	c.next++
	if err = unix.Bind(fd, from); err == nil {
		err = unix.Connect(fd, &c.to)
	}
	if err != nil && err != unix.EINPROGRESS {
		_ = unix.Close(fd)
		return fmt.Errorf("connect from %v: %w", netip.AddrFrom4(from.Addr), err)
	}
	c.underway++
	c.clients[fd] = client{state: connecting, started: c.ms()}
	// On loopback the connection stands when connect returns.
	events := uint32(unix.EPOLLIN)
	if !c.ask(int32(fd)) {
		events |= unix.EPOLLOUT
	}
	if err := c.epoll(unix.EPOLL_CTL_ADD, int32(fd), events); err != nil {
		return err
	}
	return nil
}

// ask sends the upgrade request, unless the connection does not stand yet.
func (c *crowd) ask(fd int32) bool {
	switch e := send(fd, c.request); e {
	case 0:
		c.clients[fd].state = upgrading
		return true
	default: // EAGAIN; or what the next event on it says again
		return false
	}
}

func (c *crowd) epoll(op int, fd int32, events uint32) error {
	ev := unix.EpollEvent{Events: events, Fd: fd}
	if err := unix.EpollCtl(c.ep, op, int(fd), &ev); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// poll serves what has happened, and waits for it at most wait.
func (c *crowd) poll(wait time.Duration) error {
	n, err := unix.EpollWait(c.ep, c.events, int(wait.Milliseconds()))
	if err != nil && err != unix.EINTR {
		return fmt.Errorf("epoll_wait: %w", err)
	}
	for i := range max(n, 0) {
		ev := &c.events[i]
		if c.clients[ev.Fd].state == connecting {
			if !c.ask(ev.Fd) {
				if ev.Events&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
					c.drop(ev.Fd, "the connection did not come about")
				}
				continue
			}
			if err := c.epoll(unix.EPOLL_CTL_MOD, ev.Fd, unix.EPOLLIN); err != nil {
				return err
			}
			continue
		}
		c.readable(ev.Fd)
	}
	return nil
}

func (c *crowd) readable(fd int32) {
	data := c.buf
	had := copy(data, c.partial[fd])
	n, e := recv(fd, data[had:])
	switch {
	case e == unix.EAGAIN || e == unix.EINTR:
		return
	case e != 0:
		c.drop(fd, e.Error())
		return
	case n == 0:
		c.drop(fd, "the server closed the connection")
		return
	}
	if had > 0 {
		delete(c.partial, fd)
	}
	rest, err := c.feed(fd, data[:had+n])
	switch {
	case err != nil:
		c.drop(fd, err.Error())
	case len(rest) > 0:
		c.partial[fd] = slices.Clone(rest)
	}
}

// feed takes what a client has read, and returns what is not whole yet.
func (c *crowd) feed(fd int32, b []byte) ([]byte, error) {
	k := &c.clients[fd]
	if k.state == upgrading {
		n, err := parseHead(b)
		if n == 0 {
			return b, err
		}
		b = b[n:]
		k.state = opening
	}
	for len(b) > 0 {
		op, payload, n, err := parseFrame(b)
		if n == 0 {
			return b, err
		}
		if op == opClose {
			if k.state != leaving {
				return nil, fmt.Errorf("the server closed the websocket: %q", payload)
			}
		} else if err := c.packet(fd, k, payload); err != nil {
			return nil, err
		}
		b = b[n:]
	}
	return nil, nil
}

var errPacket = errors.New("a packet that should not come now")

// packet takes one Engine.IO packet.
func (c *crowd) packet(fd int32, k *client, p []byte) error {
	switch {
	case k.state == leaving: // what was on its way
		return nil
	case k.state == opening && len(p) > 1 && p[0] == '0':
		k.state = joining
		return say(fd, frameConnect)
	case k.state == joining && len(p) > 2 && string(p[:2]) == "40":
		k.state = live
		c.live++
		c.underway--
		c.slowest = max(c.slowest, c.ms()-k.started)
		return nil
	case string(p) == "2":
		k.pings++
		c.pings++
		return say(fd, framePong)
	case k.state == live && c.want != nil && string(p) == string(c.want):
		if k.got < 255 {
			k.got++
		}
		c.deliveries++
		return nil
	}
	c.wrong++
	return fmt.Errorf("%w: %.40q", errPacket, p)
}

// say sends a frame so small that a kernel that does not take it at once, from
// a client that is silent otherwise, is a fault.
func say(fd int32, frame []byte) error {
	if e := send(fd, frame); e != 0 {
		return e
	}
	return nil
}

// drop closes a descriptor and does the sums.
func (c *crowd) drop(fd int32, why string) {
	switch k := &c.clients[fd]; k.state {
	case gone:
		return
	case leaving:
		c.going--
	case live:
		c.live--
		c.lost++
		c.why["cut: "+why]++
	default:
		c.underway--
		c.retries++
		c.why["did not get in: "+why]++
	}
	c.clients[fd] = client{}
	delete(c.partial, fd)
	_ = unix.Close(int(fd))
}

// leave begins the closing handshake of a live client; the server ends it.
func (c *crowd) leave(fd int32) {
	if err := say(fd, frameClose); err != nil {
		c.drop(fd, err.Error())
		return
	}
	c.clients[fd].state = leaving
	c.live--
	c.going++
}

// The system calls of each message are made raw: they never block, so Go's
// scheduler need not hear of them.

func recv(fd int32, b []byte) (int, unix.Errno) {
	n, _, e := unix.RawSyscall6(unix.SYS_RECVFROM, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT, 0, 0)
	return int(n), e
}

func send(fd int32, b []byte) unix.Errno {
	n, _, e := unix.RawSyscall6(unix.SYS_SENDTO, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL, 0, 0)
	if e == 0 && int(n) < len(b) {
		return unix.EMSGSIZE // a fresh connection takes the little there is, or nothing
	}
	return e
}
