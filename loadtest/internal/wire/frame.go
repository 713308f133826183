package wire

import (
	"encoding/binary"
	"errors"
)

// Opcodes of RFC 6455.
const (
	OpContinuation = 0
	OpText         = 1
	OpBinary       = 2
	OpClose        = 8
	OpPing         = 9
	OpPong         = 10
)

// Errors of ParseFrame: the server broke RFC 6455.
var (
	ErrReserved = errors.New("websocket frame with a reserved bit or opcode")
	ErrMasked   = errors.New("masked websocket frame from the server")
	ErrControl  = errors.New("websocket control frame fragmented or over 125 bytes")
	ErrHuge     = errors.New("websocket frame over 1 GiB")
)

// Frame is one frame of the server; Payload is a view.
type Frame struct {
	Op      byte
	Fin     bool
	Payload []byte
}

// ParseFrame reads one unmasked frame. n == 0 and no error: need more. It
// borrows src; the payload is a view into it. Does not allocate.
func ParseFrame(src []byte) (f Frame, n int, err error) {
	if len(src) < 2 {
		return f, 0, nil
	}
	f.Op, f.Fin = src[0]&15, src[0]&0x80 != 0
	if src[0]&0x70 != 0 || f.Op > OpPong || f.Op > OpBinary && f.Op < OpClose {
		return f, 0, ErrReserved
	}
	if src[1]&0x80 != 0 {
		return f, 0, ErrMasked
	}
	size, head := uint64(src[1]), 2
	if f.Op >= OpClose && (size > 125 || !f.Fin) {
		return f, 0, ErrControl
	}
	switch size {
	case 126:
		if len(src) < 4 {
			return f, 0, nil
		}
		size, head = uint64(binary.BigEndian.Uint16(src[2:])), 4
	case 127:
		if len(src) < 10 {
			return f, 0, nil
		}
		size, head = binary.BigEndian.Uint64(src[2:]), 10
	}
	if size > 1<<30 {
		return f, 0, ErrHuge
	}
	if uint64(len(src)-head) < size {
		return f, 0, nil
	}
	end := head + int(size)
	f.Payload = src[head:end]
	return f, end, nil
}

// AppendHead appends the head of a masked final frame of size payload bytes.
// The payload follows in clear; Mask then turns it.
func AppendHead(dst []byte, op byte, size int, key [4]byte) []byte {
	switch {
	case size < 126:
		dst = append(dst, 0x80|op, 0x80|byte(size))
	case size < 1<<16:
		dst = append(dst, 0x80|op, 0x80|126, byte(size>>8), byte(size))
	default:
		dst = append(dst, 0x80|op, 0x80|127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(size))
	}
	return append(dst, key[:]...)
}

// Mask turns b in place.
func Mask(b []byte, key [4]byte) {
	k := uint64(binary.LittleEndian.Uint32(key[:]))
	k |= k << 32
	for len(b) >= 8 {
		binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^k)
		b = b[8:]
	}
	for i := range b {
		b[i] ^= key[i&3]
	}
}

// AppendFrame appends a whole masked frame. It borrows payload.
func AppendFrame(dst []byte, op byte, payload []byte, key [4]byte) []byte {
	dst = AppendHead(dst, op, len(payload), key)
	from := len(dst)
	dst = append(dst, payload...)
	Mask(dst[from:], key)
	return dst
}
