package wsframe

import (
	"bytes"
	"testing"

	"github.com/gobwas/ws"
)

func TestFrameSizes(t *testing.T) {
	for _, n := range []int{0, 1, 2, 5, 124, 125, 126, 127, 1000, 65534, 65535, 65536, 65537, 200000} {
		payload := bytes.Repeat([]byte("0123456789abcdef7"), n/17+1)[:n]
		want, err := ws.CompileFrame(ws.NewTextFrame(payload))
		if err != nil {
			t.Fatal(err)
		}
		if got := AppendFrame(nil, ws.OpText, payload); !bytes.Equal(got, want) {
			t.Errorf("%d bytes: AppendFrame made % x…", n, got[:min(len(got), 20)])
		}
		// In place, behind something else, with room to spare and without.
		for _, room := range []int{0, n + 20, 2 * n} {
			for _, size := range []int{0, 125, 126, n, 1 << 20} { // right or wrong
				dst := append(make([]byte, 0, 5+room), "first"...)
				start := len(dst)
				dst = Begin(dst, size)
				dst = append(dst, payload...)
				dst = End(dst, start, ws.OpText)
				if string(dst[:5]) != "first" || !bytes.Equal(dst[5:], want) {
					t.Errorf("%d bytes as %d, room %d: End made % x…", n, size, room, dst[:min(len(dst), 20)])
				}
			}
		}
	}
}

func TestNext(t *testing.T) {
	run := AppendFrame(nil, ws.OpText, []byte("4hello"))
	run = AppendFrame(run, ws.OpBinary, nil)
	run = append(run, Ping...)
	run = AppendFrame(run, ws.OpBinary, bytes.Repeat([]byte{7}, 70000))
	var got []string
	for op, payload := range Walk(run) {
		got = append(got, show(op, payload))
	}
	want := []string{`text "4hello"`, `binary ""`, `ping ""`, show(ws.OpBinary, bytes.Repeat([]byte{7}, 70000))}
	if len(got) != len(want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("frame %d: %s, want %s", i, got[i], want[i])
		}
	}
	for op := range Walk(run) {
		if op != ws.OpText {
			t.Errorf("a loop that breaks went on with %v", op)
		}
		break
	}
	for _, bad := range [][]byte{nil, {0x81}, {0x81, 5, 'a'}, {0x82, 0x7e, 0, 1, 'x'}, appendMasked(nil, 0x81, "hi")} {
		if _, _, _, ok := Next(bad); ok {
			t.Errorf("Next(% x) is ok", bad)
		}
	}
	_, payload, _, _ := Next(run)
	if cap(payload) != len(payload) {
		t.Error("appending to a payload would overwrite the next frame")
	}
}

func FuzzNext(f *testing.F) {
	f.Add(AppendFrame(AppendFrame(nil, ws.OpText, []byte("4")), ws.OpBinary, make([]byte, 300)))
	f.Fuzz(func(t *testing.T, in []byte) {
		again := make([]byte, 0, len(in))
		rest := in
		for {
			op, payload, r, ok := Next(rest)
			if !ok {
				break
			}
			at := len(again)
			again = AppendFrame(again, op, payload)
			again[at] = rest[0] // Next does not tell FIN and RSV
			rest = r
		}
		if !bytes.Equal(again, in[:len(in)-len(rest)]) {
			t.Fatalf("% x became % x", in, again)
		}
	})
}
