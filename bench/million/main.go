//go:build linux

// Command million is the load of `make million`: very many Socket.IO clients,
// over websocket, in one process that keeps eight bytes for each of them beside
// what the kernel keeps. It runs inside the guest that run.sh boots; README.md
// says why and how.
//
// They connect, are held while they answer pings, get one broadcast, a tenth
// leaves and comes back, all leave. One client cut, or one message missed or
// got twice, fails the run. The report goes to -out either way.
package main

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

func main() {
	o := options{}
	addr := flag.String("server", "127.0.0.1:3000", "address of the server")
	flag.StringVar(&o.stats, "stats", "http://127.0.0.1:3001/stats", "its figures")
	flag.IntVar(&o.pid, "pid", 0, "its process id")
	flag.IntVar(&o.clients, "clients", 1_000_000, "how many")
	flag.DurationVar(&o.hold, "hold", 10*time.Minute, "how long they stay before the broadcast")
	flag.DurationVar(&o.interval, "ping-interval", 300*time.Second, "what the server was told")
	flag.DurationVar(&o.patience, "patience", 0, "go on with the clients that came in this time; 0: wait for all")
	flag.IntVar(&o.inFlight, "in-flight", 1000, "handshakes under way at once")
	flag.DurationVar(&o.settle, "settle", 15*time.Second, "rest before memory is read")
	flag.StringVar(&o.out, "out", "/dev/stdout", "file for the report")
	flag.StringVar(&o.facts, "facts", "", "file of `key: value` lines about the machine")
	flag.Parse()
	os.Exit(int(start(o, *addr)))
}

func start(o options, addr string) (code uint8) {
	fail := func(err error) uint8 {
		fmt.Fprintln(os.Stderr, "million:", err)
		return 1
	}
	var err error
	if o.server, err = netip.ParseAddrPort(addr); err != nil {
		return fail(err)
	}
	if err := o.check(); err != nil {
		return fail(err)
	}
	facts, err := readFacts(o.facts)
	if err != nil {
		return fail(err)
	}
	// One thread does it all, and allocates next to nothing.
	runtime.LockOSThread()
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	c, err := newCrowd(&o)
	if err != nil {
		return fail(err)
	}
	r := &run{o: o, c: c, facts: facts}
	failed := r.all()
	if failed != nil {
		code = fail(failed)
	}
	if err := os.WriteFile(o.out, []byte(r.report(failed)), 0o644); err != nil {
		return fail(err)
	}
	return code
}
