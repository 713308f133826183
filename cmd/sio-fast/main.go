// Command sio-fast is a Socket.IO server for very many clients. Without flags
// it serves a chat on port 3000; see --help for the rest.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/sio-fast/sio-fast/cmd/sio-fast/admin"
)

// Exit codes, as grep and curl use them: 2 is the caller's mistake.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process: it ends when ctx does.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	c, err := parse(args, stdout)
	switch {
	case errors.Is(err, errHelp):
		return exitOK
	case err != nil:
		fmt.Fprintln(stderr, "sio-fast:", err)
		return exitUsage
	case c.version:
		fmt.Fprintln(stdout, "sio-fast", version())
		return exitOK
	}
	log := c.logger(stderr)
	if err := serve(ctx, c, log); err != nil {
		fmt.Fprintln(stderr, "sio-fast:", err)
		return exitFailed
	}
	return exitOK
}

// serve runs the server until ctx ends or a listener fails, then closes every
// session.
func serve(ctx context.Context, c *config, log *slog.Logger) error {
	a, err := newApp(c, log)
	if err != nil {
		return err
	}
	defer a.stop()
	failed := make(chan error, 2)
	if c.admin == "" {
		runtime.MemProfileRate = 0 // nobody can ask for it
	} else {
		ln, err := net.Listen("tcp", c.admin)
		if err != nil {
			return err
		}
		v, revision := build()
		a.admin = admin.New(a.io, admin.Options{Version: v, Revision: revision, Logger: log})
		defer a.admin.Close()
		srv := &http.Server{Handler: a.admin, ReadHeaderTimeout: 5 * time.Second}
		defer srv.Close() // the last requests of an operator may be cut
		go func() { failed <- srv.Serve(ln) }()
		log.Info("admin pages", "address", "http://"+ln.Addr().String())
	}
	f, err := a.listen(c, failed)
	if err != nil {
		return err
	}
	a.announce(c, f.addr())
	select {
	case err = <-failed:
	case <-ctx.Done():
		log.Info("closing", "clients", a.io.Stats().Clients)
	}
	drain, cancel := context.WithTimeout(context.Background(), c.drain)
	defer cancel()
	if e := f.shutdown(drain); e != nil && err == nil {
		log.Warn("not every client was closed in time", "error", e)
	}
	return err
}

// announce says where to point a browser.
func (a *app) announce(c *config, addr string) {
	if strings.HasPrefix(c.addr, "unix://") {
		a.log.Info("serving", "address", c.addr, "path", c.path)
		return
	}
	scheme := "http"
	if c.tlsCert != "" {
		scheme = "https"
	}
	host, port, _ := net.SplitHostPort(addr) // the listener's own address
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	url := scheme + "://" + net.JoinHostPort(host, port)
	a.log.Info("serving", "address", addr, "path", c.path, "app", c.app)
	if c.app == "chat" {
		a.log.Info("open the chat in a browser", "url", url)
	}
}

// build is the version of the module and the revision of its source.
func build() (version, revision string) {
	version, revision = "unknown", "unknown"
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return version, revision
	}
	for _, s := range b.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			revision = s.Value[:12]
		}
	}
	return b.Main.Version, revision
}

func version() string {
	v, revision := build()
	return v + " " + revision + " " + runtime.Version()
}
