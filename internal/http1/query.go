package http1

import (
	"bytes"
	"unicode/utf8"
)

// NextPair cuts the first name=value pair off a raw query. Both are still
// encoded; a pair without "=" has an empty value, and empty pairs are skipped.
// ok is false at the end. It borrows and lends views of raw. Any goroutine.
// Does not allocate.
func NextPair(raw []byte) (name, value, rest []byte, ok bool) {
	for len(raw) > 0 {
		pair := raw
		if i := bytes.IndexByte(raw, '&'); i >= 0 {
			pair, raw = raw[:i], raw[i+1:]
		} else {
			raw = nil
		}
		if len(pair) == 0 {
			continue
		}
		if i := bytes.IndexByte(pair, '='); i >= 0 {
			return pair[:i], pair[i+1:], raw, true
		}
		return pair, pair[len(pair):], raw, true
	}
	return nil, nil, nil, false
}

// QueryValue returns the value of name in a raw query, decoded as the
// reference's URLSearchParams does it; of several the last one. ok says
// whether there is one. The value is a view of raw where nothing was to be
// decoded, and else of what was appended to scratch; it borrows both. Any
// goroutine. Does not allocate if scratch has room.
func QueryValue(raw []byte, name string, scratch []byte) (value []byte, ok bool) {
	for {
		k, v, rest, more := NextPair(raw)
		if !more {
			break
		}
		if raw = rest; nameIs(k, name) {
			value, ok = v, true
		}
	}
	if !ok || !escaped(value) {
		return value, ok
	}
	at := len(scratch)
	return AppendUnescape(scratch, value)[at:], true
}

func escaped(b []byte) bool {
	for _, c := range b {
		if c == '%' || c == '+' || c >= utf8.RuneSelf {
			return true
		}
	}
	return false
}

// nameIs compares an encoded name with a plain one, decoding on the way. It
// serves names of ASCII, which all that we look for are.
func nameIs(enc []byte, name string) bool {
	if string(enc) == name {
		return true
	}
	n := 0
	for i := 0; i < len(enc); n++ {
		c, w := unescape(enc[i:])
		if i += w; n >= len(name) || name[n] != c {
			return false
		}
	}
	return n == len(name)
}

// unescape decodes the first byte of s, which is not empty, and says how many
// bytes it took. A "%" that two hex digits do not follow stands for itself.
func unescape(s []byte) (c byte, n int) {
	switch c = s[0]; {
	case c == '+':
		return ' ', 1
	case c == '%' && len(s) > 2 && isHex(s[1]) && isHex(s[2]):
		return unhex(s[1])<<4 | unhex(s[2]), 3
	}
	return c, 1
}

// AppendUnescape appends s, a name or value of a query, decoded: "+" is a
// space, %XX a byte, a bad % stays as it is, and bytes that are not UTF-8
// become U+FFFD. It borrows s. Any goroutine.
func AppendUnescape(dst, s []byte) []byte {
	start := len(dst)
	plain := true
	for i := 0; i < len(s); {
		c, n := unescape(s[i:])
		plain = plain && c < utf8.RuneSelf
		dst = append(dst, c)
		i += n
	}
	if plain || utf8.Valid(dst[start:]) {
		return dst
	}
	// Rare, and never on a path that counts allocations.
	bad := append([]byte(nil), dst[start:]...)
	dst = dst[:start]
	for len(bad) > 0 {
		r, n := utf8.DecodeRune(bad)
		dst = utf8.AppendRune(dst, r)
		bad = bad[n:]
	}
	return dst
}
