package eio

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"
)

// Options configure an [Engine]. The zero value of a field means its default.
type Options struct {
	// Path is the prefix of the engine's requests. "" means "/engine.io/".
	// One trailing slash is added if it is missing.
	Path string
	// PingInterval is the time from the open packet, or from a pong, to the
	// next ping. 0 means 25s.
	PingInterval time.Duration
	// PingTimeout is how long a client may take to answer a ping. 0 means 20s.
	PingTimeout time.Duration
	// UpgradeTimeout bounds an upgrade to websocket. 0 means 10s.
	UpgradeTimeout time.Duration
	// CloseTimeout bounds an orderly close over polling. 0 means 30s.
	CloseTimeout time.Duration
	// MaxPayload is the size limit, in bytes, of one websocket message and of
	// one polling body. 0 means 1,000,000.
	MaxPayload int
	// MaxPacketsPerPayload bounds the packets of one polling body. 0 means
	// 16384.
	MaxPacketsPerPayload int
	// Transports lists what is served: "polling", "websocket". nil means both.
	Transports []string
	// DisableUpgrades refuses to upgrade a polling session to websocket and
	// leaves the upgrade out of the open packet.
	DisableUpgrades bool
	// PerMessageDeflate lets websockets negotiate compression (RFC 7692). nil
	// means off: it costs time and some memory for each message, and the client
	// as much.
	PerMessageDeflate *Deflate
	// HTTPCompression says which answers to polls go compressed by gzip or
	// deflate, where the client accepts that. nil means those of 1024 bytes and
	// more.
	HTTPCompression *Deflate
	// DisableHTTPCompression sends every answer as it is.
	DisableHTTPCompression bool
	// AllowEIO3 lets clients in that speak revision 3 of Engine.IO, those of
	// Socket.IO 1 and 2, or that name no revision.
	AllowEIO3 bool
	// CORS answers cross-origin requests. nil means off.
	CORS *CORS
	// Cookie is set on the handshake's response. nil means none.
	Cookie *Cookie
	// AllowRequest refuses a handshake by returning an error, whose text is
	// the answer's message. It borrows r and must not block. Loop only.
	AllowRequest func(r *Request) error
	// Use runs for every request of the engine, before it is checked. An error
	// refuses the request as a bad one, or answers it if it is an [*Answer]. It
	// may add to the headers of the response. It borrows r and must not block.
	// Loop only.
	Use []func(r *Request, h http.Header) error
	// InitialHeaders may add to the headers of the first response of a
	// session. It borrows r and h. Loop only.
	InitialHeaders func(r *Request, h http.Header)
	// Headers may add to the headers of every response of a session. It
	// borrows r and h. Loop only.
	Headers func(r *Request, h http.Header)
	// OnConnectionError hears of every refused request. It borrows e. Loop
	// only.
	OnConnectionError func(e *ConnectionError)
	// GenerateID replaces the session ids. Ids must be unique and hard to
	// guess. It borrows r and must not block. Loop only.
	GenerateID func(r *Request) (string, error)
	// MaxBacklog bounds the unsent bytes of one session. A message that finds
	// the backlog above it closes the session with [ReasonSlow], unless it is
	// sent as [Volatile] or [Refuse]. 0 means 1 MiB.
	MaxBacklog int
	// DropRequest frees the stored handshake request once OnOpen has returned.
	DropRequest bool
	// InitialPacket is a text message that follows every open packet: over
	// polling in the same answer. "" means none.
	InitialPacket string
	// Hooks hear what sessions do, packet by packet. nil means nobody does.
	Hooks *Hooks
	// Logger hears of what nobody else can be told. nil means slog.Default.
	Logger *slog.Logger
}

var (
	errNoHandler   = errors.New("eio: no handler")
	errTransports  = errors.New("eio: Options.Transports must be of \"polling\" and \"websocket\", one at least")
	errPathNoSlash = errors.New("eio: Options.Path must begin with a slash")
)

// withDefaults returns a copy of o with every default filled in.
func (o *Options) withDefaults() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Path == "" {
		c.Path = "/engine.io/"
	}
	if c.Path[0] != '/' {
		return c, errPathNoSlash
	}
	c.Path = strings.TrimSuffix(c.Path, "/") + "/"
	if err := c.check(); err != nil {
		return c, err
	}
	orDuration(&c.PingInterval, 25*time.Second)
	orDuration(&c.PingTimeout, 20*time.Second)
	orDuration(&c.UpgradeTimeout, 10*time.Second)
	orDuration(&c.CloseTimeout, 30*time.Second)
	orInt(&c.MaxPayload, 1_000_000)
	orInt(&c.MaxPacketsPerPayload, 16384)
	orInt(&c.MaxBacklog, 1<<20)
	if c.Transports == nil {
		c.Transports = []string{"polling", "websocket"}
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}

// check refuses numbers that make no sense, by name.
func (o *Options) check() error {
	for _, d := range []struct {
		name string
		is   time.Duration
	}{
		{"PingInterval", o.PingInterval}, {"PingTimeout", o.PingTimeout},
		{"UpgradeTimeout", o.UpgradeTimeout}, {"CloseTimeout", o.CloseTimeout},
	} {
		// Whoever writes 25000 for the reference's milliseconds means no 25 µs.
		if d.is < 0 || d.is > 0 && d.is < time.Millisecond {
			return fmt.Errorf("eio: Options.%s is %v; want a time.Duration of a millisecond or more", d.name, d.is)
		}
	}
	for _, n := range []struct {
		name string
		is   int
	}{
		{"MaxPayload", o.MaxPayload}, {"MaxPacketsPerPayload", o.MaxPacketsPerPayload}, {"MaxBacklog", o.MaxBacklog},
	} {
		if n.is < 0 {
			return fmt.Errorf("eio: Options.%s is negative: %d", n.name, n.is)
		}
	}
	if o.Transports != nil && len(o.Transports) == 0 {
		return errTransports
	}
	return nil
}

func orDuration(d *time.Duration, def time.Duration) {
	if *d == 0 {
		*d = def
	}
}

func orInt(n *int, def int) {
	if *n == 0 {
		*n = def
	}
}
