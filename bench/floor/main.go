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
// One loop, one thread. It prints READY and the port, and ends on SIGTERM.
package main

import (
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
	flag.String("profile", "load", "accepted and ignored: there is only the load contract")
	flag.Parse()

	l, err := newLoop(*host, *port, *share)
	if err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
	sig := make(chan os.Signal, 1)
	signal.Notify(sig, syscall.SIGTERM, syscall.SIGINT)
	go func() {
		<-sig
		l.stop()
	}()
	fmt.Println("READY", l.port)
	if err := l.run(); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(1)
	}
}
