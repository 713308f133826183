package eio_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// recorder is a Handler that writes down what it hears, and echoes on demand.
type recorder struct {
	log      []string
	echo     bool
	onOpen   func(s *eio.Session) error
	onMsg    func(s *eio.Session, p []byte, binary bool)
	onClose  func(s *eio.Session)
	sessions []*eio.Session
}

func (h *recorder) OnOpen(s *eio.Session) error {
	h.log = append(h.log, "open")
	h.sessions = append(h.sessions, s)
	if h.onOpen != nil {
		return h.onOpen(s)
	}
	return nil
}

func (h *recorder) OnMessage(s *eio.Session, p []byte, binary bool) {
	kind := "text"
	if binary {
		kind = "binary"
	}
	if len(p) < 100 {
		h.log = append(h.log, fmt.Sprintf("%s %q", kind, p))
	} else {
		h.log = append(h.log, fmt.Sprintf("%s of %d", kind, len(p)))
	}
	if h.onMsg != nil {
		h.onMsg(s, p, binary)
	}
	if h.echo {
		if binary {
			s.SendBinary(p)
		} else {
			s.SendText(p)
		}
	}
}

func (h *recorder) OnClose(s *eio.Session, r eio.Reason, detail string) {
	line := "close " + string(r)
	if detail != "" {
		line += ": " + detail
	}
	h.log = append(h.log, line)
	if h.onClose != nil {
		h.onClose(s)
	}
}

// take gives the log since the last take, one line an entry.
func (h *recorder) take() string {
	s := strings.Join(h.log, "\n")
	h.log = nil
	return s
}

// world is an engine with its handler, on hand-driven loops.
type world struct {
	t   testing.TB
	d   *eiotest.Driver
	e   *eio.Engine
	h   *recorder
	mux *eio.Mux
}

func newWorld(t testing.TB, o *eio.Options) *world { return newWorldLoops(t, o, 1) }

func newWorldLoops(t testing.TB, o *eio.Options, loops int) *world {
	t.Helper()
	w := &world{t: t, h: &recorder{}, mux: eio.NewMux()}
	var err error
	if w.e, err = eio.NewEngine(o, w.h); err != nil {
		t.Fatal(err)
	}
	w.mux.Handle(w.e)
	w.d = eiotest.NewLoops(w.mux, loops)
	t.Cleanup(func() {
		w.d.Stop()
		w.d.Settle()
	})
	return w
}

const base = "/engine.io/?EIO=4&transport="

func get(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"
}

func post(target, body string) string {
	return fmt.Sprintf("POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain;charset=UTF-8\r\nContent-Length: %d\r\n\r\n%s", target, len(body), body)
}

func upgrade(target string) string {
	return "GET " + target + " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

// switching is the answer to upgrade.
const switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"

// frame is a client's frame.
func frame(op byte, fin bool, payload string) string {
	b := []byte{op, 0x80}
	if fin {
		b[0] |= 0x80
	}
	switch n := len(payload); {
	case n < 126:
		b[1] |= byte(n)
	case n < 1<<16:
		b[1] |= 126
		b = binary.BigEndian.AppendUint16(b, uint16(n))
	default:
		b[1] |= 127
		b = binary.BigEndian.AppendUint64(b, uint64(n))
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	at := len(b)
	b = append(b, payload...)
	wsframe.Mask(b[at:], key, 0)
	return string(b)
}

func text(payload string) string { return frame(1, true, payload) }
func bin(payload string) string  { return frame(2, true, payload) }

// sent is a server's text frame.
func sent(payload string) string {
	return string(wsframe.AppendFrame(nil, wsframe.OpText, []byte(payload)))
}

func sentBin(payload string) string {
	return string(wsframe.AppendFrame(nil, wsframe.OpBinary, []byte(payload)))
}

var sidRE = regexp.MustCompile(`"sid":"([^"]*)"`)

// openWS opens a session on a websocket.
func (w *world) openWS() *eiotest.Conn {
	w.t.Helper()
	c := w.d.Dial()
	c.WriteString(upgrade(base + "websocket"))
	got := c.String()
	if !strings.HasPrefix(got, "HTTP/1.1 101 ") || sidRE.FindString(got) == "" {
		w.t.Fatalf("no session: %q", got)
	}
	w.h.take()
	return c
}

// openPolling opens a session on polling and returns the connection and the
// target of its further requests.
func (w *world) openPolling() (*eiotest.Conn, string) {
	w.t.Helper()
	c := w.d.Dial()
	c.WriteString(get(base + "polling"))
	got := c.String()
	m := sidRE.FindStringSubmatch(got)
	if m == nil {
		w.t.Fatalf("no session: %q", got)
	}
	w.h.take()
	return c, base + "polling&sid=" + m[1]
}

// ok is the answer to a poll.
func polled(body string) string {
	return fmt.Sprintf("HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=UTF-8\r\nContent-Length: %d\r\ncache-control: no-store\r\n\r\n%s", len(body), body)
}

const posted = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\ncache-control: no-store\r\n\r\nok"

const empty400 = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"

// expect compares what a connection got.
func expect(t testing.TB, c *eiotest.Conn, want string) {
	t.Helper()
	if got := c.String(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func (w *world) heard(want string) {
	w.t.Helper()
	if got := w.h.take(); got != want {
		w.t.Errorf("handler heard %q, want %q", got, want)
	}
}

// message is one text message as sio makes it.
func message(text string) *pool.Shared {
	f := pool.NewShared()
	f.B = wsframe.AppendFrame(f.B, wsframe.OpText, []byte("4"+text))
	return f
}

// cuts cuts s into random pieces.
func cuts(s string, seed int) (pieces []string) {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	for len(s) > 0 {
		n := min(len(s), 1+r.IntN(1+r.IntN(200)))
		pieces = append(pieces, s[:n])
		s = s[n:]
	}
	return pieces
}
