package eio

import (
	"encoding/base64"
	"strconv"
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/wsframe"
)

// The payload of revision 3 gives each packet its length in front. In its text
// form that is in UTF-16 code units, as JavaScript measures a string, the type
// digit included:
//
//	6:4hello 1:2 6:b4AQI=
//	│        │   └─ a binary message: "b", the type digit, base64
//	│        └─ a ping
//	└─ "4hello" is six units; "4€" would be two, "4😀" three
//
// In its binary form, of a request with the type application/octet-stream and of
// an answer that holds a binary packet, it is in bytes, its digits are bytes 0 to
// 9, and the type of a binary packet is a byte as well:
//
//	00 06 ff 34 68 65 6c 6c 6f    01 03 ff 04 01 02
//	│  │  │  └─ "4hello"          │  │  │  └─ type 4, then the data
//	│  │  └─ ends the length      │  │  └
//	│  └─ six                     │  └─ three
//	└─ text                       └─ binary
const (
	textMark   = 0
	binaryMark = 1
	lengthEnd  = 0xff
)

// payload3 walks the packets of a polling request's body of revision 3. Loop
// only.
type payload3 struct {
	rest   []byte
	left   int // packets still allowed
	binary bool
}

// newPayload3 begins to walk body, which it borrows and decodes in place; limit
// is the most packets it may hold. An empty text is an error, an empty binary
// body holds no packet.
func newPayload3(body []byte, binary bool, limit int) (payload3, error) {
	switch {
	case binary:
	case len(body) == 0:
		return payload3{}, errPayloadPacket
	case !utf8.Valid(body): // what is passed on has to be
		return payload3{}, errPayloadUTF8
	}
	return payload3{rest: body, left: limit, binary: binary}, nil
}

// next returns the next packet; ok is false after the last one and with an
// error. The packet is lent until the body is used otherwise. Does not allocate.
func (l *payload3) next() (p payloadPacket, ok bool, err error) {
	for len(l.rest) > 0 {
		if l.left--; l.left < 0 {
			return p, false, errPayloadMany
		}
		var raw []byte
		binary := false
		if l.binary {
			raw, binary, ok = l.cutBinary()
		} else {
			raw, ok = l.cutText()
		}
		switch {
		case !ok:
			return p, false, errPayloadPacket
		case len(raw) == 0 && !l.binary: // "0:" is how an empty payload is written
			continue
		case binary:
			p.typ, p.data, ok = parseBinaryPacket(raw)
			p.binary = true
		case l.binary && !utf8.Valid(raw):
			return p, false, errPayloadUTF8
		default:
			p, ok = parsePacket3(raw)
		}
		if !ok {
			return payloadPacket{}, false, errPayloadPacket
		}
		return p, true, nil
	}
	return p, false, nil
}

// cutText cuts a packet off a text payload.
func (l *payload3) cutText() (raw []byte, ok bool) {
	n, i := 0, 0
	for i < len(l.rest) && l.rest[i] >= '0' && l.rest[i] <= '9' {
		// No string has more units than bytes.
		if n = n*10 + int(l.rest[i]-'0'); n > len(l.rest) {
			return nil, false
		}
		i++
	}
	if i == 0 || i == len(l.rest) || l.rest[i] != ':' {
		return nil, false
	}
	p := l.rest[i+1:]
	size, ok := utf16Prefix(p, n)
	if !ok {
		return nil, false
	}
	l.rest = p[size:]
	return p[:size:size], true
}

// cutBinary cuts a packet off a binary payload.
func (l *payload3) cutBinary() (raw []byte, binary, ok bool) {
	binary = l.rest[0] == binaryMark
	if !binary && l.rest[0] != textMark {
		return nil, false, false
	}
	n, i := 0, 1
	for i < len(l.rest) && l.rest[i] <= 9 {
		if n = n*10 + int(l.rest[i]); n > len(l.rest) {
			return nil, false, false
		}
		i++
	}
	if i == 1 || i == len(l.rest) || l.rest[i] != lengthEnd || n > len(l.rest)-i-1 {
		return nil, false, false
	}
	p := l.rest[i+1:]
	l.rest = p[n:]
	return p[:n:n], binary, true
}

