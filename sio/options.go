package sio

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// The engine's types that Options and hooks speak of.
type (
	// CORS answers cross-origin requests.
	CORS = eio.CORS
	// Cookie is set on the handshake's response.
	Cookie = eio.Cookie
	// Deflate says what is worth compressing.
	Deflate = eio.Deflate
	// Request is the request a hook is asked about.
	Request = eio.Request
	// ConnectionError says which request was refused and why.
	ConnectionError = eio.ConnectionError
	// Answer is what UseEngine answers a request with.
	Answer = eio.Answer
)

// Options configure a [Server]. The zero value of a field means its default,
// which is the reference's where the reference has the option.
type Options struct {
	// Path is the prefix of the server's requests. "" means "/socket.io/".
	Path string
	// PingInterval is the time between a pong and the next ping. 0 means 25s.
	PingInterval time.Duration
	// PingTimeout is how long a client may take to answer. 0 means 20s.
	PingTimeout time.Duration
	// UpgradeTimeout bounds an upgrade to websocket. 0 means 10s.
	UpgradeTimeout time.Duration
	// CloseTimeout bounds an orderly close over polling. 0 means 30s.
	CloseTimeout time.Duration
	// ConnectTimeout is how long a client may be connected without having
	// joined a namespace. 0 means 45s, negative disables.
	ConnectTimeout time.Duration
	// MaxPayload bounds, in bytes, one websocket message and one polling body
	// (the reference's maxHttpBufferSize). 0 means 1,000,000.
	MaxPayload int
	// MaxPacketsPerPayload bounds the packets of one polling body. 0 means
	// 16384.
	MaxPacketsPerPayload int
	// Transports lists what is served: "polling", "websocket". nil means both.
	Transports []string
	// DisableUpgrades refuses to upgrade a polling session to websocket.
	DisableUpgrades bool
	// PerMessageDeflate lets websockets negotiate compression. nil means off, as
	// in the reference. An event for many sockets is compressed once; neither
	// side keeps its window between messages, so an idle client costs no memory.
	PerMessageDeflate *Deflate
	// HTTPCompression says which answers to polls are compressed, where the
	// client accepts that. nil means those of 1024 bytes and more.
	HTTPCompression *Deflate
	// DisableHTTPCompression sends every answer, and the client's files, as they
	// are.
	DisableHTTPCompression bool
	// AllowEIO3 lets the JavaScript clients of Socket.IO 1 and 2 in, and what
	// else speaks revision 3 of Engine.IO. The id of their socket in "/" is that
	// of their session, as in the reference: whoever knows it can poll in their
	// place, so it should not be shown to others.
	AllowEIO3 bool
	// CORS answers cross-origin requests. nil means off: pages of other origins
	// cannot use polling, with which the official client begins.
	CORS *CORS
	// Cookie is set on the handshake's response. nil means none.
	Cookie *Cookie
	// AllowRequest refuses a handshake by returning an error, whose text is
	// the answer's message. It borrows r, runs on a loop and must not block.
	AllowRequest func(r *Request) error
	// UseEngine runs for each request before it is checked, on a loop. An error
	// refuses the request, or answers it if it is an [*Answer].
	UseEngine []func(r *Request, h http.Header) error
	// InitialHeaders may change the headers of a session's first response.
	// It runs on a loop.
	InitialHeaders func(r *Request, h http.Header)
	// Headers may change the headers of every response. It runs on a loop.
	Headers func(r *Request, h http.Header)
	// OnConnectionError hears of every refused request. It borrows e and runs
	// on a loop.
	OnConnectionError func(e *ConnectionError)
	// GenerateID replaces the engine's session ids (not the sockets' ids).
	GenerateID func(r *Request) (string, error)

	// InitialPacket is a message of the engine that follows every open packet,
	// in front of everything else. The official client takes it for a packet of
	// Socket.IO. "" means none.
	InitialPacket string
	// EngineHooks hear what the engine's sessions do, packet by packet. nil means
	// nobody does.
	EngineHooks *eio.Hooks

	// CleanupEmpty removes a child of a dynamic namespace when its last socket
	// has left (the reference's cleanupEmptyChildNamespaces). Without it the
	// names that clients were let in by stay, up to MaxEmpty.
	CleanupEmpty bool
	// DropHandshake frees the stored handshake request of a client when its
	// first socket has connected: afterwards [Socket.Handshake] knows the auth
	// alone.
	DropHandshake bool

	// Parser says how packets look on the wire, for all clients: nil is the
	// protocol's own way, [MsgpackParser] and [JSONPacketParser] are the
	// reference's others. It excludes AllowEIO3.
	Parser Parser

	// Adapter connects the server to the others of a cluster. nil: it is alone.
	Adapter Adapter
	// Reviver looks at every JSON value that clients send: arguments of events and
	// acknowledgements, and auth. What it makes of them is checked anew; a packet
	// that is none then ends the connection. Loop only; nil costs nothing.
	Reviver JSONFunc
	// Replacer looks at every JSON value of events and acknowledgements that are
	// sent, once for all who get it. What is no JSON then is the emit's error. nil
	// costs nothing.
	Replacer JSONFunc

	// Recovery lets clients that lose their connection come back to the socket
	// they had. nil: they get a new one.
	Recovery *Recovery

	// MaxBacklog bounds the unsent bytes of one client. A message that finds
	// the backlog above it closes the client with [ReasonSlow], or what WhenSlow
	// says, unless it is volatile. 0 means 1 MiB.
	MaxBacklog int
	// WhenSlow says what becomes of an event for a client whose backlog is above
	// MaxBacklog, unless the emit says it itself (see [Socket.WhenSlow]). 0 means
	// [Cut].
	WhenSlow SlowPolicy
	// MaxAttachments bounds the binary attachments of a packet. 0 means 10, or
	// 1024 where Parser is set.
	MaxAttachments int
	// MaxDepth bounds the nesting of a packet's JSON. 0 means 512.
	MaxDepth int
	// MaxNamespaces bounds the namespaces of one client, those it has left
	// among them while their handlers still run; a CONNECT beyond it is
	// refused. 0 means 64.
	MaxNamespaces int
	// MaxEmpty bounds the children of dynamic namespaces that stay when their
	// last socket has left: of more, the one just left is removed, as with
	// CleanupEmpty. 0 means 10000.
	MaxEmpty int
	// MaxRooms bounds the rooms of one socket, and their names to 256 bytes for
	// each of so many together; a Join beyond it is reported to OnError as
	// [ErrTooManyRooms]. 0 means 4096.
	MaxRooms int
	// MaxAcks bounds the acks one socket can have pending; an EmitAck beyond it
	// ends with [ErrTooManyAcks]. 0 means 4096.
	MaxAcks int
	// MaxQueue bounds, in bytes, the events of one socket that wait for their
	// handlers. A client beyond it is closed. 0 means 16 MiB.
	MaxQueue int

	// ClientBundle holds the JavaScript client's files (socket.io.js and its
	// seven siblings), served below Path:
	// os.DirFS("node_modules/socket.io-client/dist"). They go by gzip or deflate
	// where the client accepts that, and by brotli where a file with the suffix
	// .br lies beside. nil: they are not served.
	ClientBundle fs.FS
	// BundleVersion is the version the bundle's ETag names. "" means what the
	// first lines of the bundle say.
	BundleVersion string
	// Fallback serves the paths that are not the server's, where the server
	// stands alone. nil means 404.
	Fallback http.Handler
	// Host serves what comes through net/http on event loops: see
	// eventloop.NewHost. nil: goroutines do.
	Host eio.Host
	// Mux serves this server beside other engines and endpoints, and has the
	// limits of its listeners; Fallback and OnStall are then the mux's own to
	// set. nil: a new one.
	Mux *eio.Mux
	// OnStall hears of a loop that was held up for d by what (an event's name).
	// nil: it is logged.
	OnStall func(d time.Duration, what string)
	// Logger hears of what nobody else can be told. nil means slog.Default.
	Logger *slog.Logger
}

