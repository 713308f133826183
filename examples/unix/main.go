// Command unix serves Socket.IO on a unix socket, for a proxy on the same
// machine such as nginx (`proxy_pass http://unix:/tmp/sio.sock`).
package main

import (
	"context"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/examples/greeter"
)

// serve runs until ctx ends.
func serve(ctx context.Context, path string, ready func()) error {
	io, err := greeter.New()
	if err != nil {
		return err
	}
	s := eventloop.NewServer("unix://"+path, io, nil)
	if err := s.Start(); err != nil {
		return err
	}
	ready()
	<-ctx.Done()
	if err := io.Close(context.WithoutCancel(ctx)); err != nil {
		return err
	}
	return s.Shutdown(context.WithoutCancel(ctx))
}

func main() {
	path := "/tmp/sio.sock"
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, path, func() { log.Println("serving on", path) }); err != nil {
		log.Fatal(err)
	}
}
