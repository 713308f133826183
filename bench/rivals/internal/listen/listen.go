// Package listen is what all references have in common: the flags of the load
// contract, the line READY, and an end by SIGTERM.
package listen

import (
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

// Address reads the flags and gives the address to listen on.
func Address() string {
	port := flag.Int("port", 0, "port to listen on; 0: any")
	host := flag.String("host", "127.0.0.1", "address to listen on")
	flag.String("profile", "load", "accepted and ignored: there is only the load contract")
	flag.Parse()
	return net.JoinHostPort(*host, strconv.Itoa(*port))
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