var (
	errPath        = errors.New("sio: Options.Path must begin with a slash")
	errParserOlder = errors.New("sio: Options.Parser and Options.AllowEIO3: a parser's packets are those of the protocol since Socket.IO 3")

	errWhenSlow = errors.New("sio: Options.WhenSlow must be Cut or Refuse")
)

// withDefaults returns a copy of o with every default filled in.
func (o *Options) withDefaults() (Options, error) {
	var c Options
	if o != nil {
		c = *o
	}
	if c.Path == "" {
		c.Path = "/socket.io/"
	}
	if c.Path[0] != '/' {
		return c, errPath
	}
	c.Path = strings.TrimRight(c.Path, "/") + "/"
	for _, n := range []struct {
		name string
		is   int
	}{
		{"MaxAttachments", c.MaxAttachments}, {"MaxDepth", c.MaxDepth}, {"MaxNamespaces", c.MaxNamespaces},
		{"MaxRooms", c.MaxRooms}, {"MaxAcks", c.MaxAcks}, {"MaxQueue", c.MaxQueue}, {"MaxEmpty", c.MaxEmpty},
	} {
		if n.is < 0 {
			return c, fmt.Errorf("sio: Options.%s is negative: %d", n.name, n.is)
		}
	}
	if c.WhenSlow > Refuse {
		return c, errWhenSlow
	}
	if c.Parser != nil && c.AllowEIO3 {
		return c, errParserOlder
	}
	var err error
	if c.Recovery, err = c.Recovery.withDefaults(); err != nil {
		return c, err
	}
	if c.ConnectTimeout == 0 {
		c.ConnectTimeout = 45 * time.Second // the reference's
	}
	if c.Parser != nil {
		orInt(&c.MaxAttachments, 1024) // the reference's msgpack has no limit
	}
	orInt(&c.MaxAttachments, 10) // the reference's, since parser 4.2.6
	orInt(&c.MaxDepth, 512)
	orInt(&c.MaxNamespaces, 64)
	orInt(&c.MaxEmpty, 10000)
	orInt(&c.MaxRooms, 4096)
	orInt(&c.MaxAcks, 4096)
	orInt(&c.MaxQueue, 16<<20)
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, nil
}

