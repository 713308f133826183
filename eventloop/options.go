package eventloop

import (
	"errors"
	"io/fs"
	"log/slog"
	"runtime"
	"time"
)

// Options configure a [Server] or a [Host]. The zero value of a field means its
// default.
type Options struct {
	// Loops is the number of event loops. 0 means one per usable core
	// (GOMAXPROCS).
	Loops int
	// ReusePort lets other processes of the same user listen on the same
	// address; the kernel then spreads connections over all of them. false
	// refuses an address that is in use, like any other server.
	ReusePort bool
	// MaxConns is how many connections are admitted; more are answered 503 and
	// closed. 0 means as many as there are descriptors, less a reserve.
	MaxConns int
	// NotSentLowat is TCP_NOTSENT_LOWAT: how many unsent bytes the kernel takes
	// per connection before it counts as full. 0 means 32 KiB, negative leaves
	// the system's (which lets one stalled client hold megabytes).
	NotSentLowat int
	// UserTimeout is TCP_USER_TIMEOUT: a connection whose sent bytes stay
	// unacknowledged for longer is broken. 0 means 60s, negative leaves the
	// system's (many minutes).
	UserTimeout time.Duration
	// KeepAlive is the idle time before TCP keep-alive probes. 0 means none:
	// heartbeats do that work.
	KeepAlive time.Duration
	// RecvBuffer and SendBuffer are the kernel's buffers per connection, in
	// bytes. 0 leaves the system's.
	RecvBuffer, SendBuffer int
	// DrainTimeout bounds how long Shutdown waits for bytes on their way. 0
	// means 1s.
	DrainTimeout time.Duration
	// KeepFileLimit leaves the soft limit of open descriptors as it is, instead
	// of raising it to the hard one at start.
	KeepFileLimit bool
	// KeepMemory turns off the janitor, which gives memory back to the system
	// once the number of connections has changed a lot and then come to rest.
	KeepMemory bool
	// NoIOUring has every send be a system call of its own. By default, where the
	// system allows io_uring (from Linux 5.19 on; many containers forbid it), what
	// goes to many clients at once goes to the kernel in one. Where a filter of
	// system calls does not refuse io_uring but kills who asks for it, set this.
	NoIOUring bool
	// SocketMode is the mode of a unix socket's file. 0 leaves it to the umask.
	SocketMode fs.FileMode
	// Logger hears of what nobody else can be told. nil means slog.Default.
	Logger *slog.Logger
}

var errOptions = errors.New("eventloop: negative value in Options")

// withDefaults returns a copy of o with every default filled in.
func (o *Options) withDefaults() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Loops < 0 || c.MaxConns < 0 || c.RecvBuffer < 0 || c.SendBuffer < 0 ||
		c.KeepAlive < 0 || c.DrainTimeout < 0 {
		return c, errOptions
	}
	if c.Loops == 0 {
		c.Loops = runtime.GOMAXPROCS(0)
	}
	if c.NotSentLowat == 0 {
		c.NotSentLowat = 32 << 10
	}
	if c.UserTimeout == 0 {
		c.UserTimeout = time.Minute
	}
	if c.DrainTimeout == 0 {
		c.DrainTimeout = time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}

// Stats are the figures of a server. Any goroutine.
type Stats struct {
	Conns   int64 // open connections
	Refused int64 // connections refused since the start
	Rings   int   // loops that send through io_uring
}
