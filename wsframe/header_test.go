package wsframe

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/gobwas/ws"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseHeaderGolden(t *testing.T) {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	for _, c := range []struct {
		in   string
		want ws.Header
		n    int
	}{
		// RFC 6455, 5.7
		{"81 05 48656c6c6f", ws.Header{Fin: true, OpCode: ws.OpText, Length: 5}, 2},
		{"81 85 37fa213d 7f9f4d5158", ws.Header{Fin: true, OpCode: ws.OpText, Masked: true, Mask: key, Length: 5}, 6},
		{"01 03 48656c", ws.Header{OpCode: ws.OpText, Length: 3}, 2},
		{"80 02 6c6f", ws.Header{Fin: true, OpCode: ws.OpContinuation, Length: 2}, 2},
		{"89 05 48656c6c6f", ws.Header{Fin: true, OpCode: ws.OpPing, Length: 5}, 2},
		{"8a 85 37fa213d 7f9f4d5158", ws.Header{Fin: true, OpCode: ws.OpPong, Masked: true, Mask: key, Length: 5}, 6},
		{"82 7e 0100", ws.Header{Fin: true, OpCode: ws.OpBinary, Length: 256}, 4},
		{"82 7f 0000000000010000", ws.Header{Fin: true, OpCode: ws.OpBinary, Length: 65536}, 10},
		// The edges of the three forms, and the bits.
		{"82 fd 37fa213d", ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true, Mask: key, Length: 125}, 6},
		{"82 fe 007e 37fa213d", ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true, Mask: key, Length: 126}, 8},
		{"82 fe ffff 37fa213d", ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true, Mask: key, Length: 65535}, 8},
		{"82 ff 7fffffffffffffff 37fa213d", ws.Header{Fin: true, OpCode: ws.OpBinary, Masked: true, Mask: key, Length: 1<<63 - 1}, 14},
		{"f3 00", ws.Header{Fin: true, Rsv: 7, OpCode: 3, Length: 0}, 2},
		{"c1 00", ws.Header{Fin: true, Rsv: 4, OpCode: 1, Length: 0}, 2},
	} {
		in := unhex(t, c.in)
		h, n, err := ParseHeader(in)
		if err != nil || n != c.n || h != c.want {
			t.Errorf("%s: %+v, %d, %v; want %+v, %d", c.in, h, n, err, c.want, c.n)
		}
		for i := range c.n {
			if h, n, err := ParseHeader(in[:i]); n != 0 || err != nil || h != (ws.Header{}) {
				t.Errorf("%s cut at %d: %+v, %d, %v; want nothing", c.in, i, h, n, err)
			}
		}
		if !h.Masked && h.Rsv == 0 {
			if got := AppendHeader(nil, h.OpCode, h.Fin, int(h.Length)); !bytes.Equal(got, in[:n]) {
				t.Errorf("AppendHeader made % x, want % x", got, in[:n])
			}
		}
	}
}

func TestParseHeaderRefusals(t *testing.T) {
	for _, in := range []string{
		"82 fe 0000 37fa213d", "82 fe 007d 37fa213d", // "the minimal number of bytes MUST be used"
		"82 ff 0000000000000000 37fa213d", "82 ff 000000000000ffff 37fa213d",
		"82 ff 8000000000000000 37fa213d", "82 ff ffffffffffffffff 37fa213d", // "the most significant bit MUST be 0"
	} {
		h, n, err := ParseHeader(unhex(t, in))
		var c *CloseError
		if !errors.As(err, &c) || c.Code != ws.StatusProtocolError || n != 0 || h != (ws.Header{}) {
			t.Errorf("%s: %+v, %d, %v; want 1002", in, h, n, err)
		}
	}
}

func FuzzHeader(f *testing.F) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536, 1 << 40} {
		f.Add(AppendHeader(nil, ws.OpText, true, n))
		f.Add(append(AppendHeader(nil, ws.OpBinary, false, n), testKey[:]...))
	}
	f.Add(appendMasked(nil, 0xf9, "ping"))
	f.Fuzz(func(t *testing.T, in []byte) {
		h, n, err := ParseHeader(in)
		if n < 0 || n > len(in) || n > MaxHeader {
			t.Fatalf("took %d of %d bytes", n, len(in))
		}
		// gobwas reads the same, but does not mind a length in a longer form.
		want, wantErr := ws.ReadHeader(bytes.NewReader(in))
		switch {
		case err != nil:
			if wantErr == nil && HeaderSize(int(want.Length)) == headerSize(in) {
				t.Fatalf("% x: refused, gobwas reads %+v", in, want)
			}
		case n == 0:
			if wantErr == nil {
				t.Fatalf("% x: wants more, gobwas reads %+v", in, want)
			}
		case wantErr != nil || h != want:
			t.Fatalf("% x: %+v, gobwas reads %+v, %v", in, h, want, wantErr)
		default:
			again := AppendHeader(nil, h.OpCode, h.Fin, int(h.Length))
			again[0] |= h.Rsv << 4
			if h.Masked {
				again[1] |= bitMask
				again = append(again, h.Mask[:]...)
			}
			if !bytes.Equal(again, in[:n]) {
				t.Fatalf("% x: written again as % x", in[:n], again)
			}
		}
	})
}

// headerSize is the size of a header without its key, by its second byte.
func headerSize(in []byte) int {
	switch in[1] & bitsLen {
	case len16:
		return 4
	case len64:
		return 10
	}
	return 2
}
