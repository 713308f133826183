package sio

import (
	"bytes"
	"errors"
	"strconv"
	"sync"
)

// MsgpackParser is the wire format of the reference's socket.io-msgpack-parser:
// each packet is one msgpack map in one binary message, in which binary data
// stands by itself. Handlers see what they see with the default parser.
//
// What msgpack has and JSON has not arrives as JSON.stringify would have it: NaN
// and infinities as null, undefined as null in a list and not at all in a map, a
// Date as its ISO text. Integers arrive exactly, up to 64 bits. An extension of
// another kind arrives as [type, binary]. Keys of maps have to be strings. In the
// other direction an integer that 64 bits hold goes out as one, any other number
// as a float64.
type MsgpackParser struct{}

var errMsgpack = errors.New("sio: packet is not the msgpack map of one")

// Encode implements [Parser]. Does not allocate once the pools are warm, but for
// integers beyond 63 bits.
func (MsgpackParser) Encode(m *Messages, p *Packet) error {
	w := packers.Get().(*packer)
	w.dst, w.src, w.bins = p.Buf[:0], p.Data, p.Attachments
	// The reference's order, as far as it has one.
	switch {
	case p.Type == ConnectPacket:
		w.head(p.Type, p.Data != nil)
		w.payload()
		w.namespace(p.Namespace)
	case p.Type == AckPacket && p.ID >= 0:
		w.dst = append(w.dst, 0x84, 0xa2, 'i', 'd')
		w.integer(p.ID)
		w.typ(p.Type)
		w.payload()
		w.namespace(p.Namespace)
	default:
		w.head(p.Type, p.Data != nil)
		if p.ID >= 0 {
			w.dst[0]++
		}
		w.namespace(p.Namespace)
		w.payload()
		if p.ID >= 0 {
			w.dst = append(w.dst, 0xa2, 'i', 'd')
			w.integer(p.ID)
		}
	}
	p.Buf = w.dst
	m.Binary(w.dst)
	w.free()
	return nil
}

// Decode implements [Parser]. Does not allocate once p.Buf is large enough.
func (MsgpackParser) Decode(p *Packet, message []byte, binary bool) (whole bool, err error) {
	if !binary {
		return false, errMsgpack
	}
	u := unpacker{src: message, dst: p.Buf[:0], bins: p.Attachments, most: p.MaxAttachments}
	err = u.packet(p)
	p.Buf, p.Attachments = u.dst, u.bins
	return err == nil, err
}

// packet reads the map of a packet. Its data becomes JSON in dst.
func (u *unpacker) packet(p *Packet) error {
	t, ok := u.token()
	if !ok || t.kind != mpMap {
		return errMsgpack
	}
	const haveType, haveNsp, haveID, haveData = 1, 2, 4, 8
	have := 0
	once := func(field int) bool {
		first := have&field == 0
		have |= field
		return first
	}
	for range t.n {
		key, ok := u.key()
		if !ok {
			return errMsgpack
		}
		if string(key) != "nsp" && string(key) != "type" && u.undefined() {
			continue
		}
		switch string(key) {
		case "type":
			n, isInt := u.wholeNumber()
			if !isInt || n < 0 || n > int64(ConnectErrorPacket) || !once(haveType) {
				return errPacketType
			}
			p.Type = PacketType(n)
		case "nsp":
			if p.Namespace, ok = u.key(); !ok || !once(haveNsp) {
				return errPacketNamespace
			}
		case "id":
			if p.ID, ok = u.wholeNumber(); !ok || p.ID < 0 || !once(haveID) {
				return errPacketID
			}
		case "data":
			if !u.value(p.MaxDepth) || !once(haveData) {
				return errMsgpack
			}
			p.Data = u.dst
		default:
			// Of no meaning, but it has to be msgpack. It leaves nothing.
			n, bins := len(u.dst), len(u.bins)
			if !u.value(p.MaxDepth) {
				return errMsgpack
			}
			u.dst, u.bins = u.dst[:n], u.bins[:bins]
		}
	}
	if have&haveType == 0 {
		return errPacketType
	}
	if have&haveNsp == 0 {
		return errPacketNamespace
	}
	if u.i != len(u.src) {
		return errMsgpack
	}
	if p.Data != nil {
		p.Data = u.dst // it may have moved
	}
	return nil
}

