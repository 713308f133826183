package sio

import (
	"math"
	"strconv"
	"time"
)

// unpacker turns msgpack into JSON. It reads no byte twice, and trusts no length:
// an array of four billion elements ends where the message does.
type unpacker struct {
	src  []byte
	i    int
	dst  []byte   // the JSON
	bins [][]byte // views into src
	most int      // of bins
}

type mpKind uint8

const (
	mpNil mpKind = iota
	mpFalse
	mpTrue
	mpInt
	mpUint
	mpFloat
	mpStr
	mpBin
	mpExt
	mpArray
	mpMap
)

// token is the head of a value.
type token struct {
	kind mpKind
	ext  int8   // the type of an mpExt
	fix  bool   // an mpExt whose head says its length
	n    uint64 // a number's bits, or how many bytes or elements follow
}

// mpHeads says of the heads from 0xc0 on what they begin and how many bytes of n
// follow. 0xc1 is not used and reads as an extension of -1 bytes.
var mpHeads = [32]struct {
	kind mpKind
	size int8
}{
	{mpNil, 0}, {mpExt, -1}, {mpFalse, 0}, {mpTrue, 0},
	{mpBin, 1}, {mpBin, 2}, {mpBin, 4}, {mpExt, 1}, {mpExt, 2}, {mpExt, 4},
	{mpFloat, 4}, {mpFloat, 8}, {mpUint, 1}, {mpUint, 2}, {mpUint, 4}, {mpUint, 8},
	{mpInt, 1}, {mpInt, 2}, {mpInt, 4}, {mpInt, 8},
	{mpExt, 0}, {mpExt, 0}, {mpExt, 0}, {mpExt, 0}, {mpExt, 0}, // of 1, 2, 4, 8 and 16 bytes
	{mpStr, 1}, {mpStr, 2}, {mpStr, 4}, {mpArray, 2}, {mpArray, 4}, {mpMap, 2}, {mpMap, 4},
}

// token reads a head. ok is false at the end of the message.
func (u *unpacker) token() (t token, ok bool) {
	if u.i >= len(u.src) {
		return t, false
	}
	c := u.src[u.i]
	u.i++
	switch {
	case c < 0x80:
		return token{kind: mpInt, n: uint64(c)}, true
	case c < 0x90:
		return token{kind: mpMap, n: uint64(c & 0xf)}, true
	case c < 0xa0:
		return token{kind: mpArray, n: uint64(c & 0xf)}, true
	case c < 0xc0:
		return token{kind: mpStr, n: uint64(c & 0x1f)}, true
	case c >= 0xe0:
		return token{kind: mpInt, n: uint64(int8(c))}, true
	}
	h := mpHeads[c-0xc0]
	t.kind = h.kind
	if h.size < 0 || len(u.src)-u.i < int(h.size) {
		return t, false
	}
	for _, b := range u.src[u.i : u.i+int(h.size)] {
		t.n = t.n<<8 | uint64(b)
	}
	u.i += int(h.size)
	switch t.kind {
	case mpInt:
		shift := 64 - 8*h.size
		t.n = uint64(int64(t.n<<shift) >> shift)
	case mpFloat:
		if h.size == 4 {
			t.n = math.Float64bits(float64(math.Float32frombits(uint32(t.n))))
		}
	case mpExt:
		if u.i >= len(u.src) {
			return t, false
		}
		if h.size == 0 {
			t.n, t.fix = 1<<(c-0xd4), true
		}
		t.ext = int8(u.src[u.i])
		u.i++
	}
	return t, true
}

// take gives the next n bytes.
func (u *unpacker) take(n uint64) (b []byte, ok bool) {
	if n > uint64(len(u.src)-u.i) {
		return nil, false
	}
	end := u.i + int(n)
	b = u.src[u.i:end:end]
	u.i = end
	return b, true
}

// key reads a string as a view.
func (u *unpacker) key() (key []byte, ok bool) {
	t, ok := u.token()
	if !ok || t.kind != mpStr {
		return nil, false
	}
	return u.take(t.n)
}

// wholeNumber reads a number that a JavaScript client takes for an integer.
func (u *unpacker) wholeNumber() (n int64, ok bool) {
	t, ok := u.token()
	switch {
	case !ok:
		return 0, false
	case t.kind == mpInt:
		return int64(t.n), true
	case t.kind == mpUint:
		return int64(t.n), t.n <= maxID
	case t.kind == mpFloat:
		f := math.Float64frombits(t.n)
		return int64(f), math.Abs(f) <= maxID && f == math.Trunc(f)
	}
	return 0, false
}

