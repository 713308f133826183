package sio

import (
	"encoding/base64"

	"github.com/sio-fast/sio-fast/pool"
)

// Binary is binary data that travels as an attachment, never as base64: as an
// argument of an event or anywhere inside one.
type Binary []byte

// reassembly is a binary packet that waits for its attachments. Its bytes are
// copies in pooled buffers. Loop only.
type reassembly struct {
	text  *pool.Buf
	p     packet // views into text
	data  *pool.Buf
	ends  []int // where each attachment ends in data
	parts [][]byte
}

// start takes a copy of p, whose attachments are to follow.
func (r *reassembly) start(p packet) {
	r.text, r.data = pool.Get(), pool.Get()
	r.text.B = append(append(r.text.B[:0], p.nsp...), p.data...)
	n := len(p.nsp)
	r.p = p
	r.p.nsp = r.text.B[:n:n]
	r.p.data = r.text.B[n:]
	r.ends = r.ends[:0]
}

// active reports whether attachments are still to come.
func (r *reassembly) active() bool { return r.text != nil }

// add takes a copy of the next attachment. When the last has come, done is true
// and the packet is whole until release.
func (r *reassembly) add(attachment []byte) (done bool, err error) {
	if !r.active() {
		return false, errBinaryUnasked
	}
	r.data.B = append(r.data.B, attachment...)
	r.ends = append(r.ends, len(r.data.B))
	if len(r.ends) < r.p.attachments {
		return false, nil
	}
	begin := 0
	r.parts = r.parts[:0]
	for _, end := range r.ends {
		r.parts = append(r.parts, r.data.B[begin:end:end])
		begin = end
	}
	return true, checkPlaceholders(r.p.data, len(r.parts))
}

// packet lends the whole packet, bins its attachments, until release.
func (r *reassembly) packet() packet { return r.p }
func (r *reassembly) bins() [][]byte { return r.parts }

// release gives the memory back; the reassembly can be used again.
func (r *reassembly) release() {
	if r.text != nil {
		pool.Put(r.text)
		pool.Put(r.data)
	}
	clear(r.parts)
	*r = reassembly{ends: r.ends[:0], parts: r.parts[:0]}
}

// placeholder reads the object at data[i]: is it one that stands for an
// attachment, and for which? num is -1 when it names none that could be. Such an
// object is flat, so reading stops at the first array or object inside it, and
// no byte is read once for each level of a nest.
func placeholder(data []byte, i int) (end, num int, ok bool) {
	num = -1
	for i = skipSpace(data, i+1); data[i] == '"'; {
		var b [16]byte
		name := unquoted(b[:0], data[i:skipString(data, i)])
		begin := skipMember(data, i)
		if data[begin] == '{' || data[begin] == '[' {
			return 0, -1, false
		}
		end = skipValue(data, begin, 1)
		switch string(name) {
		case "_placeholder":
			ok = string(data[begin:end]) == "true"
		case "num":
			num = attachmentNumber(data[begin:end])
		}
		if i = skipSpace(data, end); data[i] == ',' {
			i = skipSpace(data, i+1)
		}
	}
	return i + 1, num, ok
}

func attachmentNumber(b []byte) int {
	n := 0
	for _, c := range b {
		if !isDigit(c) || n > 1<<20 {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// eachPlaceholder calls fn for each placeholder in data, which is one valid JSON
// value or a comma-separated list of them, with its place and its number, until fn
// returns false.
func eachPlaceholder(data []byte, fn func(begin, end, num int) bool) {
	for i := 0; i < len(data); {
		switch data[i] {
		case '"':
			i = skipString(data, i)
		case '{':
			end, num, ok := placeholder(data, i)
			if !ok {
				i++
				continue
			}
			if !fn(i, end, num) {
				return
			}
			i = end
		default:
			i++
		}
	}
}

// checkPlaceholders holds the placeholders in data against the n attachments
// that have come: each must name one of them. They may repeat, and come in any
// order.
func checkPlaceholders(data []byte, n int) (err error) {
	eachPlaceholder(data, func(_, _, num int) bool {
		if num < 0 || num >= n {
			err = errAttachmentCount
		}
		return err == nil
	})
	return err
}

func appendPlaceholder(dst []byte, num int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = appendInt(dst, int64(num))
	return append(dst, '}')
}

// inlineAttachments appends data to dst with each placeholder replaced by its
// attachment as a base64 string: what encoding/json decodes into a []byte.
func inlineAttachments(dst, data []byte, bins [][]byte) []byte {
	last := 0
	eachPlaceholder(data, func(begin, end, num int) bool {
		dst = append(dst, data[last:begin]...)
		dst = append(dst, '"')
		if num >= 0 && num < len(bins) {
			dst = base64.StdEncoding.AppendEncode(dst, bins[num])
		}
		dst = append(dst, '"')
		last = end
		return true
	})
	return append(dst, data[last:]...)
}
