// Package adminui is the server's part of the official Socket.IO admin UI (the
// npm package @socket.io/admin-ui, protocol of 0.5): its front end connects to a
// namespace of this package and shows servers, sockets, rooms and events.
//
//	ui, err := adminui.New(adminui.Options{Username: "admin", PasswordHash: hash})
//	io, err := sio.New(&sio.Options{EngineHooks: ui.Hooks(nil)})
//	err = ui.Instrument(io) // before anybody connects
//
// It is a module of its own: a server without it pays nothing and depends on
// nothing more.
package adminui

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
	"golang.org/x/crypto/bcrypt"
)

// Mode says how much the admins are shown.
type Mode uint8

const (
	// Development tells of each socket, room and event. It is the default, and
	// costs with every event while an admin is connected.
	Development Mode = iota
	// Production sends figures alone.
	Production
)

// Options configure a [UI].
type Options struct {
	// NamespaceName is the namespace of the admins. "" means "/admin".
	NamespaceName string
	// Username and PasswordHash, a hash of bcrypt, are what an admin logs in with.
	Username, PasswordHash string
	// NoAuth lets everybody in, without a password. It excludes PasswordHash.
	NoAuth bool
	// Sessions remembers who has logged in. nil means NewMemoryStore(0, 0).
	Sessions SessionStore
	// ReadOnly lets admins look on and change nothing.
	ReadOnly bool
	// ServerID is the server's name in the UI. "" means the host's name.
	ServerID string
	// Mode is Development or Production.
	Mode Mode
	// StatsInterval is the time between two readings of the figures. 0 means 2 s.
	StatsInterval time.Duration
}

// ErrHooks says that the server was made without the hooks of this UI.
var ErrHooks = errors.New("adminui: sio.Options.EngineHooks is not what UI.Hooks gave")

// UI is what the admins of one server connect to.
type UI struct {
	opts     Options
	hostname string
	features []string
	hooks    *eio.Hooks
	guesses  guesses
	fresh    sync.Map // *sio.Socket to the session that it just got
	counters counters

	io    *sio.Server
	admin *sio.Namespace

	mu      sync.Mutex    // admins, stop
	admins  int           // connected now
	stop    chan struct{} // ends the stats of now; nil while nobody looks on
	watched atomic.Bool   // admins > 0

	registry registry // Development only
}

// New makes the UI of one server. It returns an error for options that make no
// sense: one of PasswordHash and NoAuth has to be said. Any goroutine.
func New(o Options) (*UI, error) {
	switch {
	case o.NoAuth == (o.PasswordHash != ""):
		return nil, errors.New("adminui: Options want either PasswordHash or NoAuth")
	case o.Mode > Production:
		return nil, fmt.Errorf("adminui: there is no mode %d", o.Mode)
	case o.StatsInterval < 0:
		return nil, errors.New("adminui: Options.StatsInterval is negative")
	}
	if !o.NoAuth {
		if _, err := bcrypt.Cost([]byte(o.PasswordHash)); err != nil {
			return nil, fmt.Errorf("adminui: Options.PasswordHash: %w", err)
		}
	}
	if o.NamespaceName == "" {
		o.NamespaceName = "/admin"
	}
	if o.Sessions == nil {
		o.Sessions = NewMemoryStore(0, 0)
	}
	if o.StatsInterval == 0 {
		o.StatsInterval = 2 * time.Second
	}
	u := &UI{opts: o, guesses: newGuesses()}
	u.hostname, _ = os.Hostname()
	if u.opts.ServerID == "" {
		u.opts.ServerID = u.hostname
	}
	if !o.ReadOnly {
		u.features = []string{"EMIT", "JOIN", "LEAVE", "DISCONNECT", "MJOIN", "MLEAVE", "MDISCONNECT"}
	}
	u.features = append(u.features, "AGGREGATED_EVENTS")
	if o.Mode == Development {
		u.features = append(u.features, "ALL_EVENTS")
	}
	return u, nil
}

// Instrument makes the namespace of the admins on io, which was made with u's
// Hooks. It is called once, before anybody connects: what was connected before is
// not seen. It returns [ErrHooks]. Any goroutine.
func (u *UI) Instrument(io *sio.Server) error {
	if o := io.Options(); o.EngineHooks == nil || o.EngineHooks != u.hooks {
		return ErrHooks
	}
	u.io, u.admin = io, io.Of(u.opts.NamespaceName)
	if !u.opts.NoAuth {
		u.admin.Use(u.login)
	}
	u.admin.OnConnect(u.enter)
	if u.opts.Mode == Development {
		for _, n := range io.Namespaces() {
			u.watch(n)
		}
		io.OnNamespace(u.watch)
	}
	u.admin.OnConnect(u.greet)
	u.admin.OnDisconnect(u.leave)
	if !u.opts.ReadOnly {
		u.admin.On("emit", u.onEmit)
		u.admin.On("join", u.onJoin)
		u.admin.On("leave", u.onLeave)
		u.admin.On("_disconnect", u.onDisconnect)
	}
	return nil
}

// enter counts an admin; the first one starts what is done for admins.
func (u *UI) enter(*sio.Socket) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.admins++; u.admins == 1 {
		u.counters.take() // what was left from the last time
		u.watched.Store(true)
		u.stop = make(chan struct{})
		go u.report(u.stop)
	}
	return nil
}

// leave ends with the last admin what is done for them.
func (u *UI) leave(*sio.Socket, sio.Reason) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.admins--; u.admins == 0 {
		u.watched.Store(false)
		close(u.stop)
	}
}

// greet tells an admin what there is.
func (u *UI) greet(s *sio.Socket) error {
	err := u.remind(s)
	if err == nil {
		err = s.Emit("config", map[string]any{"supportedFeatures": u.features})
	}
	if err == nil {
		err = s.Emit("server_stats", u.stats(nil))
	}
	if err == nil && u.opts.Mode == Development {
		err = u.snapshot(s)
	}
	return err
}