// parsePacket3 reads a packet of revision 3 that came as text: of a binary one
// the type stands behind the "b". It decodes p in place and lends a view of it.
func parsePacket3(p []byte) (pk payloadPacket, ok bool) {
	if len(p) == 0 || p[0] != binaryPrefix {
		pk.typ, pk.data, ok = parsePacket(p)
		return pk, ok
	}
	typ, data, ok := parsePacket(p[1:])
	if !ok {
		return pk, false
	}
	data, err := decodeBase64(data)
	return payloadPacket{typ: typ, binary: true, data: data}, err == nil
}

// parseBinaryPacket reads a packet of revision 3 that came as bytes, the first
// of which is its type. It borrows p and lends a view of it.
func parseBinaryPacket(p []byte) (typ PacketType, data []byte, ok bool) {
	if len(p) == 0 || p[0] > byte(PacketNoop-PacketOpen) {
		return 0, nil, false
	}
	return PacketOpen + PacketType(p[0]), p[1:], true
}

// utf16Prefix returns how many bytes of p, which is UTF-8, are n UTF-16 code
// units; ok is false where p is shorter, and where half a character would be cut
// off.
func utf16Prefix(p []byte, n int) (size int, ok bool) {
	for ; n > 0; n-- {
		if size == len(p) {
			return 0, false
		}
		switch c := p[size]; {
		case c < 0x80:
			size++
		case c < 0xe0:
			size += 2
		case c < 0xf0:
			size += 3
		case n == 1:
			return 0, false
		default: // beyond the basic plane: a pair of surrogates
			size += 4
			n--
		}
	}
	return size, size <= len(p)
}

// utf16Len is the number of UTF-16 code units of p, which is UTF-8.
func utf16Len(p []byte) (n int) {
	for _, c := range p {
		if c&0xc0 != 0x80 {
			n++
		}
		if c >= 0xf0 {
			n++
		}
	}
	return n
}

// hasBinary reports whether frames, a run of complete server frames, holds a
// binary one. It borrows frames. Any goroutine. Does not allocate.
func hasBinary(frames []byte) bool {
	for {
		op, _, rest, ok := wsframe.Next(frames)
		if !ok || op == wsframe.OpBinary {
			return ok
		}
		frames = rest
	}
}

// appendPayload3 appends the packets of frames, a run of complete server frames,
// to a payload of revision 3, in its binary form or in its text form. It borrows
// frames. Any goroutine.
func appendPayload3(dst, frames []byte, binary bool) []byte {
	for {
		op, data, rest, ok := wsframe.Next(frames)
		switch {
		case !ok:
			return dst
		case binary:
			dst = appendBinaryPart(dst, op, data)
		case op == wsframe.OpBinary:
			dst = strconv.AppendInt(dst, int64(2+base64.StdEncoding.EncodedLen(len(data))), 10)
			dst = appendBase64v3(append(dst, ':'), data)
		default:
			dst = strconv.AppendInt(dst, int64(utf16Len(data)), 10)
			dst = append(append(dst, ':'), data...)
		}
		frames = rest
	}
}

// appendBinaryPart appends one packet to a payload's binary form.
func appendBinaryPart(dst []byte, op wsframe.OpCode, data []byte) []byte {
	mark, n := byte(textMark), len(data)
	if op == wsframe.OpBinary {
		mark, n = binaryMark, n+1
	}
	dst = append(dst, mark)
	at := len(dst)
	dst = strconv.AppendInt(dst, int64(n), 10)
	for i := range dst[at:] {
		dst[at+i] -= '0'
	}
	dst = append(dst, lengthEnd)
	if op == wsframe.OpBinary {
		dst = append(dst, byte(PacketMessage-PacketOpen))
	}
	return append(dst, data...)
}

// appendBase64v3 appends a binary message as text.
func appendBase64v3(dst, data []byte) []byte {
	dst = append(dst, binaryPrefix, byte(PacketMessage))
	return base64.StdEncoding.AppendEncode(dst, data)
}
