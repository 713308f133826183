package wsframe

import (
	"errors"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/pool"
)

// TestMain fails when a test leaves a pooled buffer out (tag pooldebug).
func TestMain(m *testing.M) {
	code := m.Run()
	if n := pool.Outstanding(); n != 0 && code == 0 {
		fmt.Fprintf(os.Stderr, "%d pooled buffers are still out: %q\n", n, pool.Leaks())
		code = 1
	}
	os.Exit(code)
}

var testKey = [4]byte{0x37, 0xfa, 0x21, 0x3d}

// appendMasked appends a client's frame whose first byte is b0.
func appendMasked[T string | []byte](dst []byte, b0 byte, payload T) []byte {
	at := len(dst)
	dst = AppendHeader(dst, 0, false, len(payload))
	dst[at] = b0
	dst[at+1] |= bitMask
	dst = append(dst, testKey[:]...)
	at = len(dst)
	dst = append(dst, payload...)
	naiveMask(dst[at:], testKey, 0)
	return dst
}

// naiveMask is the twin of Mask, as RFC 6455, 5.3 writes it.
func naiveMask(b []byte, key [4]byte, offset int) {
	for i := range b {
		b[i] ^= key[(offset+i)%4]
	}
}

// show writes a frame or message as the tables of these tests do.
func show(op ws.OpCode, payload []byte) string {
	name := map[ws.OpCode]string{ws.OpText: "text", ws.OpBinary: "binary", ws.OpPing: "ping", ws.OpPong: "pong"}[op]
	if op == ws.OpClose {
		if len(payload) < 2 {
			return "close"
		}
		return fmt.Sprintf("close %d", int(payload[0])<<8|int(payload[1]))
	}
	if len(payload) > 60 {
		return fmt.Sprintf("%s %d:%08x", name, len(payload), crc32.ChecksumIEEE(payload))
	}
	return fmt.Sprintf("%s %q", name, payload)
}

// echo is the smallest server: it answers a message with itself, a ping with a
// pong, a close frame with its code, a violation with its code.
type echo struct {
	d    Decoder
	out  []byte
	done bool
	err  error
}

func (e *echo) feed(t testing.TB, p []byte) {
	t.Helper()
	for {
		m, n, err := e.d.Next(p)
		if n < 0 || n > len(p) {
			t.Fatalf("Next took %d of %d bytes", n, len(p))
		}
		if err != nil {
			var c *CloseError
			if !errors.As(err, &c) {
				t.Fatalf("error %v is no CloseError", err)
			}
			e.out = AppendClose(e.out, c.Code, "")
			e.done, e.err = true, err
			return
		}
		switch m.Op {
		case 0:
			if n != len(p) {
				t.Fatalf("no message, but %d of %d bytes left", len(p)-n, len(p))
			}
			return
		case ws.OpText, ws.OpBinary:
			e.out = AppendFrame(e.out, m.Op, m.Payload)
		case ws.OpPing:
			e.out = AppendFrame(e.out, ws.OpPong, m.Payload)
		case ws.OpClose:
			e.out = AppendClose(e.out, m.Code, "")
			e.done = true
		}
		p = p[n:]
	}
}

// said is what the server sent, shown.
func (e *echo) said(t testing.TB) []string {
	t.Helper()
	var all []string
	rest := e.out
	for len(rest) > 0 {
		op, payload, r, ok := Next(rest)
		if !ok {
			t.Fatalf("the server sent % x, which is no run of frames", rest)
		}
		all = append(all, show(op, payload))
		rest = r
	}
	return all
}

// cuts are the ways to cut a stream that give the same result.
var cuts = []struct {
	name string
	next func(left int) int
}{
	{"whole", func(left int) int { return left }},
	{"byte by byte", func(int) int { return 1 }},
	{"chops of 997", func(int) int { return 997 }},
	{"random", func(left int) int { return 1 + rand.IntN(left) }},
	{"random small", func(int) int { return 1 + rand.IntN(20) }},
}

// converse feeds a copy of in, cut by next, to a new server.
func converse(t testing.TB, in []byte, d Decoder, next func(left int) int) *echo {
	t.Helper()
	e := &echo{d: d}
	defer e.d.Release()
	in = append([]byte(nil), in...)
	for len(in) > 0 {
		k := min(next(len(in)), len(in))
		// The piece stands alone: reading past it, or after the call, shows.
		piece := append(make([]byte, 0, k), in[:k]...)
		e.feed(t, piece)
		for i := range piece {
			piece[i] = 0xdb
		}
		in = in[k:]
	}
	return e
}
