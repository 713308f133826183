package sio

import (
	"encoding/json"
	"unicode/utf8"
)

// The JSON of RFC 8259, validated and skipped in place. Positions go in and come
// out; -1 means that the text is not JSON, or is cut. Every byte is looked at
// once, whatever the text.

func skipSpace(b []byte, i int) int {
	for i < len(b) && b[i] <= ' ' && (b[i] == ' ' || b[i] == '\n' || b[i] == '\t' || b[i] == '\r') {
		i++
	}
	return i
}

// skipValue returns the position behind the value that begins at b[i], which
// may nest depth levels of arrays and objects. Any goroutine. Does not allocate.
func skipValue(b []byte, i, depth int) int {
	if i >= len(b) {
		return -1
	}
	switch c := b[i]; c {
	case '"':
		return skipString(b, i)
	case '[':
		return skipArray(b, i, depth)
	case '{':
		return skipObject(b, i, depth)
	case 't':
		return skipWord(b, i, "true")
	case 'f':
		return skipWord(b, i, "false")
	case 'n':
		return skipWord(b, i, "null")
	default:
		if c == '-' || isDigit(c) {
			return skipNumber(b, i)
		}
		return -1
	}
}

func skipWord(b []byte, i int, word string) int {
	if len(b)-i < len(word) || string(b[i:i+len(word)]) != word {
		return -1
	}
	return i + len(word)
}

func skipArray(b []byte, i, depth int) int {
	end, _ := skipElements(b, i, depth)
	return end
}

// skipElements is skipArray, and says too where the first element ends; 0: there
// is none.
func skipElements(b []byte, i, depth int) (end, first int) {
	if depth == 0 {
		return -1, 0
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == ']' {
		return i + 1, 0
	}
	for {
		if i < len(b) && b[i] == '"' { // a name, and what is sent most
			i = skipString(b, i)
		} else {
			i = skipValue(b, i, depth-1)
		}
		if i < 0 {
			return -1, 0
		}
		if first == 0 {
			first = i
		}
		if i = skipSpace(b, i); i >= len(b) {
			return -1, 0
		}
		switch b[i] {
		case ']':
			return i + 1, first
		case ',':
			i = skipSpace(b, i+1)
		default:
			return -1, 0
		}
	}
}

func skipObject(b []byte, i, depth int) int {
	if depth == 0 {
		return -1
	}
	i = skipSpace(b, i+1)
	if i < len(b) && b[i] == '}' {
		return i + 1
	}
	for {
		if i = skipMember(b, i); i < 0 {
			return -1
		}
		if i = skipValue(b, i, depth-1); i < 0 {
			return -1
		}
		if i = skipSpace(b, i); i >= len(b) {
			return -1
		}
		switch b[i] {
		case '}':
			return i + 1
		case ',':
			i = skipSpace(b, i+1)
		default:
			return -1
		}
	}
}

// skipMember skips a member's name and its colon: the value begins where it
// ends.
func skipMember(b []byte, i int) int {
	if i >= len(b) || b[i] != '"' {
		return -1
	}
	if i = skipString(b, i); i < 0 {
		return -1
	}
	if i = skipSpace(b, i); i >= len(b) || b[i] != ':' {
		return -1
	}
	return skipSpace(b, i+1)
}

func skipNumber(b []byte, i int) int {
	if b[i] == '-' {
		i++
	}
	switch {
	case i >= len(b) || !isDigit(b[i]):
		return -1
	case b[i] == '0':
		i++ // RFC 8259: "Leading zeros are not allowed."
	default:
		i = skipDigits(b, i)
	}
	if i < len(b) && b[i] == '.' {
		if i++; i >= len(b) || !isDigit(b[i]) {
			return -1
		}
		i = skipDigits(b, i)
	}
	if i < len(b) && (b[i] == 'e' || b[i] == 'E') {
		i++
		if i < len(b) && (b[i] == '+' || b[i] == '-') {
			i++
		}
		if i >= len(b) || !isDigit(b[i]) {
			return -1
		}
		i = skipDigits(b, i)
	}
	return i
}

func skipDigits(b []byte, i int) int {
	for i < len(b) && isDigit(b[i]) {
		i++
	}
	return i
}

func isDigit(c byte) bool { return c-'0' <= 9 }

// skipString returns the position behind the string that begins at b[i].
func skipString(b []byte, i int) int {
	for i++; i < len(b); {
		n, _ := plainRun(b[i:])
		if i += n; i == len(b) {
			break
		}
		switch b[i] {
		case '"':
			return i + 1
		case '\\':
			if i = skipEscape(b, i); i < 0 {
				return -1
			}
		default:
			return -1 // RFC 8259: control characters "MUST be escaped"
		}
	}
	return -1
}

func skipEscape(b []byte, i int) int {
	if i+1 >= len(b) {
		return -1
	}
	switch b[i+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return i + 2
	case 'u':
		if i+6 > len(b) {
			return -1
		}
		for _, c := range b[i+2 : i+6] {
			if unhex(c) < 0 {
				return -1
			}
		}
		return i + 6
	}
	return -1
}

func unhex(c byte) int {
	switch {
	case isDigit(c):
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return -1
}

// nextArg splits the first value off args, a comma-separated list of valid JSON
// values. Views. ok is false when the list is empty.
func nextArg(args []byte) (arg, rest []byte, ok bool) {
	i := skipSpace(args, 0)
	if i == len(args) {
		return nil, nil, false
	}
	end := skipValue(args, i, len(args))
	if end < 0 {
		return nil, nil, false
	}
	arg = args[i:end:end]
	if i = skipSpace(args, end); i < len(args) {
		i++ // the comma
	}
	return arg, args[i:], true
}

// validText reports whether b is one JSON value, in UTF-8: what a text frame may
// carry to any client.
func validText(b []byte) bool { return json.Valid(b) && utf8.Valid(b) }
