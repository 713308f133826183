package sio

import (
	"bytes"
	"encoding/base64"
	"errors"

	"github.com/sio-fast/sio-fast/pool"
)

// Binary is binary data that travels as an attachment, never as base64: as an
// argument of an event or anywhere inside one.
type Binary []byte

// reassembly is a binary packet that waits for its attachments. Its bytes are
// copies: small ones share a pooled buffer, a large one is held in its own size.
// So a client that never sends the last of n attachments holds what it has sent,
// no more. Loop only.
type reassembly struct {
	text  *pool.Buf
	data  *pool.Buf // the small attachments, behind each other
	p     packet    // views into text
	ends  []int     // where each attachment ends in data; large for the others
	parts [][]byte

	own *Packet // of a Parser, instead of all that: what it has so far
}

// large stands in reassembly.ends for an attachment that has its own memory.
const large = -1

// start takes a copy of p, whose attachments are to follow.
func (r *reassembly) start(p packet) {
	r.text, r.data = pool.Get(), pool.Get()
	r.text.Grow(len(p.nsp)+len(p.data), 0)
	r.text.B = append(append(r.text.B[:0], p.nsp...), p.data...)
	n := len(p.nsp)
	r.p = p
	r.p.nsp = r.text.B[:n:n]
	r.p.data = r.text.B[n:]
	r.data.Grow(64, 0) // so that an empty attachment is not a missing one
	r.ends = r.ends[:0]
}

// active reports whether attachments are still to come.
func (r *reassembly) active() bool { return r.text != nil }

// add takes a copy of the next attachment. When the last has come, done is true
// and the packet is whole until release.
func (r *reassembly) add(attachment []byte) (done bool, err error) {
	if !r.active() || len(r.parts) == r.p.attachments {
		return false, errBinaryUnasked
	}
	if len(r.data.B)+len(attachment) > pool.MaxPooled {
		r.parts = append(r.parts, bytes.Clone(attachment))
		r.ends = append(r.ends, large)
	} else {
		r.data.B = append(r.data.B, attachment...)
		r.parts = append(r.parts, nil)
		r.ends = append(r.ends, len(r.data.B))
	}
	if len(r.parts) < r.p.attachments {
		return false, nil
	}
	begin := 0
	for i, end := range r.ends {
		if end != large {
			r.parts[i] = r.data.B[begin:end:end]
			begin = end
		}
	}
	return true, nil
}

// packet lends the whole packet, bins its attachments, until release.
func (r *reassembly) packet() packet { return r.p }
func (r *reassembly) bins() [][]byte { return r.parts }

// release gives the memory back; the reassembly can be used again.
func (r *reassembly) release() {
	if r.own != nil {
		r.own = nil
		return
	}
	pool.Put(r.text)
	pool.Put(r.data)
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
		name := data[i:skipString(data, i)]
		begin := skipMember(data, i)
		if data[begin] == '{' || data[begin] == '[' {
			return 0, -1, false
		}
		end = skipValue(data, begin, 1)
		switch memberName(name) {
		case "_placeholder":
			ok = string(data[begin:end]) == "true"
		case "num":
			num = attachmentNumber(data[begin:end])
		}
		i = skipComma(data, end)
	}
	return i + 1, num, ok
}

