package wsframe

import (
	"testing"

	"github.com/gobwas/ws"
)

func TestDecoderSmoke(t *testing.T) {
	var d Decoder
	in := appendMasked(nil, 0x81, "hello")
	for i := range in[:len(in)-1] {
		if m, n, err := d.Next(in[i : i+1]); m.Op != 0 || n != 1 || err != nil {
			t.Fatal(i, m, n, err)
		}
	}
	m, n, err := d.Next(in[len(in)-1:])
	if m.Op != ws.OpText || n != 1 || err != nil || string(m.Payload) != "hello" {
		t.Fatal(m, n, err)
	}
}

// appendMasked appends a client frame whose first byte is b0.
func appendMasked(dst []byte, b0 byte, payload string) []byte {
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	at := len(dst)
	dst = AppendHeader(dst, 0, false, len(payload))
	dst[at] = b0
	dst[at+1] |= bitMask
	dst = append(dst, key[:]...)
	at = len(dst)
	dst = append(dst, payload...)
	ws.Cipher(dst[at:], key, 0)
	return dst
}