// packer turns JSON into msgpack.
type packer struct {
	dst    []byte
	src    []byte // valid JSON
	bins   [][]byte
	counts []uint32 // how many elements each array and object has, in their order
	next   int      // of counts
	text   []byte   // scratch of strings with escapes
}

var packers = sync.Pool{New: func() any { return new(packer) }}

func (w *packer) free() {
	counts, text := w.counts[:0], w.text[:0]
	if cap(counts) > keepParsed/4 {
		counts = nil
	}
	if cap(text) > keepParsed {
		text = nil
	}
	*w = packer{counts: counts, text: text}
	packers.Put(w)
}

func (w *packer) head(typ PacketType, data bool) {
	n := byte(0x82)
	if data {
		n++
	}
	w.dst = append(w.dst, n)
	w.typ(typ)
}

func (w *packer) typ(typ PacketType) {
	w.dst = append(w.dst, 0xa4, 't', 'y', 'p', 'e', byte(typ))
}

func (w *packer) namespace(name []byte) {
	w.dst = append(w.dst, 0xa3, 'n', 's', 'p')
	w.str(name)
}

func (w *packer) payload() {
	if w.src == nil {
		return
	}
	w.dst = append(w.dst, 0xa4, 'd', 'a', 't', 'a')
	w.count(0)
	w.value(0)
}

// attachment reports whether the object at i stands for one of the attachments.
func (w *packer) attachment(i int) (end, num int, ok bool) {
	if len(w.bins) == 0 {
		return 0, 0, false
	}
	end, num, ok = placeholder(w.src, i)
	return end, num, ok && num >= 0 && num < len(w.bins)
}

// count goes through the value at i first, because msgpack says how many
// elements come before they come.
func (w *packer) count(i int) (end int) {
	var last byte
	switch w.src[i] {
	case '[':
		last = ']'
	case '{':
		if end, _, ok := w.attachment(i); ok {
			return end
		}
		last = '}'
	default:
		return skipValue(w.src, i, 0)
	}
	slot, n := len(w.counts), uint32(0)
	w.counts = append(w.counts, 0)
	for i = skipSpace(w.src, i+1); w.src[i] != last; n++ {
		if last == '}' {
			i = skipMember(w.src, i)
		}
		i = skipComma(w.src, w.count(i))
	}
	w.counts[slot] = n
	return i + 1
}

// value writes the value at i.
func (w *packer) value(i int) (end int) {
	switch w.src[i] {
	case '"':
		end = skipString(w.src, i)
		w.quoted(w.src[i:end])
		return end
	case '[':
		w.length(w.count1(), 0x90, 0xdc)
		for i = skipSpace(w.src, i+1); w.src[i] != ']'; {
			i = skipComma(w.src, w.value(i))
		}
		return i + 1
	case '{':
		if end, num, ok := w.attachment(i); ok {
			w.bin(w.bins[num])
			return end
		}
		w.length(w.count1(), 0x80, 0xde)
		for i = skipSpace(w.src, i+1); w.src[i] != '}'; {
			w.quoted(w.src[i:skipString(w.src, i)])
			i = skipComma(w.src, w.value(skipMember(w.src, i)))
		}
		return i + 1
	case 'n':
		w.dst = append(w.dst, 0xc0)
	case 'f':
		w.dst = append(w.dst, 0xc2)
	case 't':
		w.dst = append(w.dst, 0xc3)
	default:
		end = skipNumber(w.src, i)
		w.number(w.src[i:end])
		return end
	}
	return skipValue(w.src, i, 0)
}

func (w *packer) count1() uint32 {
	w.next++
	return w.counts[w.next-1]
}

func (w *packer) number(q []byte) {
	if !bytes.ContainsAny(q, ".eE") { // or strconv's errors would be garbage
		if n, err := strconv.ParseInt(b2s(q), 10, 64); err == nil {
			w.integer(n)
			return
		}
		if n, err := strconv.ParseUint(b2s(q), 10, 64); err == nil {
			w.dst = appendBig(append(w.dst, 0xcf), n, 8)
			return
		}
	}
	f, _ := strconv.ParseFloat(b2s(q), 64) // what is too large is infinite, as in JavaScript
	w.float(f)
}
