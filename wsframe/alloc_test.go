//go:build !race && !pooldebug

package wsframe

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

// take reads in, and returns how many messages it had.
func take(t testing.TB, d *Decoder, in []byte) (n int, err error) {
	for {
		m, k, err := d.Next(in)
		if err != nil {
			return n, err
		}
		if m.Op == 0 {
			return n, nil
		}
		n++
		in = in[k:]
	}
}

func TestAllocs(t *testing.T) {
	dst := make([]byte, 0, 1<<17)
	small := strings.Repeat("x", 64)
	large := bytes.Repeat([]byte("y"), 70000)
	keyOf := []byte("dGhlIHNhbXBsZSBub25jZQ==")
	run := AppendFrame(AppendFrame(nil, ws.OpText, []byte(small)), ws.OpBinary, large)
	request := Upgrade{Method: []byte("GET"), Upgrade: []byte("websocket"), Connection: []byte("keep-alive, Upgrade"), Key: keyOf, Version: []byte("13")}

	// in feeds a copy of frames, cut, and expects so many messages.
	in := func(want int, frames []byte, chop int) func() {
		var d Decoder
		room := make([]byte, len(frames))
		return func() {
			copy(room, frames)
			got := 0
			for p := room; len(p) > 0; p = p[min(chop, len(p)):] {
				n, err := take(t, &d, p[:min(chop, len(p))])
				if err != nil {
					t.Fatal(err)
				}
				got += n
			}
			if got != want {
				t.Fatalf("%d messages, want %d", got, want)
			}
		}
	}
	four := frames("81 "+small, "82 "+small, "89 ping", "8a pong")
	bad := frames("81 \xff")
	room := make([]byte, len(bad))
	for name, op := range map[string]func(){
		"frames in":             in(4, four, len(four)),
		"frames in, by bytes":   in(4, four, 1),
		"frames in, cut":        in(4, four, 50),
		"fragments in":          in(2, frames("01 "+small, "89 ping", "00 "+small, "80"), 4096),
		"large in, cut":         in(1, frames("82 "+strings.Repeat("x", 60000)), 4096),
		"text, not ASCII":       in(1, frames("81 "+umlaut), 4096),
		"violation":             func() { copy(room, bad); var d Decoder; _, _ = take(t, &d, room) },
		"close frame in":        func() { var d Decoder; _, _ = take(t, &d, []byte{0x88, 0x80, 0, 0, 0, 0}) },
		"frame out":             func() { dst = AppendFrame(dst[:0], ws.OpText, run[:64]) },
		"frame out in place":    func() { dst = End(append(Begin(dst[:0], len(small)), small...), 0, ws.OpText) },
		"large out in place":    func() { dst = End(append(Begin(dst[:0], len(large)), large...), 0, ws.OpText) },
		"close out":             func() { dst = AppendClose(dst[:0], 1001, "going away") },
		"walk a run":            func() { walk(t, run) },
		"answer 101":            func() { dst = AppendUpgrade(dst[:0], keyOf, "chat", nil) },
		"check of a handshake":  func() { checkUpgrade(t, &request) },
		"unmask across a cut":   func() { Mask(dst[:13], testKey, 0); Mask(dst[13:100], testKey, 13) },
		"header and its reader": func() { _, _, _ = ParseHeader(AppendHeader(dst[:0], ws.OpText, true, 1<<20)) },
	} {
		op() // warm the pools
		if n := testing.AllocsPerRun(200, op); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
}

func walk(t testing.TB, run []byte) {
	n := 0
	for _, payload := range Walk(run) {
		n += len(payload)
	}
	if n != 70064 {
		t.Fatal(n)
	}
}

func checkUpgrade(t testing.TB, u *Upgrade) {
	if err := CheckUpgrade(u); err != nil {
		t.Fatal(err)
	}
}

// FuzzDecoderAllocs: whatever the decoder accepts, it accepts without
// allocating, whole and in two pieces.
func FuzzDecoderAllocs(f *testing.F) {
	for _, c := range autobahnCases() {
		if len(c.in) < 500 {
			f.Add(c.in, uint(5))
		}
	}
	f.Fuzz(func(t *testing.T, in []byte, at uint) {
		if len(in) == 0 || len(in) > 2048 {
			return
		}
		at %= uint(len(in))
		room := make([]byte, len(in))
		op := func() error {
			var d Decoder
			defer d.Release()
			copy(room, in)
			if _, err := take(t, &d, room[:at]); err != nil {
				return err
			}
			_, err := take(t, &d, room[at:])
			return err
		}
		if op() != nil {
			return
		}
		// The pool's buffers grow to what is asked of them, and the garbage
		// collector may empty it: the least of some tries counts.
		for try := 0; testing.AllocsPerRun(4, func() { _ = op() }) != 0; try++ {
			if try == 5 {
				t.Fatalf("% x cut at %d allocates", in, at)
			}
		}
	})
}
