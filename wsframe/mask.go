package wsframe

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

// From these sizes on, in bytes, ws.Cipher, which uses vector instructions, is
// faster than the loop here (BenchmarkMask): by itself, and with the UTF-8 check
// of a text behind it, which our loop spares an ASCII text.
const (
	cipherFrom     = 128
	cipherTextFrom = 768
)

// highBits is the top bit of each of eight bytes: set in none for ASCII.
const highBits = 0x8080808080808080

// Mask masks or unmasks b in place with key; offset is the number of bytes of
// the payload before b. Any goroutine. Does not allocate.
func Mask(b []byte, key [4]byte, offset int) {
	if len(b) >= cipherFrom {
		ws.Cipher(b, key, offset)
		return
	}
	mask(b, key, offset)
}

// mask does the same for small b and reports whether the result is ASCII, which
// costs nothing while the bytes are at hand and spares a text its UTF-8 check.
func mask(b []byte, key [4]byte, offset int) (ascii bool) {
	k32 := binary.LittleEndian.Uint32(key[:])
	k32 = bits.RotateLeft32(k32, -8*(offset&3))
	k := uint64(k32)<<32 | uint64(k32)
	var seen uint64
	for len(b) >= 32 {
		v0 := binary.LittleEndian.Uint64(b) ^ k
		v1 := binary.LittleEndian.Uint64(b[8:]) ^ k
		v2 := binary.LittleEndian.Uint64(b[16:]) ^ k
		v3 := binary.LittleEndian.Uint64(b[24:]) ^ k
		binary.LittleEndian.PutUint64(b, v0)
		binary.LittleEndian.PutUint64(b[8:], v1)
		binary.LittleEndian.PutUint64(b[16:], v2)
		binary.LittleEndian.PutUint64(b[24:], v3)
		seen |= v0 | v1 | v2 | v3
		b = b[32:]
	}
	for len(b) >= 8 {
		v := binary.LittleEndian.Uint64(b) ^ k
		binary.LittleEndian.PutUint64(b, v)
		seen |= v
		b = b[8:]
	}
	if len(b) >= 4 {
		v := binary.LittleEndian.Uint32(b) ^ k32
		binary.LittleEndian.PutUint32(b, v)
		seen |= uint64(v)
		b = b[4:]
	}
	for i := range b {
		b[i] ^= byte(k32 >> (8 * i))
		seen |= uint64(b[i])
	}
	return seen&highBits == 0
}

// unmask unmasks a whole payload and, if it is text, says whether it is UTF-8.
func unmask(b []byte, key [4]byte, text bool) (ok bool) {
	if !text {
		Mask(b, key, 0)
		return true
	}
	if len(b) < cipherTextFrom {
		return mask(b, key, 0) || utf8.Valid(b)
	}
	ws.Cipher(b, key, 0)
	return utf8.Valid(b)
}
