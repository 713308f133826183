// Command server offers the contract that the conformance suites drive: every
// profile, namespace and event of it, through the public API of the library
// alone. conformance/README.md says what that is.
//
//	server --profile main --port 3000 --host 127.0.0.1
//
// It prints "READY <port>" when it listens. SIGTERM ends every session and then
// the process, with exit code 0.
package main

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/sio-fast/sio-fast/eventloop"
)

// closeWithin bounds the end: the contract allows 2.5 s.
const closeWithin = 1500 * time.Millisecond

func main() {
	var (
		name = flag.String("profile", "main", "one of: "+strings.Join(profileNames(), " "))
		port = flag.Int("port", 3000, "port to listen on; 0: any")
		host = flag.String("host", "127.0.0.1", "address to listen on")
		raw  = flag.Bool("raw", false, "profile load: serve the events without decoding")
	)
	flag.Parse()
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if flag.NArg() > 0 {
		fail(2, "unexpected argument %q", flag.Arg(0))
	}
	p, ok := profiles[*name]
	if !ok {
		fail(2, "profile %q is unknown or not built; there are: %s", *name, strings.Join(profileNames(), " "))
	}
	if err := serve(p, net.JoinHostPort(*host, strconv.Itoa(*port)), *raw); err != nil {
		fail(1, "%v", err)
	}
}

func fail(code int, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "server: "+format+"\n", args...)
	os.Exit(code)
}

// serve runs until SIGTERM or SIGINT, or until the loops fail.
func serve(p profile, addr string, raw bool) error {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM, os.Interrupt)

	w, err := build(p, raw)
	if err != nil {
		return err
	}
	srv := eventloop.NewServer(addr, w.io, nil)
	if err := srv.Start(); err != nil {
		return err
	}
	fmt.Printf("READY %d\n", srv.Addr().(*net.TCPAddr).Port)

	ended := make(chan error, 1)
	go func() { ended <- srv.Wait() }()
	select {
	case err := <-ended:
		return err
	case <-stop:
	}
	ctx, cancel := context.WithTimeout(context.Background(), closeWithin)
	defer cancel()
	// Clients are told first; what does not end in time is cut.
	if err := w.close(ctx); err != nil {
		slog.Warn("closing", "err", err)
	}
	return srv.Shutdown(ctx)
}
