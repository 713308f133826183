//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"time"
)

// portsPerSource is how many clients share a source address. The kernel looks
// for a free port from a random place on: with two thirds of an address's ports
// free it finds one at once.
const portsPerSource = 20_000

// maxClients keeps the descriptors of one process below what nr_open can be
// raised to without a thought.
const maxClients = 4_000_000

// options are what the command line says.
type options struct {
	server   netip.AddrPort
	stats    string // URL of the server's figures
	pid      int    // the server's process
	clients  int
	hold     time.Duration
	interval time.Duration // of the server's pings
	inFlight int
	patience time.Duration // how long clients may come; 0: until all have
	settle   time.Duration
	out      string
	facts    string
}

func (o *options) check() error {
	switch {
	case !o.server.Addr().Is4() || !o.server.Addr().IsLoopback():
		return errors.New("-server: want a loopback IPv4 address and a port")
	case o.clients < 10 || o.clients > maxClients:
		return errors.New("-clients: want 10 to 4000000")
	case o.hold < 0 || o.settle < 0 || o.patience < 0:
		return errors.New("-hold, -settle and -patience must not be negative")
	case o.inFlight < 1:
		return errors.New("-in-flight: want 1 or more")
	case o.pid <= 0:
		return errors.New("-pid: want the server's process id")
	}
	return nil
}

// sources are the addresses that n clients come from: 127.1.0.1, 127.1.0.2, …
func sources(n int) []netip.Addr {
	list := make([]netip.Addr, (n+portsPerSource-1)/portsPerSource)
	for i := range list {
		// Neither .0 nor .255 at the end: they look like networks to a reader.
		n := 127<<24 | 1<<16 | uint32(i/254)<<8 | uint32(i%254+1)
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], n)
		list[i] = netip.AddrFrom4(b)
	}
	return list
}
