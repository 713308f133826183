package wire

import (
	"bytes"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
)

const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// AppendUpgrade appends the answer to a websocket handshake; false: head is
// none.
func AppendUpgrade(dst, head []byte) ([]byte, bool) {
	const name = "sec-websocket-key:"
	for line := range bytes.SplitSeq(head, []byte("\r\n")) {
		if len(line) < len(name) || !bytes.EqualFold(line[:len(name)], []byte(name)) {
			continue
		}
		sum := sha1.Sum(append(bytes.Clone(bytes.TrimSpace(line[len(name):])), guid...))
		dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "...)
		dst = base64.StdEncoding.AppendEncode(dst, sum[:])
		return append(dst, "\r\n\r\n"...), true
	}
	return dst, false
}

// The opcodes of the first byte, with FIN.
const (
	Text  = 0x81
	Close = 0x88
	Ping  = 0x89
	Pong  = 0x8a
)

// AppendFrame appends an unmasked frame.
func AppendFrame(dst []byte, first byte, p []byte) []byte {
	switch n := len(p); {
	case n < 126:
		dst = append(dst, first, byte(n))
	case n < 1<<16:
		dst = append(dst, first, 126, byte(n>>8), byte(n))
	default:
		dst = append(dst, first, 127)
		dst = binary.BigEndian.AppendUint64(dst, uint64(n))
	}
	return append(dst, p...)
}

// Frame reads one masked frame and unmasks it in place; n == 0: there is more to
// come. A frame that claims more than limit bytes gives n < 0.
func Frame(b []byte, limit int) (first byte, payload []byte, n int) {
	if len(b) < 6 {
		return 0, nil, 0
	}
	size, head := uint64(b[1]&127), 2
	switch size {
	case 126:
		if len(b) < 8 {
			return 0, nil, 0
		}
		size, head = uint64(binary.BigEndian.Uint16(b[2:])), 4
	case 127:
		if len(b) < 14 {
			return 0, nil, 0
		}
		size, head = binary.BigEndian.Uint64(b[2:]), 10
	}
	if size > uint64(limit) {
		return 0, nil, -1
	}
	n = head + 4 + int(size)
	if len(b) < n {
		return 0, nil, 0
	}
	payload = b[head+4 : n]
	unmask(payload, binary.LittleEndian.Uint32(b[head:]))
	return b[0], payload, n
}

func unmask(p []byte, key uint32) {
	wide := uint64(key) | uint64(key)<<32
	for len(p) >= 8 {
		binary.LittleEndian.PutUint64(p, binary.LittleEndian.Uint64(p)^wide)
		p = p[8:]
	}
	for i := range p {
		p[i] ^= byte(key >> (8 * (i & 3)))
	}
}
