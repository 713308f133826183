package adminui

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/sio-fast/sio-fast/sio"
	"golang.org/x/crypto/bcrypt"
)

const patience = 30 * time.Second

// rig is an instrumented server.
type rig struct {
	t    *testing.T
	ui   *UI
	io   *sio.Server
	url  string
	errs chan error // of /admin
}

func newRig(t *testing.T, o Options) *rig {
	t.Helper()
	if o.PasswordHash == "" {
		o.NoAuth = true
	}
	if o.StatsInterval == 0 {
		o.StatsInterval = 20 * time.Millisecond
	}
	ui, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	srv, err := sio.New(&sio.Options{EngineHooks: ui.Hooks(nil), Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if err := ui.Instrument(srv); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, ui: ui, io: srv, errs: make(chan error, 64)}
	ui.admin.OnError(func(_ *sio.Socket, _ string, err error) { r.errs <- err })
	s := httptest.NewServer(srv)
	r.url = s.URL
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := srv.Close(ctx); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return r
}

func hashOf(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

// client is a bare connection by websocket.
type client struct {
	t    *testing.T
	c    net.Conn
	in   io.Reader
	past []string // packets that event has passed over
}

func (r *rig) dial() *client {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d := ws.Dialer{Header: ws.HandshakeHeaderHTTP{"X-Forwarded-For": []string{"192.0.2.9"}}}
	c, early, _, err := d.Dial(ctx, "ws"+strings.TrimPrefix(r.url, "http")+"/socket.io/?EIO=4&transport=websocket&k=v")
	if err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() { c.Close() })
	_ = c.SetDeadline(time.Now().Add(2 * patience)) // a TCP connection has deadlines
	cl := &client{t: r.t, c: c, in: c}
	if early != nil {
		cl.in = io.MultiReader(io.LimitReader(early, int64(early.Buffered())), c)
	}
	cl.read() // the open packet
	return cl
}

// join connects to a namespace and gives the socket's id.
func (r *rig) join(packet string) (cl *client, id string) {
	r.t.Helper()
	cl = r.dial()
	cl.send(packet)
	for {
		p := cl.read()
		if i := strings.Index(p, `{"sid":"`); strings.HasPrefix(p, "40") && i > 0 {
			return cl, strings.TrimSuffix(p[i+8:], `"}`)
		}
	}
}

// watch connects an admin who has been greeted.
func (r *rig) watch() *client {
	r.t.Helper()
	cl, _ := r.join("40/admin,")
	cl.event("server_stats")
	if r.ui.opts.Mode == Development {
		cl.event("all_sockets")
	}
	return cl
}

func (c *client) send(p string) {
	c.t.Helper()
	if err := wsutil.WriteClientText(c.c, []byte(p)); err != nil {
		c.t.Fatal(err)
	}
}

// read gives the next packet that is no ping.
func (c *client) read() string {
	c.t.Helper()
	for {
		b, err := wsutil.ReadServerText(struct {
			io.Reader
			io.Writer
		}{c.in, c.c})
		if err != nil {
			c.t.Fatal(err)
		}
		if string(b) != "2" {
			return string(b)
		}
		c.send("3")
	}
}

// event waits for an event of that name to /admin whose arguments hold the parts.
// What comes from different goroutines comes in any order.
func (c *client) event(name string, parts ...string) []json.RawMessage {
	c.t.Helper()
	fits := func(p string) bool {
		for _, part := range parts {
			if !strings.Contains(p, part) {
				return false
			}
		}
		return strings.Contains(p, "/admin,[\""+name+"\"")
	}
	var p string
	if i := slices.IndexFunc(c.past, fits); i >= 0 {
		p = c.past[i]
		c.past = slices.Delete(c.past, i, i+1)
	} else {
		for p = c.read(); !fits(p); p = c.read() {
			c.past = append(c.past, p)
		}
	}
	var args []json.RawMessage
	if err := json.Unmarshal([]byte(p[strings.IndexByte(p, '['):]), &args); err != nil {
		c.t.Fatalf("%s: %v", p, err)
	}
	return args[1:]
}

func binary(c *client, b []byte) {
	c.t.Helper()
	if err := wsutil.WriteClientBinary(c.c, b); err != nil {
		c.t.Fatal(err)
	}
}
