package sio

import (
	"bytes"
	"math"
	"unicode/utf8"
)

// appendBig appends the low size bytes of n, the highest first.
func appendBig(dst []byte, n uint64, size int) []byte {
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		dst = append(dst, byte(n>>shift))
	}
	return dst
}

// length writes the head of an array or a map: up to 15 elements in the byte
// fix, else with two or four bytes behind the byte wide, or the one after it.
func (w *packer) length(n uint32, fix, wide byte) {
	switch {
	case n < 1<<4:
		w.dst = append(w.dst, fix|byte(n))
	case n < 1<<16:
		w.dst = appendBig(append(w.dst, wide), uint64(n), 2)
	default:
		w.dst = appendBig(append(w.dst, wide+1), uint64(n), 4)
	}
}

// sized writes the head of bytes: their number in one, two or four bytes behind
// the byte first or those that follow it.
func (w *packer) sized(n int, first byte) {
	switch {
	case n < 1<<8:
		w.dst = append(w.dst, first, byte(n))
	case n < 1<<16:
		w.dst = appendBig(append(w.dst, first+1), uint64(n), 2)
	default:
		w.dst = appendBig(append(w.dst, first+2), uint64(n), 4)
	}
}

func (w *packer) bin(b []byte) {
	w.sized(len(b), 0xc4)
	w.dst = append(w.dst, b...)
}

func (w *packer) str(s []byte) {
	if len(s) < 32 {
		w.dst = append(w.dst, 0xa0|byte(len(s)))
	} else {
		w.sized(len(s), 0xd9)
	}
	w.dst = append(w.dst, s...)
}

// quoted writes a JSON string.
func (w *packer) quoted(q []byte) {
	s := q[1 : len(q)-1]
	if !simple(s) && (bytes.IndexByte(s, '\\') >= 0 || !utf8.Valid(s)) {
		w.text = appendUnescaped(w.text[:0], s)
		s = w.text
	}
	w.str(s)
}

func (w *packer) integer(n int64) {
	switch {
	case n >= 0 && n < 1<<7, n < 0 && n >= -1<<5:
		w.dst = append(w.dst, byte(n))
	case n >= 0 && n < 1<<8:
		w.dst = append(w.dst, 0xcc, byte(n))
	case n >= 0 && n < 1<<16:
		w.dst = appendBig(append(w.dst, 0xcd), uint64(n), 2)
	case n >= 0 && n < 1<<32:
		w.dst = appendBig(append(w.dst, 0xce), uint64(n), 4)
	case n >= 0:
		w.dst = appendBig(append(w.dst, 0xcf), uint64(n), 8)
	case n >= math.MinInt8:
		w.dst = append(w.dst, 0xd0, byte(n))
	case n >= math.MinInt16:
		w.dst = appendBig(append(w.dst, 0xd1), uint64(n), 2)
	case n >= math.MinInt32:
		w.dst = appendBig(append(w.dst, 0xd2), uint64(n), 4)
	default:
		w.dst = appendBig(append(w.dst, 0xd3), uint64(n), 8)
	}
}

// float writes a number that is no integer in its JSON. 1e3 and 2.0 are ones in
// JavaScript.
func (w *packer) float(f float64) {
	if math.Abs(f) <= 1<<53 && f == math.Trunc(f) {
		w.integer(int64(f))
		return
	}
	w.dst = appendBig(append(w.dst, 0xcb), math.Float64bits(f), 8)
}
