package eio

import (
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// JSONP is polling for pages that may not read what another origin answers: a
// GET is a script that calls a function of the page with the payload, and a POST
// is a form with the payload in its field "d". Its clients ask for it with the
// query parameter "j", the number of that function.
//
//	GET  ?…&j=3    ___eio[3]("6:4hello");
//	POST ?…&j=3    d=6%3A4hello

// maxIndex is how many digits of the index are kept: no page has that many
// functions.
const maxIndex = 16

// jsonpHead is what stands before the string of each answer. Only the digits of
// index get there, for it is a script.
func jsonpHead(index []byte) string {
	head := append(make([]byte, 0, 32), "___eio["...)
	digits := 0
	for _, c := range index {
		if c >= '0' && c <= '9' && digits < maxIndex {
			head = append(head, c)
			digits++
		}
	}
	return string(append(head, "]("...))
}

// appendJSONP appends the script that calls head with payload, which it borrows.
func appendJSONP(dst []byte, head string, payload []byte) []byte {
	dst = append(dst, head...)
	dst = appendScriptString(dst, payload)
	return append(dst, ");"...)
}

// appendScriptString appends p as a string that is the same in JSON and in
// JavaScript, which did not allow U+2028 and U+2029 in one: as the reference,
// that is JSON.stringify with those two escaped.
func appendScriptString(dst, p []byte) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(p); {
		c := p[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRune(p[i:])
			if r == '\u2028' || r == '\u2029' {
				dst = append(append(dst, p[start:i]...), `\u202`...)
				dst = append(dst, hexDigits[r&0xf])
				start = i + n
			}
			i += n
			continue
		}
		if c < ' ' || c == '"' || c == '\\' {
			dst = appendEscape(append(dst, p[start:i]...), c)
			start = i + 1
		}
		i++
	}
	dst = append(dst, p[start:]...)
	return append(dst, '"')
}

const hexDigits = "0123456789abcdef"

func appendEscape(dst []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	}
	return append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&0xf])
}

// formPayload gives the payload in a form; ok is false where there is none. It
// borrows form, decodes in place and lends a view of it.
func formPayload(form []byte) (payload []byte, ok bool) {
	if payload, ok = http1.QueryValue(form, "d", form[:0]); !ok {
		return nil, false
	}
	return unescapeNewlines(payload), true
}

// unescapeNewlines undoes in place what clients do for browsers that change the
// line ends of a form: a newline has become a backslash and an n, and where
// these two stood before, they have one more backslash in front.
func unescapeNewlines(p []byte) []byte {
	n, slashes := 0, 0
	for _, c := range p {
		switch {
		case c == '\\':
			slashes++
		case c == 'n' && slashes > 0:
			n-- // over the last backslash
			if slashes == 1 {
				c = '\n'
			}
			slashes = 0
		default:
			slashes = 0
		}
		p[n] = c
		n++
	}
	return p[:n]
}