func orInt(n *int, def int) {
	if *n == 0 {
		*n = def
	}
}

// engine is the part of o that the engine knows.
func (o *Options) engine() *eio.Options {
	return &eio.Options{
		Path:                   o.Path,
		PingInterval:           o.PingInterval,
		PingTimeout:            o.PingTimeout,
		UpgradeTimeout:         o.UpgradeTimeout,
		CloseTimeout:           o.CloseTimeout,
		MaxPayload:             o.MaxPayload,
		MaxPacketsPerPayload:   o.MaxPacketsPerPayload,
		Transports:             o.Transports,
		DisableUpgrades:        o.DisableUpgrades,
		AllowEIO3:              o.AllowEIO3,
		PerMessageDeflate:      o.PerMessageDeflate,
		HTTPCompression:        o.HTTPCompression,
		DisableHTTPCompression: o.DisableHTTPCompression,
		CORS:                   o.CORS,
		Cookie:                 o.Cookie,
		AllowRequest:           o.AllowRequest,
		Use:                    o.UseEngine,
		InitialHeaders:         o.InitialHeaders,
		Headers:                o.Headers,
		OnConnectionError:      o.OnConnectionError,
		GenerateID:             o.GenerateID,
		MaxBacklog:             o.MaxBacklog,
		InitialPacket:          o.InitialPacket,
		Hooks:                  o.EngineHooks,
		Logger:                 o.Logger,
	}
}
