package wsframe

import "unicode/utf8"

// validPrefix says whether b can be the start of a UTF-8 text. n is how much of
// it is whole characters; the rest, at most three bytes, is the beginning of
// one. It fails at the first byte that no continuation can make good, so a
// surrogate (ed a0) or a value above U+10FFFF (f4 90) is refused before its
// last byte has come.
func validPrefix(b []byte) (n int, ok bool) {
	n = len(b)
	for back := 1; back <= 3 && back <= len(b); back++ {
		i := len(b) - back
		if !utf8.RuneStart(b[i]) {
			continue
		}
		if !utf8.FullRune(b[i:]) {
			n = i
		}
		break
	}
	return n, utf8.Valid(b[:n])
}
