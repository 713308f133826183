// Package wire is the client's side of the bytes: stamped payloads, masked
// websocket frames, Socket.IO packets, HTTP answers. It is pure, and it shares
// no code with the server, so that a fault of the server cannot hide behind the
// same fault here.
package wire

import "hash/crc32"

// A stamped payload is text that needs no JSON escape:
//
//	0    4      10       18     24
//	| id | seq  | time   | crc  | filler ...
//
// Digits are base64url, most significant first. The checksum covers all but
// itself and starts from the number of the run, so that a message of another
// run counts as altered.
const (
	idEnd    = 4
	seqEnd   = 10
	timeEnd  = 18
	MinStamp = 24 // the shortest payload
	MaxID    = 1<<24 - 1
)

const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

var (
	values [256]int8
	filler = makeFiller()
	table  = crc32.MakeTable(crc32.Castagnoli)
)

func init() {
	for i := range values {
		values[i] = -1
	}
	for i := range digits {
		values[digits[i]] = int8(i)
	}
}

// makeFiller repeats an aperiodic-looking text; a payload starts in it at a
// place that depends on its number, so that no two neighbours are alike.
func makeFiller() []byte {
	b := make([]byte, 4096)
	x := uint32(2463534242)
	for i := range b {
		x ^= x << 13
		x ^= x >> 17
		x ^= x << 5
		b[i] = digits[x&63]
	}
	return b
}

// Stamp is what a payload says of itself.
type Stamp struct {
	ID   uint32 // the sender
	Seq  uint64 // its number, from 0
	Time int64  // when it was (or should have been) sent, ns since the run's epoch
}

// AppendStamp appends a payload of size bytes. Does not allocate if dst has room.
func AppendStamp(dst []byte, run uint32, s Stamp, size int) []byte {
	from := len(dst)
	dst = appendDigits(dst, uint64(s.ID), idEnd)
	dst = appendDigits(dst, s.Seq, seqEnd-idEnd)
	dst = appendDigits(dst, uint64(s.Time), timeEnd-seqEnd)
	dst = append(dst, "000000"...)
	off := int(s.Seq % 4093)
	for n := size - MinStamp; n > 0; off = 0 {
		k := min(n, len(filler)-off)
		dst = append(dst, filler[off:off+k]...)
		n -= k
	}
	p := dst[from:]
	appendDigits(p[:timeEnd], uint64(sum(run, p)), MinStamp-timeEnd)
	return dst
}

// ParseStamp reads a payload and says whether it is whole: the expected size
// and a right checksum. It borrows p. Does not allocate.
func ParseStamp(p []byte, run uint32, size int) (s Stamp, ok bool) {
	if len(p) != size || size < MinStamp {
		return s, false
	}
	id, ok1 := number(p[:idEnd])
	seq, ok2 := number(p[idEnd:seqEnd])
	at, ok3 := number(p[seqEnd:timeEnd])
	crc, ok4 := number(p[timeEnd:MinStamp])
	s = Stamp{uint32(id), seq, int64(at)}
	return s, ok1 && ok2 && ok3 && ok4 && crc == uint64(sum(run, p))
}

func sum(run uint32, p []byte) uint32 {
	c := crc32.Update(run, table, p[:timeEnd])
	return crc32.Update(c, table, p[MinStamp:])
}

func appendDigits(dst []byte, v uint64, n int) []byte {
	for shift := 6 * (n - 1); shift >= 0; shift -= 6 {
		dst = append(dst, digits[v>>shift&63])
	}
	return dst
}

func number(p []byte) (v uint64, ok bool) {
	for _, c := range p {
		d := values[c]
		if d < 0 {
			return 0, false
		}
		v = v<<6 | uint64(d)
	}
	return v, true
}
