package eio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/wsframe"
)

// A payload is the body of a polling request or answer: packets joined by one
// record separator, none trailing.
//
//	4hello ␞ 2 ␞ bAQIDBA==
//	│        │   └─ a binary message: "b", then base64; no type digit
//	│        └─ a ping
//	└─ a message
const (
	separator    = 0x1e
	binaryPrefix = 'b'
)

var (
	errPayloadPacket = errors.New("eio: bad packet in a payload")
	errPayloadUTF8   = errors.New("eio: payload is not UTF-8")
	errPayloadMany   = errors.New("eio: too many packets in a payload")
)

// payload walks the packets of a polling request's body. Loop only.
type payload struct {
	rest []byte
	left int  // packets still allowed
	done bool // no packet follows
}

// payloadPacket is one packet of a payload; data is a view of the body.
type payloadPacket struct {
	typ    PacketType
	binary bool
	data   []byte
}

// newPayload begins to walk body, which it borrows and decodes in place; limit
// is the most packets it may hold. Text that is not UTF-8 is refused here: it
// would break the websocket of everyone it is passed on to.
func newPayload(body []byte, limit int) (payload, error) {
	if !utf8.Valid(body) {
		return payload{}, errPayloadUTF8
	}
	return payload{rest: body, left: limit}, nil
}

// next returns the next packet; ok is false after the last one and with an
// error. An empty body is one empty packet, hence an error. The packet is lent
// until the body is used otherwise. Does not allocate.
func (l *payload) next() (p payloadPacket, ok bool, err error) {
	if l.done {
		return p, false, nil
	}
	if l.left--; l.left < 0 {
		l.done = true
		return p, false, errPayloadMany
	}
	raw := l.rest
	if i := bytes.IndexByte(raw, separator); i >= 0 {
		raw, l.rest = raw[:i], raw[i+1:]
	} else {
		l.done = true
	}
	if len(raw) > 0 && raw[0] == binaryPrefix {
		if p.data, err = decodeBase64(raw[1:]); err != nil {
			l.done = true
			return payloadPacket{}, false, err
		}
		p.typ, p.binary = PacketMessage, true
		return p, true, nil
	}
	if p.typ, p.data, ok = parsePacket(raw); !ok {
		l.done = true
		return payloadPacket{}, false, errPayloadPacket
	}
	return p, true, nil
}

// decodeBase64 decodes p in place: the decoder never writes past what it has
// read. Padding may be missing, and lines may end, as the reference's decoder has
// it: the Java client ends a line after 76 characters, the last one too.
func decodeBase64(p []byte) ([]byte, error) {
	p = bytes.TrimRight(p, "\r\n")
	for i := 0; i < 2 && len(p) > 0 && p[len(p)-1] == '='; i++ {
		p = p[:len(p)-1]
	}
	n, err := base64.RawStdEncoding.Decode(p, p)
	if err != nil {
		return nil, errPayloadPacket
	}
	return p[:n], nil
}

// payloadSize returns how many bytes the packets of frames, a run of complete
// server frames, take in a payload without separators, and how many they are.
// It borrows frames. Any goroutine.
func payloadSize(frames []byte) (size, packets int) {
	for {
		op, data, rest, ok := wsframe.Next(frames)
		if !ok {
			return size, packets
		}
		frames = rest
		packets++
		if op == wsframe.OpBinary {
			size += 1 + base64.StdEncoding.EncodedLen(len(data))
		} else {
			size += len(data)
		}
	}
}

// appendPayload appends the packets of frames, a run of complete server
// frames, to a payload; more says that a packet stands before them already. It
// borrows frames. Any goroutine. Does not allocate if dst has room.
func appendPayload(dst, frames []byte, more bool) []byte {
	for {
		op, data, rest, ok := wsframe.Next(frames)
		if !ok {
			return dst
		}
		frames = rest
		if more {
			dst = append(dst, separator)
		}
		more = true
		if op == wsframe.OpBinary {
			dst = append(dst, binaryPrefix)
			dst = base64.StdEncoding.AppendEncode(dst, data)
		} else {
			dst = append(dst, data...)
		}
	}
}
