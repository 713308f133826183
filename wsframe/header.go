package wsframe

import (
	"encoding/binary"

	"github.com/gobwas/ws"
)

// Bits of the first two bytes of a frame.
const (
	bitFin  = 0x80
	bitsRsv = 0x70
	bitRsv1 = 0x40
	bitsOp  = 0x0f
	bitMask = 0x80
	bitsLen = 0x7f

	textFin   = bitFin | byte(ws.OpText) // the first byte of a text in one frame
	binaryFin = bitFin | byte(ws.OpBinary)

	len16 = 126 // "If 126, the following 2 bytes … are the payload length"
	len64 = 127 // "If 127, the following 8 bytes … are the payload length"
)

// MaxHeader is the size of the longest header: two bytes, 64 bits of length and
// a masking key.
const MaxHeader = 14

// ParseHeader reads the header at the start of src, which it borrows. It
// returns the header and its size n; n == 0 with a nil error means that src
// ends too early. The error is a *[CloseError] about a length that RFC 6455
// does not allow; whether the header is one a client may send is for [Decoder]
// to say. Any goroutine. Does not allocate.
func ParseHeader(src []byte) (h ws.Header, n int, err error) {
	if len(src) < 2 {
		return h, 0, nil
	}
	b0, b1 := src[0], src[1]
	h.Fin = b0&bitFin != 0
	h.Rsv = b0 & bitsRsv >> 4
	h.OpCode = ws.OpCode(b0 & bitsOp)
	h.Masked = b1&bitMask != 0
	n = 2
	switch l := b1 & bitsLen; l {
	case len16:
		if len(src) < 4 {
			return ws.Header{}, 0, nil
		}
		h.Length = int64(binary.BigEndian.Uint16(src[2:]))
		n = 4
		// RFC 6455, 5.2: "the minimal number of bytes MUST be used to encode
		// the length"
		if h.Length < len16 {
			return ws.Header{}, 0, errLength
		}
	case len64:
		if len(src) < 10 {
			return ws.Header{}, 0, nil
		}
		u := binary.BigEndian.Uint64(src[2:])
		n = 10
		// RFC 6455, 5.2: "the most significant bit MUST be 0"
		if u>>63 != 0 || u <= 0xffff {
			return ws.Header{}, 0, errLength
		}
		h.Length = int64(u)
	default:
		h.Length = int64(l)
	}
	if h.Masked {
		if len(src) < n+4 {
			return ws.Header{}, 0, nil
		}
		copy(h.Mask[:], src[n:])
		n += 4
	}
	return h, n, nil
}

// HeaderSize is the size of the header of an unmasked frame with a payload of n
// bytes: 2, 4 or 10. Any goroutine.
func HeaderSize(n int) int {
	switch {
	case n < len16:
		return 2
	case n <= 0xffff:
		return 4
	}
	return 10
}

// AppendHeader appends to dst the header of an unmasked frame with a payload of
// n bytes, as a server sends it. Any goroutine. Does not allocate while dst has
// room.
func AppendHeader(dst []byte, op ws.OpCode, fin bool, n int) []byte {
	b0 := byte(op)
	if fin {
		b0 |= bitFin
	}
	switch {
	case n < len16:
		return append(dst, b0, byte(n))
	case n <= 0xffff:
		return append(dst, b0, len16, byte(n>>8), byte(n))
	}
	dst = append(dst, b0, len64)
	return binary.BigEndian.AppendUint64(dst, uint64(n))
}
