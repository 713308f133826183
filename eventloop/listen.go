//go:build linux

package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// splitAddr takes "host:port", ":port", "tcp://host:port" (or tcp4, tcp6),
// "unix:///path" and "unix:path" apart.
func splitAddr(addr string) (network, rest string, err error) {
	if path, ok := strings.CutPrefix(addr, "unix:"); ok {
		if path = strings.TrimPrefix(path, "//"); path == "" {
			return "", "", fmt.Errorf("eventloop: no path in address %q", addr)
		}
		return "unix", path, nil
	}
	network, rest = "tcp", addr
	if n, r, ok := strings.Cut(addr, "://"); ok {
		if n != "tcp" && n != "tcp4" && n != "tcp6" {
			return "", "", fmt.Errorf("eventloop: unknown network in address %q", addr)
		}
		network, rest = n, r
	}
	if rest == "" {
		rest = ":0"
	}
	if _, _, err := net.SplitHostPort(rest); err != nil {
		return "", "", fmt.Errorf("eventloop: address %q: %w", addr, err)
	}
	return network, rest, nil
}

// claim is an address that is ours until gnet listens on it.
type claim struct {
	fd   int    // bound, not listening; -1: none
	lock int    // the name that keeps two starting servers apart; -1: none
	addr string // for gnet, with the port filled in
	net  *net.TCPAddr
}

// claimTCP binds addr the plain way, which fails if anybody listens there. gnet
// binds with SO_REUSEPORT, once per loop, and would share the port with another
// server of this user without a word. shared skips the check.
//
// Between the check and gnet's own binding another process could check too, so
// starting servers take turns: they bind an abstract unix name made from the
// port, which lives in the same network namespace as the port itself.
func claimTCP(network, addr string, shared bool) (*claim, error) {
	a, err := net.ResolveTCPAddr(network, addr)
	if err != nil {
		return nil, fmt.Errorf("eventloop: %w", err)
	}
	c := &claim{fd: -1, lock: -1}
	if a.Port != 0 {
		if c.lock, err = takeTurn(a.Port); err != nil {
			return nil, err
		}
	}
	c.fd, network, err = bind(network, a)
	if err == nil {
		a.Port, err = portOf(c.fd)
	}
	if err == nil {
		// From here on gnet's sockets may join us: the kernel asks every socket
		// on the port when another one wants in.
		err = unix.SetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	} else if shared && errors.Is(err, unix.EADDRINUSE) {
		err = nil
	}
	if err != nil {
		c.release()
		if errors.Is(err, unix.EADDRINUSE) {
			return nil, fmt.Errorf("eventloop: listen %s: address already in use", addr)
		}
		return nil, fmt.Errorf("eventloop: listen %s: %w", addr, err)
	}
	c.net = a
	host := ""
	if a.IP != nil {
		host = a.IP.String()
		if a.Zone != "" {
			host += "%" + a.Zone
		}
	} else if network == "tcp4" {
		host = "0.0.0.0"
	}
	c.addr = network + "://" + net.JoinHostPort(host, strconv.Itoa(a.Port))
	return c, nil
}

// release gives the claim up, once gnet listens or has failed to.
func (c *claim) release() {
	for _, fd := range []int{c.fd, c.lock} {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
	c.fd, c.lock = -1, -1
}

// bind opens a socket that is bound to a but does not listen. It prefers one
// that serves both families, and says which network it found.
func bind(network string, a *net.TCPAddr) (int, string, error) {
	ip4 := a.IP.To4()
	if network == "tcp4" || ip4 != nil {
		sa := &unix.SockaddrInet4{Port: a.Port}
		copy(sa.Addr[:], ip4)
		fd, err := bindTo(unix.AF_INET, sa, false)
		return fd, "tcp4", err
	}
	sa := &unix.SockaddrInet6{Port: a.Port}
	copy(sa.Addr[:], a.IP.To16())
	if a.Zone != "" {
		ifi, err := net.InterfaceByName(a.Zone)
		if err != nil {
			return -1, network, err
		}
		sa.ZoneId = uint32(ifi.Index)
	}
	fd, err := bindTo(unix.AF_INET6, sa, network == "tcp6")
	if errors.Is(err, unix.EAFNOSUPPORT) && network == "tcp" && a.IP == nil {
		return bind("tcp4", a)
	}
	return fd, network, err
}

func bindTo(family int, sa unix.Sockaddr, only6 bool) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.IPPROTO_TCP)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if only6 {
		_ = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	// Connections of an earlier server in TIME_WAIT must not stand in the way.
	_ = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err := unix.Bind(fd, sa); err != nil {
		_ = unix.Close(fd)
		return -1, os.NewSyscallError("bind", err)
	}
	return fd, nil
}

func portOf(fd int) (int, error) {
	sa, err := unix.Getsockname(fd)
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return sa.Port, nil
	case *unix.SockaddrInet6:
		return sa.Port, nil
	}
	return 0, os.NewSyscallError("getsockname", err)
}

// takeTurn waits, for a second at most, until no other server is just starting
// on port.
func takeTurn(port int) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, fmt.Errorf("eventloop: %w", os.NewSyscallError("socket", err))
	}
	name := &unix.SockaddrUnix{Name: "@sio-fast/listen/" + strconv.Itoa(port)}
	for range 100 {
		if err = unix.Bind(fd, name); !errors.Is(err, unix.EADDRINUSE) {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, fmt.Errorf("eventloop: listen on port %d: another server is starting there", port)
	}
	return fd, nil
}

// listenUnix listens on path. A socket file that nobody listens on any more is
// replaced; any other file is left alone.
func listenUnix(path string, mode os.FileMode) (*net.UnixListener, error) {
	a := &net.UnixAddr{Name: path, Net: "unix"}
	ln, err := net.ListenUnix("unix", a)
	if errors.Is(err, unix.EADDRINUSE) {
		if err = removeStale(path); err == nil {
			ln, err = net.ListenUnix("unix", a)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("eventloop: listen unix %s: %w", path, reason(err))
	}
	if mode != 0 {
		if err := os.Chmod(path, mode); err != nil {
			_ = ln.Close()
			return nil, fmt.Errorf("eventloop: %w", err)
		}
	}
	return ln, nil
}

var errInUse = errors.New("address already in use")

func removeStale(path string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if info.Mode()&os.ModeSocket == 0 {
		return errors.New("the file exists and is not a socket")
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	c, err := new(net.Dialer).DialContext(ctx, "unix", path)
	if err == nil {
		_ = c.Close()
		return errInUse
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return errInUse
	}
	return os.Remove(path)
}

// reason takes the operation and address off a net error: the caller has named
// both.
func reason(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}

func closeFD(fd int) { _ = unix.Close(fd) }
