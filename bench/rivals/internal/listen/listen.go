// Package listen is what all servers in Go have in common: the flags of the load
// contract, the line READY, the count of allocated objects, and an end by SIGTERM.
package listen

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
)

// Address reads the flags and gives the address to listen on.
func Address() string {
	port := flag.Int("port", 0, "port to listen on; 0: any")
	host := flag.String("host", "127.0.0.1", "address to listen on")
	flag.String("profile", "load", "accepted and ignored: there is only the load contract")
	admin := flag.String("admin", "", "address that tells how many objects were allocated; empty: none")
	flag.Parse()
	if *admin != "" {
		count(*admin)
	}
	return net.JoinHostPort(*host, strconv.Itoa(*port))
}

// count serves the number of objects allocated since the start, as JSON.
func count(addr string) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stats := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		_, _ = fmt.Fprintf(w, "{\"mallocs\":%d}\n", m.Mallocs)
	})
	go func() { _ = http.Serve(ln, stats) }() //nolint:gosec // asked twice a run, on loopback
}

// Ready listens, says READY and the port, and ends the process on SIGTERM.
func Ready() net.Listener {
	ln, err := net.Listen("tcp", Address())
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	EndOnSignal()
	Say(ln.Addr().(*net.TCPAddr).Port)
	return ln
}

// Say prints the line that a load generator waits for.
func Say(port int) { fmt.Println("READY", port) }

// EndOnSignal ends the process politely.
func EndOnSignal() {
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-sig
		os.Exit(0)
	}()
}
