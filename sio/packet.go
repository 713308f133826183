package sio

import (
	"bytes"
	"errors"
)

// packetType is the first character of a Socket.IO packet.
type packetType uint8

// The packet types of Socket.IO protocol 5.
const (
	packetConnect packetType = iota
	packetDisconnect
	packetEvent
	packetAck
	packetConnectError
	packetBinaryEvent
	packetBinaryAck
)

// maxID is the largest acknowledgement id that a JavaScript client can hold:
// 2^53-1.
const maxID = 1<<53 - 1

// packet is one Socket.IO packet. Its slices are views into what was parsed.
type packet struct {
	typ         packetType
	attachments int    // how many binary messages follow
	nsp         []byte // as on the wire; "/" if it was left out
	id          int64  // of the acknowledgement; -1: none
	data        []byte // valid JSON; nil: none
	first       int    // where the first element of data ends; 0: none, or no array
}

// limits bound what one packet may hold.
type limits struct {
	attachments int
	depth       int
}

var rootNamespace = []byte("/")

// What a packet is refused for. Each ends the connection.
var (
	errPacketEmpty     = errors.New("sio: empty packet")
	errPacketType      = errors.New("sio: unknown packet type")
	errAttachmentCount = errors.New("sio: illegal attachments")
	errTooMany         = errors.New("sio: too many attachments")
	errPacketID        = errors.New("sio: illegal acknowledgement id")
	errPacketJSON      = errors.New("sio: payload is not JSON, or nested too deep")
	errPayload         = errors.New("sio: invalid payload")
	errTextPending     = errors.New("sio: got plaintext data when reconstructing a packet")
	errBinaryUnasked   = errors.New("sio: got binary data when not reconstructing a packet")
)

// reserved reports whether the protocol keeps the name to itself: it may name an
// event of neither side.
func reserved[T string | []byte](event T) bool {
	if len(event) < len("connect") { // most are, and no switch is needed
		return false
	}
	switch string(event) {
	case "connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener":
		return true
	}
	return false
}

// parsePacket parses the text of one packet, without the engine's type in
// front. The packet's slices are views into src. Any goroutine. Does not
// allocate, but for an event's name or a member's with escapes in it that is
// longer than any sane one.
//
//	packet = type [attachments "-"] [namespace ","] [id] [json]
func parsePacket(src []byte, lim *limits) (p packet, err error) {
	if len(src) == 0 {
		return p, errPacketEmpty
	}
	p.typ = packetType(src[0] - '0')
	if p.typ > packetBinaryAck {
		return p, errPacketType
	}
	i := 1
	if len(src) > 1 && src[1] == '[' && p.typ < packetBinaryEvent {
		p.nsp, p.id = rootNamespace, -1 // most have nothing of what may stand here
	} else if i, err = p.parseHead(src, lim); err != nil {
		return p, err
	}
	if i < len(src) {
		begin := skipSpace(src, i)
		end := 0
		if begin < len(src) && src[begin] == '[' {
			end, p.first = skipElements(src, begin, lim.depth)
			p.first = max(p.first-begin, 0)
		} else {
			end = skipValue(src, begin, lim.depth)
		}
		if end < 0 || skipSpace(src, end) != len(src) {
			return p, errPacketJSON
		}
		p.data = src[begin:end:end]
	}
	if err = p.check(); err == nil && p.attachments > 0 {
		// The reference looks when the last attachment has come. To look
		// now is to keep nothing for a packet that can only be refused.
		if err = checkPlaceholders(p.data, p.attachments); err == nil && !fewPlaceholders(p.data, maxRepeats*p.attachments) {
			err = errRepeated
		}
	}
	return p, err
}

// parseHead parses what stands between the type and the payload.
func (p *packet) parseHead(src []byte, lim *limits) (i int, err error) {
	i = 1
	if p.typ >= packetBinaryEvent {
		if p.attachments, i, err = parseCount(src, i, lim.attachments); err != nil {
			return 0, err
		}
	}
	p.nsp, i = parseNamespace(src, i)
	p.id, i, err = parseID(src, i)
	return i, err
}

func parseCount(src []byte, i, most int) (n, next int, err error) {
	begin := i
	for i < len(src) && isDigit(src[i]) {
		if n = n*10 + int(src[i]-'0'); n > 1<<20 {
			return 0, 0, errTooMany
		}
		i++
	}
	switch {
	case i == begin || i == len(src) || src[i] != '-' || n == 0:
		return 0, 0, errAttachmentCount
	case n > most:
		return 0, 0, errTooMany
	}
	return n, i + 1, nil
}

func parseNamespace(src []byte, i int) (nsp []byte, next int) {
	if i == len(src) || src[i] != '/' {
		return rootNamespace, i
	}
	end := i
	for end < len(src) && src[end] != ',' {
		end++
	}
	return src[i:end:end], min(end+1, len(src))
}

func parseID(src []byte, i int) (id int64, next int, err error) {
	if i == len(src) || !isDigit(src[i]) {
		return -1, i, nil
	}
	for i < len(src) && isDigit(src[i]) {
		if id = id*10 + int64(src[i]-'0'); id > maxID {
			return 0, 0, errPacketID
		}
		i++
	}
	return id, i, nil
}

// check holds the payload against the packet's type.
func (p *packet) check() error {
	ok := false
	switch p.typ {
	case packetConnect:
		ok = p.data == nil || p.data[0] == '{'
	case packetDisconnect:
		ok = p.data == nil
	case packetEvent:
		// The reference lets an event without any payload through; it has
		// no name, so nobody hears it.
		ok = p.data == nil || validEvent(p.data, p.first)
	case packetBinaryEvent:
		ok = p.data != nil && validEvent(p.data, p.first)
	case packetAck:
		ok = p.data == nil || p.data[0] == '['
	case packetBinaryAck:
		ok = p.data != nil && p.data[0] == '['
	case packetConnectError:
		ok = p.data != nil && (p.data[0] == '{' || p.data[0] == '"')
	}
	if !ok {
		return errPayload
	}
	return nil
}

// validEvent reports whether data, which is JSON, is an array whose first
// element, which ends at first, is a number or a string that may name an event.
func validEvent(data []byte, first int) bool {
	if first == 0 {
		return false
	}
	i := skipSpace(data, 1)
	if c := data[i]; c != '"' {
		return c == '-' || isDigit(c)
	}
	name := data[i+1 : first-1]
	if len(name) < len("connect") || bytes.IndexByte(name, '\\') < 0 {
		return !reserved(name) // escapes would only make it shorter
	}
	var b [64]byte
	return !reserved(appendUnescaped(b[:0], name))
}

// eventName splits the data of an event into its name, which ends at first, and
// its arguments, which are the rest of the array without brackets. All are views,
// except that a name with escapes is unescaped into scratch. A number names an
// event by its text. Any goroutine. Does not allocate while scratch has room.
func eventName(data []byte, first int, scratch []byte) (name, args []byte) {
	if len(data) == 0 {
		return nil, nil
	}
	i := skipSpace(data, 1)
	name = data[i:first:first]
	if data[i] == '"' {
		name = unquoted(scratch, name)
	}
	return name, arrayTail(data, first)
}

// arrayTail returns what stands in an array behind the element that ended at i.
func arrayTail(data []byte, i int) []byte {
	if i = skipSpace(data, i); data[i] == ',' {
		i = skipSpace(data, i+1)
	}
	return data[i : len(data)-1 : len(data)-1]
}

// ackArgs returns what stands between the brackets of an acknowledgement.
func ackArgs(data []byte) []byte {
	if len(data) == 0 {
		return nil
	}
	return arrayTail(data, 1)
}