// undefined reads over JavaScript's undefined, if it stands here.
func (u *unpacker) undefined() bool {
	if len(u.src)-u.i < 3 || u.src[u.i] != 0xd4 || u.src[u.i+1] != 0 {
		return false
	}
	u.i += 3
	return true
}

// value appends the next value as JSON. It may nest depth levels.
func (u *unpacker) value(depth int) bool {
	t, ok := u.token()
	if !ok {
		return false
	}
	switch t.kind {
	case mpNil:
		u.dst = append(u.dst, "null"...)
	case mpFalse:
		u.dst = append(u.dst, "false"...)
	case mpTrue:
		u.dst = append(u.dst, "true"...)
	case mpInt:
		u.dst = appendInt(u.dst, int64(t.n))
	case mpUint:
		u.dst = strconv.AppendUint(u.dst, t.n, 10)
	case mpFloat:
		u.dst = appendFloat(u.dst, math.Float64frombits(t.n), 64)
	case mpStr:
		s, ok := u.take(t.n)
		u.dst = appendQuoted(u.dst, b2s(s))
		return ok
	case mpBin:
		return u.binary(t.n)
	case mpExt:
		return u.extension(t)
	case mpArray:
		return depth > 0 && u.array(t.n, depth-1)
	case mpMap:
		return depth > 0 && u.object(t.n, depth-1)
	}
	return true
}

func (u *unpacker) array(n uint64, depth int) bool {
	u.dst = append(u.dst, '[')
	for i := range n {
		if i > 0 {
			u.dst = append(u.dst, ',')
		}
		if !u.value(depth) {
			return false
		}
	}
	u.dst = append(u.dst, ']')
	return true
}

func (u *unpacker) object(n uint64, depth int) bool {
	u.dst = append(u.dst, '{')
	first := true
	for range n {
		key, ok := u.key()
		if !ok {
			return false
		}
		if u.undefined() {
			continue
		}
		if !first {
			u.dst = append(u.dst, ',')
		}
		first = false
		u.dst = append(appendQuoted(u.dst, b2s(key)), ':')
		if !u.value(depth) {
			return false
		}
	}
	u.dst = append(u.dst, '}')
	return true
}

func (u *unpacker) binary(n uint64) bool {
	b, ok := u.take(n)
	if !ok || len(u.bins) == u.most {
		return false
	}
	u.dst = appendPlaceholder(u.dst, len(u.bins))
	u.bins = append(u.bins, b)
	return true
}

// extension reads what notepack.io uses extensions of type 0 for: undefined in
// one byte, a Date in eight, and an ArrayBuffer in those that say their length.
func (u *unpacker) extension(t token) bool {
	switch {
	case t.ext != 0:
	case !t.fix:
		return u.binary(t.n)
	case t.n == 1:
		u.dst = append(u.dst, "null"...)
		_, ok := u.take(1)
		return ok
	case t.n == 8:
		b, ok := u.take(8)
		if ok {
			u.date(b)
		}
		return ok
	}
	u.dst = append(appendInt(append(u.dst, '['), int64(t.ext)), ',')
	ok := u.binary(t.n)
	u.dst = append(u.dst, ']')
	return ok
}

// maxDate is the last millisecond of JavaScript's time, counted from 1970.
const maxDate = 8.64e15

// date appends what JSON.stringify makes of a Date.
func (u *unpacker) date(b []byte) {
	ms := int64(0)
	for _, c := range b {
		ms = ms<<8 | int64(c)
	}
	if ms > maxDate || ms < -maxDate {
		u.dst = append(u.dst, "null"...)
		return
	}
	t := time.UnixMilli(ms).UTC()
	u.dst = append(u.dst, '"')
	year := t.Year()
	if year < 0 || year > 9999 { // ECMAScript: a sign and six digits
		sign := byte('+')
		if year < 0 {
			sign, year = '-', -year
		}
		digits := strconv.AppendInt(append(u.dst, sign), int64(1_000_000+year), 10)
		u.dst = append(digits[:len(u.dst)+1], digits[len(u.dst)+2:]...)
		u.dst = t.AppendFormat(u.dst, "-01-02T15:04:05.000Z\"")
		return
	}
	u.dst = t.AppendFormat(u.dst, "2006-01-02T15:04:05.000Z\"")
}
