package sio

import (
	"math/bits"
	"unicode/utf8"
)

// plain tells of each byte whether it stands for itself in a JSON string: no
// quote, no backslash, no control character.
var plain = func() (t [256]bool) {
	for c := range t {
		t[c] = c >= 0x20 && c != '"' && c != '\\'
	}
	return t
}()

// ones times a byte is that byte in all eight places of a word.
const (
	ones  = 0x0101010101010101
	highs = 0x80 * ones
)

// special marks, by its high bit, each byte of w that does not stand for itself
// in a JSON string. The lowest mark is exact; those above it may be false,
// because a subtraction borrows from the byte above.
func special(w uint64) uint64 {
	// With its second bit turned over, a quote stands right behind the control
	// characters: one comparison finds both.
	low := w ^ 0x02*ones
	slash := w ^ '\\'*ones
	return ((low-0x21*ones)&^low | (slash-ones)&^slash) & highs
}

// load64 reads eight bytes of s from i on; the compiler makes one load of it.
func load64[T string | []byte](s T, i int) uint64 {
	_ = s[i+7]
	return uint64(s[i]) | uint64(s[i+1])<<8 | uint64(s[i+2])<<16 | uint64(s[i+3])<<24 |
		uint64(s[i+4])<<32 | uint64(s[i+5])<<40 | uint64(s[i+6])<<48 | uint64(s[i+7])<<56
}

// plainWords returns how many bytes s begins with that stand for themselves in a
// JSON string, and whether one of these is not ASCII: eight at a time. Any
// goroutine. Does not allocate.
func plainWords[T string | []byte](s T) (n int, high bool) {
	for len(s)-n >= 8 {
		w := load64(s, n)
		if m := special(w); m != 0 {
			k := bits.TrailingZeros64(m) &^ 7
			return n + k/8, high || w&highs&(1<<k-1) != 0
		}
		high = high || w&highs != 0
		n += 8
	}
	for ; n < len(s) && plain[s[n]]; n++ {
		high = high || s[n] >= utf8.RuneSelf
	}
	return n, high
}
