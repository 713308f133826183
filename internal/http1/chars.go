package http1

// The character classes of RFC 9110, one bit each.
const (
	cToken = 1 << iota // tchar
	cDigit
	cValue // what a header's value may hold: VCHAR, SP, HTAB, obs-text
	cHex
)

var class = func() (t [256]uint8) {
	for c := 0; c < 256; c++ {
		b := byte(c)
		letter := b|0x20 >= 'a' && b|0x20 <= 'z'
		digit := b >= '0' && b <= '9'
		if letter || digit {
			t[c] |= cToken
		}
		if digit {
			t[c] |= cDigit | cHex
		}
		if b|0x20 >= 'a' && b|0x20 <= 'f' {
			t[c] |= cHex
		}
		if b == '\t' || b >= ' ' && b != 0x7f {
			t[c] |= cValue
		}
	}
	for _, c := range "!#$%&'*+-.^_`|~" {
		t[c] |= cToken
	}
	return t
}()

func isToken(c byte) bool { return class[c]&cToken != 0 }
func isDigit(c byte) bool { return class[c]&cDigit != 0 }
func isValue(c byte) bool { return class[c]&cValue != 0 }
func isHex(c byte) bool   { return class[c]&cHex != 0 }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// unhex is the value of a byte for which isHex holds.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// trimOWS cuts the optional white space of RFC 9110, and a CR at the end, off
// both sides.
func trimOWS(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 {
		if c := b[len(b)-1]; c != ' ' && c != '\t' && c != '\r' {
			break
		}
		b = b[:len(b)-1]
	}
	return b
}
