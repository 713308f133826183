package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// config is what the flags say.
type config struct {
	addr         string
	admin        string
	app          string
	path         string
	pingInterval time.Duration
	pingTimeout  time.Duration
	maxPayload   int
	maxBacklog   int
	whenSlow     string
	origins      string
	allowEIO3    bool
	loops        int
	tlsCert      string
	tlsKey       string
	logLevel     string
	logFormat    string
	userTimeout  time.Duration
	noIOUring    bool
	drain        time.Duration
	recovery     time.Duration
	deflate      bool
	version      bool
}

const usage = `sio-fast is a Socket.IO server for very many clients.

Usage:

  sio-fast [flags]

Without flags it serves a chat on port 3000: open http://localhost:3000

Where it listens:
  --addr ADDRESS          address to serve on: host:port, :port, or
                          unix:///path/to/socket (default ":3000")
  --admin ADDRESS         address of the admin pages, off when empty: live plots
                          at /, Prometheus metrics at /metrics, figures as JSON
                          at /stats, pprof at /debug/pprof/, health at /healthz.
                          Whoever reaches it can read the process: keep it local
                          (default off)
  --tls-cert FILE         certificate (PEM); with --tls-key, serves HTTPS and WSS
  --tls-key FILE          private key (PEM)
  --loops N               event loops; 0: one for each core (default 0)
  --no-io-uring           never send through io_uring; by default what goes to many
                          clients does, where the system allows it (default off)

What it serves:
  --app NAME              chat: the chat page; load: the events that loadtest
                          drives; load-raw: the same without decoding; none: a
                          bare server (default "chat")
  --path PATH             path of the Socket.IO endpoint (default "/socket.io/")
  --deflate               compress websocket messages of 1 KiB and more for clients
                          that offer it: fewer bytes for more time (default off)
  --cors-origin LIST      origins allowed to call from other pages, separated by
                          commas, or * for all (default none)
  --allow-eio3            let the clients of Socket.IO 1 and 2 in (default off)

Limits:
  --ping-interval TIME    pause between pings (default 25s)
  --ping-timeout TIME     time a client has to answer one (default 20s)
  --max-payload BYTES     longest message a client may send (default 1000000)
  --max-backlog BYTES     unsent bytes kept for one client before it counts as slow
                          (default 1048576)
  --when-slow POLICY      what becomes of a message for a client that is slow:
                          cut: the client is disconnected; refuse: it stays and
                          misses the message, which is counted (default "cut")
  --recovery TIME         time that a client which lost its connection may take to
                          come back to its socket, with what it has missed; 0:
                          it gets a new one (default 0)
  --user-timeout TIME     time that sent bytes may stay unacknowledged before the
                          connection counts as broken (default 1m)
  --drain TIME            time that a shutdown waits for clients to be closed
                          (default 2s)

Logs:
  --log-level LEVEL       debug, info, warn or error (default "info")
  --log-format FORMAT     text or json (default "text")

  --version               print the version and exit
  --help                  print this help and exit
`

// errHelp says that help or the version was asked for and printed.
var errHelp = errors.New("help was printed")

// parse reads the flags. It prints help to out, and returns an error of one line
// for anything it does not understand.
func parse(args []string, out io.Writer) (*config, error) {
	c := &config{}
	f := flag.NewFlagSet("sio-fast", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&c.addr, "addr", ":3000", "")
	f.StringVar(&c.admin, "admin", "", "")
	f.StringVar(&c.app, "app", "chat", "")
	f.StringVar(&c.path, "path", "/socket.io/", "")
	f.DurationVar(&c.pingInterval, "ping-interval", 25*time.Second, "")
	f.DurationVar(&c.pingTimeout, "ping-timeout", 20*time.Second, "")
	f.IntVar(&c.maxPayload, "max-payload", 1_000_000, "")
	f.IntVar(&c.maxBacklog, "max-backlog", 1<<20, "")
	f.StringVar(&c.whenSlow, "when-slow", "cut", "")
	f.StringVar(&c.origins, "cors-origin", "", "")
	f.BoolVar(&c.allowEIO3, "allow-eio3", false, "")
	f.IntVar(&c.loops, "loops", 0, "")
	f.BoolVar(&c.noIOUring, "no-io-uring", false, "")
	f.StringVar(&c.tlsCert, "tls-cert", "", "")
	f.StringVar(&c.tlsKey, "tls-key", "", "")
	f.StringVar(&c.logLevel, "log-level", "info", "")
	f.StringVar(&c.logFormat, "log-format", "text", "")
	f.BoolVar(&c.deflate, "deflate", false, "")
	f.DurationVar(&c.recovery, "recovery", 0, "")
	f.DurationVar(&c.userTimeout, "user-timeout", time.Minute, "")
	f.DurationVar(&c.drain, "drain", 2*time.Second, "")
	f.BoolVar(&c.version, "version", false, "")
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(out, usage)
		return nil, errHelp
	case err != nil:
		return nil, fmt.Errorf("%w (see --help)", err)
	case f.NArg() > 0:
		return nil, fmt.Errorf("unexpected argument %q (see --help)", f.Arg(0))
	}
	return c, c.check()
}

