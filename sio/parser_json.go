package sio

import (
	"errors"
	"math"
	"strconv"
)

// JSONPacketParser is the wire format of the reference's socket.io-json-parser:
// each packet is one JSON object in one message of text. It is for data without
// binary: as with the reference, a []byte that is emitted arrives as what
// JSON.stringify makes of a Buffer, and nothing comes back as one.
type JSONPacketParser struct{}

var errJSONPacket = errors.New("sio: packet is not the JSON object of one")

// Encode implements [Parser]. Does not allocate once the pools are warm.
func (JSONPacketParser) Encode(m *Messages, p *Packet) error {
	b := append(appendInt(append(p.Buf[:0], `{"type":`...), int64(p.Type)), `,"nsp":`...)
	b = appendQuoted(b, b2s(p.Namespace))
	if p.Data != nil {
		b = appendBuffers(append(b, `,"data":`...), p.Data, p.Attachments)
	}
	if p.ID >= 0 {
		b = appendInt(append(b, `,"id":`...), p.ID)
	}
	p.Buf = append(b, '}')
	m.Text(p.Buf)
	return nil
}

// appendBuffers appends data with its attachments as Node's JSON has Buffers.
func appendBuffers(dst, data []byte, bins [][]byte) []byte {
	if len(bins) == 0 {
		return append(dst, data...)
	}
	last := 0
	eachPlaceholder(data, func(begin, end, num int) bool {
		if num < 0 || num >= len(bins) {
			return true
		}
		dst = append(dst, data[last:begin]...)
		last = end
		dst = append(dst, `{"type":"Buffer","data":[`...)
		for i, c := range bins[num] {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendInt(dst, int64(c))
		}
		dst = append(dst, "]}"...)
		return true
	})
	return append(dst, data[last:]...)
}

// Decode implements [Parser]. Does not allocate, but for a namespace with
// escapes.
func (JSONPacketParser) Decode(p *Packet, message []byte, binary bool) (whole bool, err error) {
	i := skipSpace(message, 0)
	// One more level than the data, which Check looks at again.
	end := skipValue(message, i, p.MaxDepth+1)
	if binary || end < 0 || message[i] != '{' || skipSpace(message, end) != len(message) {
		return false, errJSONPacket
	}
	typ := int64(-1)
	for i = skipSpace(message, i+1); message[i] == '"'; i = skipComma(message, end) {
		var b [32]byte
		name := unquoted(b[:0], message[i:skipString(message, i)])
		i = skipMember(message, i)
		end = skipValue(message, i, len(message))
		v := message[i:end:end]
		ok := true
		switch string(name) {
		case "type":
			typ, ok = jsonInteger(v)
			ok = ok && typ <= int64(ConnectErrorPacket)
		case "nsp":
			if ok = v[0] == '"'; ok {
				p.Namespace = unquoted(nil, v)
			}
		case "id":
			p.ID, ok = jsonInteger(v)
		case "data":
			p.Data = v
		}
		if !ok {
			return false, errJSONPacket
		}
	}
	if typ < 0 || p.Namespace == nil {
		return false, errJSONPacket
	}
	p.Type = PacketType(typ)
	return true, nil
}

// jsonInteger reads a number that is one to JavaScript, and not negative.
func jsonInteger(v []byte) (n int64, ok bool) {
	f, err := strconv.ParseFloat(b2s(v), 64)
	return int64(f), err == nil && f >= 0 && f <= maxID && f == math.Trunc(f)
}
