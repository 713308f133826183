package sio

import (
	"log/slog"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/wsframe"
)

// codecRig is a server with one websocket client in memory that has joined "/":
// what an event needs to be acknowledged.
type codecRig struct {
	t  testing.TB
	io *Server
	d  *eiotest.Driver
	c  *eiotest.Conn
}

// newCodecRig makes one; register adds handlers before the client connects.
func newCodecRig(t testing.TB, register func(io *Server)) *codecRig {
	t.Helper()
	io, err := New(&Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	if register != nil {
		register(io)
	}
	r := &codecRig{t: t, io: io, d: eiotest.New(io.Mux())}
	r.c = r.d.Dial()
	r.c.WriteString("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: h\r\n" +
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	r.c.Take()
	if got := r.say("40"); len(got) != 1 || got[0][:2] != "40" {
		t.Fatalf("CONNECT answered %q", got)
	}
	t.Cleanup(r.d.Stop)
	return r
}

// masked gives the frames that a client sends: packets with the engine's type in
// front, attachments behind "bin:".
func masked(packets ...string) (b []byte) {
	for _, p := range packets {
		op := ws.OpText
		if len(p) >= 4 && p[:4] == "bin:" {
			op, p = ws.OpBinary, p[4:]
		}
		b = wsframe.AppendHeader(b, op, true, len(p))
		key := [4]byte{9, 8, 7, 6}
		if len(p) < 126 {
			b[len(b)-1] |= 0x80
		} else {
			b[len(b)-3] |= 0x80
		}
		b = append(b, key[:]...)
		b = append(b, p...)
		wsframe.Mask(b[len(b)-len(p):], key, 0)
	}
	return b
}

// say sends packets and gives the answers.
func (r *codecRig) say(packets ...string) []string {
	r.t.Helper()
	r.c.Write(masked(packets...))
	return unframed(r.t, r.c.Take())
}

// unframed reads a run of the server's frames: binary ones behind "bin:".
func unframed(t testing.TB, b []byte) (got []string) {
	t.Helper()
	for len(b) > 0 {
		op, payload, rest, ok := wsframe.Next(b)
		if !ok {
			t.Fatalf("not a run of frames: %q", b)
		}
		p := string(payload)
		switch op {
		case ws.OpBinary:
			p = "bin:" + p
		case ws.OpClose:
			p = "close"
		}
		got = append(got, p)
		b = rest
	}
	return got
}

// eventOf is an event that no socket stands behind, for what needs none. bins
// are its attachments.
func eventOf(args string, bins ...string) *Event {
	e := &Event{id: -1, name: []byte("ev"), args: []byte(args)}
	for _, b := range bins {
		e.bins = append(e.bins, []byte(b))
	}
	return e
}