// check refuses what cannot work, before anything is opened.
func (c *config) check() error {
	if c.version {
		return nil
	}
	if err := checkAddr("--addr", c.addr, true); err != nil {
		return err
	}
	if c.admin != "" {
		if err := checkAddr("--admin", c.admin, false); err != nil {
			return err
		}
	}
	switch {
	case c.app != "chat" && c.app != "load" && c.app != "load-raw" && c.app != "none":
		return fmt.Errorf("--app %q: want chat, load, load-raw or none", c.app)
	case !strings.HasPrefix(c.path, "/") || c.path == "/":
		return fmt.Errorf("--path %q: want a path such as /socket.io/", c.path)
	case c.pingInterval <= 0 || c.pingTimeout <= 0:
		return errors.New("--ping-interval and --ping-timeout must be longer than 0")
	case c.maxPayload <= 0 || c.maxBacklog <= 0:
		return errors.New("--max-payload and --max-backlog must be greater than 0")
	case c.whenSlow != "cut" && c.whenSlow != "refuse":
		return fmt.Errorf("--when-slow %q: want cut or refuse", c.whenSlow)
	case c.recovery < 0:
		return errors.New("--recovery must not be negative")
	case c.userTimeout < time.Millisecond || c.userTimeout > 24*time.Hour:
		return errors.New("--user-timeout: want 1ms to 24h")
	case c.drain < 0:
		return errors.New("--drain must not be negative")
	case c.loops < 0:
		return fmt.Errorf("--loops %d: must not be negative", c.loops)
	case (c.tlsCert == "") != (c.tlsKey == ""):
		return errors.New("--tls-cert and --tls-key belong together")
	case c.logFormat != "text" && c.logFormat != "json":
		return fmt.Errorf("--log-format %q: want text or json", c.logFormat)
	}
	for _, f := range [][2]string{{"--tls-cert", c.tlsCert}, {"--tls-key", c.tlsKey}} {
		if f[1] == "" {
			continue
		}
		if _, err := os.Stat(f[1]); err != nil {
			return fmt.Errorf("%s: %w", f[0], err)
		}
	}
	_, err := c.level()
	return err
}

// slowPolicy is what --when-slow says.
func (c *config) slowPolicy() sio.SlowPolicy {
	if c.whenSlow == "refuse" {
		return sio.Refuse
	}
	return sio.Cut
}

func checkAddr(flag, addr string, unix bool) error {
	if unix && strings.HasPrefix(addr, "unix://") {
		return nil
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		return fmt.Errorf("%s %q: want host:port", flag, addr)
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return fmt.Errorf("%s %q: the port is a number from 0 to 65535", flag, addr)
	}
	return nil
}

func (c *config) level() (slog.Level, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(c.logLevel)); err != nil {
		return 0, fmt.Errorf("--log-level %q: want debug, info, warn or error", c.logLevel)
	}
	return l, nil
}

func (c *config) logger(w io.Writer) *slog.Logger {
	level, _ := c.level()
	o := &slog.HandlerOptions{Level: level}
	if c.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, o))
	}
	return slog.New(slog.NewTextHandler(w, o))
}
