package adaptertest

import (
	"context"
	"encoding/binary"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/sio"
)

// patience is how long anything of the suite may take.
const patience = 20 * time.Second

// rig is some servers of one cluster, whose loops the test drives by hand.
type rig struct {
	t       *testing.T
	cluster *Cluster
	nodes   []*node
}

// node is one server.
type node struct {
	*sio.Server
	r       *rig
	adapter sio.Adapter
	d       *eiotest.Driver
	clients []*client
	gone    bool
}

// newRig makes n servers on a new cluster and waits until each knows the others.
func newRig(t *testing.T, open func(testing.TB) *Cluster, n int, o sio.Options) *rig {
	t.Helper()
	r := &rig{t: t, cluster: open(t)}
	if r.cluster.Join == nil || r.cluster.Inject == nil || r.cluster.Crash == nil {
		t.Fatal("the Cluster lacks Join, Inject or Crash")
	}
	for range n {
		o.Adapter = r.cluster.Join()
		o.Mux = eio.NewMux()
		o.Logger = slog.New(slog.DiscardHandler)
		d := eiotest.NewLoops(o.Mux, 2)
		io, err := sio.New(&o)
		if err != nil {
			t.Fatal(err)
		}
		x := &node{Server: io, r: r, adapter: o.Adapter, d: d}
		r.nodes = append(r.nodes, x)
		t.Cleanup(func() { x.close() })
	}
	for _, x := range r.nodes {
		r.until("the servers know each other", func() bool { return x.servers() == n })
	}
	return r
}

// servers is how many servers x knows of.
func (x *node) servers() int {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var n int
	var err error
	x.r.off(func() { n, err = x.Servers(ctx) })
	if err != nil {
		x.r.t.Fatal(err)
	}
	return n
}

// close has the server leave.
func (x *node) close() {
	if x.gone {
		return
	}
	var err error
	x.r.off(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = x.Close(ctx)
	})
	x.gone = true
	x.d.Stop()
	if err != nil {
		x.r.t.Errorf("Close: %v", err)
	}
}

// round runs all loops, and has the clients read.
func (r *rig) round() {
	for _, x := range r.nodes {
		if x.gone {
			continue
		}
		x.d.Run()
		x.d.Settle()
		for _, c := range x.clients {
			c.read()
		}
	}
}

// until runs everything until done says so.
func (r *rig) until(what string, done func() bool) {
	deadline := time.Now().Add(patience)
	for r.round(); !done(); r.round() {
		if time.Now().After(deadline) {
			r.t.Helper()
			for i, x := range r.nodes {
				for k, c := range x.clients {
					r.t.Logf("server %d, client %d: %q", i, k, c.got)
				}
			}
			r.t.Fatalf("it does not happen: %s", what)
		}
		time.Sleep(50 * time.Microsecond) // the bus's turn
	}
}

// off runs fn on a goroutine, where it may wait, and everything else meanwhile.
func (r *rig) off(fn func()) {
	r.t.Helper()
	done := make(chan struct{})
	go func() { defer close(done); fn() }()
	r.until("a call returns", func() bool {
		select {
		case <-done:
			return true
		default:
			return false
		}
	})
}

// client is a client on a websocket.
type client struct {
	*eiotest.Conn
	x     *node
	sid   string
	pid   string
	first []string // what came before the CONNECT
	got   []string // packets; an attachment begins with "bin:"
	reply string   // what it acks with; "": it does not
	shut  bool     // its namespace was left
	away  bool     // the server has closed the connection
}

const upgrade = "GET /socket.io/?EIO=4&transport=websocket&who=me HTTP/1.1\r\nHost: h\r\nX-Custom: cu\r\n" +
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// dial connects a client to the namespace, on one of the server's loops.
func (x *node) dial(nsp string) *client {
	x.r.t.Helper()
	return x.dialAuth(nsp, "")
}

// dialAuth is dial with the auth as JSON.
func (x *node) dialAuth(nsp, auth string) *client {
	x.r.t.Helper()
	c := &client{Conn: x.d.DialLoop(len(x.clients) % 2), x: x}
	c.WriteString(upgrade)
	_, frames, ok := strings.Cut(c.String(), "\r\n\r\n")
	if !ok {
		x.r.t.Fatal("no upgrade")
	}
	c.frames([]byte(frames))
	x.clients = append(x.clients, c)
	connect := "40"
	if nsp != "/" {
		connect += nsp + ","
	}
	c.send(connect + auth)
	x.r.until("a client connects", func() bool { return c.sid != "" })
	i := slices.IndexFunc(c.got, func(p string) bool { return strings.HasPrefix(p, "40") })
	c.first, c.got = c.got[1:i], nil // behind the open packet
	return c
}

// send sends a text, masked with a key that changes nothing.
func (c *client) send(text string) {
	b := []byte{0x81}
	if len(text) < 126 {
		b = append(b, 0x80|byte(len(text)))
	} else {
		b = binary.BigEndian.AppendUint16(append(b, 0x80|126), uint16(len(text)))
	}
	c.Write(append(append(b, 0, 0, 0, 0), text...))
}

func (c *client) read() { c.frames(c.Take()) }

// frames reads whole websocket frames, as a server's are.
func (c *client) frames(b []byte) {
	for len(b) >= 2 {
		n, head := int(b[1]&0x7f), 2
		switch n {
		case 126:
			n, head = int(binary.BigEndian.Uint16(b[2:])), 4
		case 127:
			n, head = int(binary.BigEndian.Uint64(b[2:])), 10
		}
		op, payload := b[0]&0xf, string(b[head:head+n])
		b = b[head+n:]
		switch op {
		case 1:
			c.packet(payload)
		case 2:
			c.got = append(c.got, "bin:"+payload)
		case 8:
			c.away = true
		}
	}
}

var (
	sidOf = regexp.MustCompile(`^40.*"sid":"([^"]+)"(?:,"pid":"([^"]+)")?`)
	ackOf = regexp.MustCompile(`^42(\d+)\[`)
)

// packet notes a packet, and answers one that asks for it.
func (c *client) packet(p string) {
	if m := sidOf.FindStringSubmatch(p); m != nil {
		c.sid, c.pid = m[1], m[2]
	}
	c.shut = c.shut || strings.HasPrefix(p, "41")
	m := ackOf.FindStringSubmatch(p)
	if m == nil {
		c.got = append(c.got, p)
		return
	}
	c.got = append(c.got, "42"+strings.TrimPrefix(p, "42"+m[1]))
	if c.reply != "" {
		c.send("43" + m[1] + c.reply)
	}
}

// expect waits for the marker that the test has emitted last, and holds what came
// before it against want.
func (c *client) expect(marker string, want ...string) {
	c.x.r.t.Helper()
	last := `42["` + marker + `"]`
	c.x.r.until("a client gets "+last, func() bool { return slices.Contains(c.got, last) })
	got := c.got[:slices.Index(c.got, last)]
	c.got = slices.Clone(c.got[len(got)+1:])
	if !slices.Equal(got, want) {
		c.x.r.t.Errorf("a client got %q, want %q", got, want)
	}
}

// context ends with the suite's patience.
func (r *rig) context(d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	r.t.Cleanup(cancel)
	return ctx
}

// try is for what must not fail.
func (r *rig) try(err error) {
	if err != nil {
		r.t.Helper()
		r.t.Fatal(err)
	}
}
