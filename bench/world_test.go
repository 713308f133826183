package bench

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/internal/loadapp"
	"github.com/sio-fast/sio-fast/sio"
	"github.com/sio-fast/sio-fast/wsframe"
)

// payload is a JSON string of 64 bytes, as the load generator sends.
const payload = `"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"`

const upgrade = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: bench\r\n" +
	"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

// world is a server on one hand-driven loop, with its clients.
type world struct {
	io      *sio.Server
	d       *eiotest.Driver
	clients []*client
	sockets []*sio.Socket
	headers string // more lines of each upgrade
}

// client is one websocket whose output is counted and thrown away.
type client struct {
	w    *world
	conn *eiotest.Conn
}

func newWorld(tb testing.TB, clients int) *world {
	tb.Helper()
	m := eio.NewMux()
	io, err := sio.New(&sio.Options{Mux: m, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		tb.Fatal(err)
	}
	w := &world{io: io, d: eiotest.New(m)}
	register(w)
	for range clients {
		w.join(tb)
	}
	return w
}

// register adds the handlers that the operations need.
func register(w *world) {
	in := w.io.Inline()
	in.On("connected", func(e *sio.Event) error {
		w.sockets = append(w.sockets, e.Socket())
		e.Socket().Join("room")
		return nil
	})
	in.On("none", func(*sio.Event) error { return nil })
	in.On("raw", func(e *sio.Event) error { return e.Socket().EmitRaw("raw", e.Raw()) })
	in.On("ack", func(e *sio.Event) error { return e.AckRaw(e.Raw()) })
	in.On("map", func(e *sio.Event) error {
		return e.Socket().To("room").Volatile().EmitRaw("map", e.Raw())
	})
	sio.On(in, "string", func(*sio.Socket, string) error { return nil })
	loadapp.Register(w.io)
	sio.On(in, "bytes", func(*sio.Socket, []byte) error { return nil })
	sio.On(in, "typed", func(s *sio.Socket, text string) error { return s.Emit("typed", text) })
}

func (w *world) join(tb testing.TB) *client {
	c := &client{w: w, conn: w.d.Dial()}
	c.conn.Discard = true
	c.conn.WriteString(strings.TrimSuffix(upgrade, "\r\n") + w.headers + "\r\n")
	n := len(w.sockets)
	c.conn.Write(append(masked("40"), masked(`42["connected"]`)...))
	if len(w.sockets) != n+1 {
		tb.Fatal("a client does not connect")
	}
	w.clients = append(w.clients, c)
	return c
}

// masked is a client's text frame.
func masked(text string) []byte {
	b := wsframe.AppendHeader(nil, wsframe.OpText, true, len(text))
	b[1] |= 0x80
	key := [4]byte{1, 2, 3, 4}
	b = append(b, key[:]...)
	start := len(b)
	b = append(b, text...)
	wsframe.Mask(b[start:], key, 0)
	return b
}

// says makes the operation in which c sends the packets in one read and all
// that follows is done.
func (c *client) says(packets ...string) func() {
	var in []byte
	for _, p := range packets {
		in = append(in, masked(p)...)
	}
	buf := make([]byte, len(in))
	loop := c.w.d.Loop(0)
	return func() {
		copy(buf, in)
		c.conn.Feed(buf)
		loop.Flush()
		c.w.d.Run()
	}
}

// does makes the operation of a goroutine beside the loop, and of the loop.
func (w *world) does(fn func()) func() {
	return func() {
		fn()
		w.d.Run()
	}
}
