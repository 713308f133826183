// Package netns gives the clients a network namespace of their own, joined to the
// server's by a pair of virtual network cards. Then they have their own ports, their
// own settings of TCP and their own TIME_WAIT, as if they sat on another machine.
package netns

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Net is a namespace and its two cards. Close removes all of it.
type Net struct {
	Server netip.Addr // the server's end: what the clients connect to
	From   []string   // the clients' addresses

	name, here, there string // the namespace and the two cards
}

// folder is where the ip command keeps namespaces by name.
const folder = "/run/netns"

const prefix = "loadtest-"

// New makes a namespace with so many client addresses. The error says in words
// for a user why there can be none.
func New(addresses int) (*Net, error) {
	if os.Geteuid() != 0 {
		return nil, errors.New("making one needs root")
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return nil, errors.New("making one needs the ip command (package iproute2)")
	}
	sweep()
	n := named(os.Getpid())
	// 198.18.0.0/15 is set aside for measuring networks (RFC 2544), so nobody
	// misses it.
	subnet := func(host int) string { return fmt.Sprintf("198.18.%d.%d", os.Getpid()%256, host) }
	n.Server = netip.MustParseAddr(subnet(1))
	for i := range min(max(addresses, 1), 250) {
		n.From = append(n.From, subnet(i+2))
	}
	if err := n.build(); err != nil {
		n.Close()
		return nil, err
	}
	return n, nil
}

// named has the names of what a process makes, and nothing is made yet.
func named(pid int) *Net {
	return &Net{name: prefix + strconv.Itoa(pid), here: fmt.Sprintf("lt%ds", pid), there: fmt.Sprintf("lt%dc", pid)}
}

func (n *Net) build() error {
	steps := []string{
		"netns add " + n.name,
		"link add " + n.here + " type veth peer name " + n.there + " netns " + n.name,
		"addr add " + n.Server.String() + "/24 dev " + n.here,
		"link set " + n.here + " up",
		"-n " + n.name + " link set lo up",
		"-n " + n.name + " link set " + n.there + " up",
	}
	for _, a := range n.From {
		steps = append(steps, "-n "+n.name+" addr add "+a+"/24 dev "+n.there)
	}
	for _, s := range steps {
		if err := run("ip", strings.Fields(s)...); err != nil {
			return err
		}
	}
	return n.Do(func() error { // nearly all ports of each address, not 28,000
		return os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("1024 65535"), 0o600)
	})
}

// Do runs fn inside the namespace: what it opens and the processes it starts stay
// there. The calling goroutine must be locked to its thread.
func (n *Net) Do(fn func() error) error {
	outside, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer func() { _ = outside.Close() }()
	inside, err := os.Open(filepath.Join(folder, n.name))
	if err != nil {
		return err
	}
	defer func() { _ = inside.Close() }()
	if err := unix.Setns(int(inside.Fd()), unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("entering it: %w", err)
	}
	err = fn()
	if back := unix.Setns(int(outside.Fd()), unix.CLONE_NEWNET); back != nil {
		panic(back) // the thread would look at the wrong network ever after
	}
	return err
}

// Close removes the namespace. Its cards go with it, when the last socket has.
func (n *Net) Close() {
	_ = run("ip", "link", "del", n.here)
	_ = run("ip", "netns", "del", n.name)
}

// sweep removes what runs that were killed have left behind.
func sweep() {
	names, _ := filepath.Glob(filepath.Join(folder, prefix+"*"))
	for _, f := range names {
		pid := strings.TrimPrefix(filepath.Base(f), prefix)
		if _, err := os.Stat("/proc/" + pid); err != nil {
			_ = run("ip", "netns", "del", prefix+pid)
		}
	}
}

// run runs a command; its error is what the command said.
func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err == nil {
		return nil
	}
	if line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n"); line != "" {
		return fmt.Errorf("%s %s: %s", name, args[0], line)
	}
	return fmt.Errorf("%s %s: %w", name, args[0], err)
}