// memberName reads the names that matter: "_placeholder", "num", and "" for all
// others. Does not allocate.
func memberName(q []byte) string {
	// Every letter of "_placeholder" may come as an escape of six.
	const longest = 6*len("_placeholder") + len(`""`)
	if len(q) > longest || len(q) < len(`"num"`) {
		return ""
	}
	if bytes.IndexByte(q, '\\') >= 0 {
		var b [3 * longest]byte // a byte that is no UTF-8 becomes three
		q = append(append(b[:1], unquoted(b[1:1], q)...), '"')
		q[0] = '"'
	}
	switch string(q) {
	case `"_placeholder"`:
		return "_placeholder"
	case `"num"`:
		return "num"
	}
	return ""
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

// checkPlaceholders holds the placeholders in data, one valid JSON value, against
// the n attachments to come: each must name one of them. They may repeat, and
// come in any order. A placeholder with an array or an object inside, which the
// reference takes and no client sends, is refused: so everyone who looks for
// placeholders later may take the flat ones for all. Does not allocate.
func checkPlaceholders(data []byte, n int) error {
	if _, ok := checkValue(data, 0, n); !ok {
		return errAttachmentCount
	}
	return nil
}

// checkValue checks the value at data[i] and returns the position behind it. It
// nests as deep as the data, which was measured when it was parsed.
func checkValue(data []byte, i, n int) (end int, ok bool) {
	switch data[i] {
	case '"':
		return skipString(data, i), true
	case '{':
		return checkObject(data, i, n)
	case '[':
		for i = skipSpace(data, i+1); data[i] != ']'; i = skipComma(data, i) {
			if i, ok = checkValue(data, i, n); !ok {
				return i, false
			}
		}
		return i + 1, true
	}
	return skipValue(data, i, 0), true
}

func checkObject(data []byte, i, n int) (end int, ok bool) {
	flat, stands, num := true, false, -1
	for i = skipSpace(data, i+1); data[i] != '}'; i = skipComma(data, i) {
		name := data[i:skipString(data, i)]
		begin := skipMember(data, i)
		if i, ok = checkValue(data, begin, n); !ok {
			return i, false
		}
		if data[begin] == '{' || data[begin] == '[' {
			flat = false
		}
		switch memberName(name) {
		case "_placeholder":
			stands = string(data[begin:i]) == "true"
		case "num":
			num = attachmentNumber(data[begin:i])
		}
	}
	return i + 1, !stands || flat && num >= 0 && num < n
}

// skipComma goes from behind one element of valid JSON to the next, or to the
// closing bracket.
func skipComma(data []byte, i int) int {
	if i = skipSpace(data, i); data[i] == ',' {
		i = skipSpace(data, i+1)
	}
	return i
}

// maxRepeats is how often the attachments of a packet may be named, on average.
// The reference's clients name each once. An event that names one a thousand
// times is sent on with a thousand copies, by a handler that suspects nothing.
const maxRepeats = 4

// fewPlaceholders reports whether data has no more placeholders than most. Does
// not allocate.
func fewPlaceholders(data []byte, most int) bool {
	eachPlaceholder(data, func(_, _, _ int) bool {
		most--
		return most >= 0
	})
	return most >= 0
}

func appendPlaceholder(dst []byte, num int) []byte {
	dst = append(dst, `{"_placeholder":true,"num":`...)
	dst = appendInt(dst, int64(num))
	return append(dst, '}')
}

// errRepeated is for a placeholder that is repeated so often that a few bytes
// of text would become gigabytes of copies.
var errRepeated = errors.New("sio: attachment repeated too often")

// inlineAttachments appends data to dst with each placeholder replaced by its
// attachment as a base64 string: what encoding/json decodes into a []byte. Of
// repeated attachments it copies no more than 64 KiB and four times what has
// come.
func inlineAttachments(dst, data []byte, bins [][]byte) ([]byte, error) {
	budget := 64 << 10
	for _, b := range bins {
		budget += 4 * len(b)
	}
	last := 0
	eachPlaceholder(data, func(begin, end, num int) bool {
		dst = append(dst, data[last:begin]...)
		last = end
		dst = append(dst, '"')
		if num >= 0 && num < len(bins) {
			budget -= len(bins[num])
			if budget < 0 {
				return false
			}
			dst = base64.StdEncoding.AppendEncode(dst, bins[num])
		}
		dst = append(dst, '"')
		return true
	})
	if budget < 0 {
		return dst, errRepeated
	}
	return append(dst, data[last:]...), nil
}
