//go:build linux

// Command floor is the yardstick: a bare epoll loop in Go that speaks just
// enough websocket, Engine.IO and Socket.IO, with fixed answers, to be driven by
// the same load generator as sio-fast. It uses neither Go's network poller nor a
// framing library, checks as little as it can, and is not a server to be used.
//
// It offers the load contract: echo, echo with an acknowledgement, join, room
// and all, in the default namespace over websocket.
//
//	-share=false   one send per delivery: what the kernel asks for a message
//	-share=true    the messages of one read share their sends
//
// One loop, one thread; with -loops more of them, to compare what machines give
// to two cores. It prints READY and the port, and ends on SIGTERM.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	port := flag.Int("port", 0, "port to listen on; 0: any")
	host := flag.String("host", "127.0.0.1", "IPv4 address to listen on")
	share := flag.Bool("share", false, "let the messages of one read share their sends")
	loops := flag.Int("loops", 1, "event loops; with more than one, rooms are of the clients of one loop")
	stats := flag.String("admin", "", "address for /stats: the loops' figures of their broadcasts")
	flag.String("profile", "load", "accepted and ignored: there is only the load contract")
	flag.Parse()

	if err := serve(*host, *port, *loops, *share, *stats); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}

// serve runs the loops until SIGTERM.
func serve(host string, port, n int, share bool, stats string) error {
	all, err := newLoops(host, port, n, share)
	if err != nil {
		return err
	}
	if stats != "" {
		if err := admin(stats, all); err != nil {
			return err
		}
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-sig
		for _, l := range all {
			l.stop()
		}
	}()
	fmt.Println("READY", all[0].port)
	ended := make(chan error, n)
	for _, l := range all[1:] {
		go func() { ended <- l.run() }()
	}
	err = all[0].run()
	for range all[1:] {
		err = errors.Join(err, <-ended)
	}
	return err
}
