package http1

import "bytes"

// NextHeader cuts the first header off lines, raw header lines as Request has
// them, and returns its name, its value without the white space around it, and
// the lines after it. ok is false at the end. It borrows and lends views of
// lines. Any goroutine. Does not allocate.
func NextHeader(lines []byte) (name, value, rest []byte, ok bool) {
	end := bytes.IndexByte(lines, '\n')
	if end < 0 {
		return nil, nil, nil, false
	}
	line := lines[:end]
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return nil, nil, nil, false
	}
	return line[:colon], trimOWS(line[colon+1:]), lines[end+1:], true
}

// Lookup returns the value of the first header of that name among lines, in
// any case; nil when there is none, and not nil though empty when it is there.
// It borrows and lends a view of lines. Any goroutine. Does not allocate.
func Lookup(lines []byte, name string) []byte {
	for {
		k, v, rest, ok := NextHeader(lines)
		if !ok {
			return nil
		}
		if EqualFold(k, name) {
			return v
		}
		lines = rest
	}
}

// EqualFold compares ASCII without regard to case. Any goroutine.
func EqualFold(b []byte, s string) bool {
	if len(b) != len(s) {
		return false
	}
	for i := 0; i < len(s); i++ {
		if lower(b[i]) != lower(s[i]) {
			return false
		}
	}
	return true
}

// HasToken says whether list, the value of a header such as Connection, names
// token among its comma-separated members, in any case. Any goroutine.
func HasToken(list []byte, token string) bool {
	for len(list) > 0 {
		item := list
		if i := bytes.IndexByte(list, ','); i >= 0 {
			item, list = list[:i], list[i+1:]
		} else {
			list = nil
		}
		if EqualFold(trimOWS(item), token) {
			return true
		}
	}
	return false
}

// ValidValue says whether v may stand as a header's value: no CR, LF, NUL or
// other control byte, which would let a value become a header of its own. Any
// goroutine.
func ValidValue(v string) bool {
	for i := 0; i < len(v); i++ {
		if !isValue(v[i]) {
			return false
		}
	}
	return true
}

// ValidName says whether name may stand as a header's name: a token of RFC
// 9110. Any goroutine.
func ValidName(name string) bool {
	for i := 0; i < len(name); i++ {
		if !isToken(name[i]) {
			return false
		}
	}
	return name != ""
}

// heads gathers what parseHeaders learns before it is judged as a whole.
type heads struct {
	hosts, lengths int
	encodings      int
	closes, keeps  bool // Connection: close, keep-alive
	upgrades       bool // Connection: upgrade
	websocket      bool // Upgrade: websocket
}

func (r *Request) parseHeaders() *Error {
	var h heads
	for lines := r.Headers; len(lines) > 0; {
		end := bytes.IndexByte(lines, '\n')
		line := lines[:end] // r.Headers ends in CRLF
		lines = lines[end+1:]
		if len(line) == 0 || line[len(line)-1] != '\r' {
			return ErrLineEnd
		}
		line = line[:len(line)-1]
		colon, e := checkLine(line)
		if e == nil {
			e = r.note(&h, line[:colon], trimOWS(line[colon+1:]))
		}
		if e != nil {
			return e
		}
	}
	return r.judge(&h)
}

// checkLine checks the bytes of one header line and finds its colon.
func checkLine(line []byte) (colon int, e *Error) {
	if len(line) > 0 && (line[0] == ' ' || line[0] == '\t') {
		return 0, ErrFold
	}
	for colon < len(line) && isToken(line[colon]) {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return 0, ErrHeaderName
	}
	for _, c := range line[colon+1:] {
		if !isValue(c) {
			if c == '\r' {
				return 0, ErrLineEnd
			}
			return 0, ErrHeaderValue
		}
	}
	return colon, nil
}

// note keeps what a header says about the connection and the body. The length
// of the name comes first: most headers are none of these.
func (r *Request) note(h *heads, name, value []byte) *Error {
	switch len(name) {
	case 4:
		if EqualFold(name, "Host") {
			h.hosts++
		}
	case 6:
		if EqualFold(name, "Expect") {
			if !EqualFold(value, "100-continue") {
				return ErrExpect
			}
			r.Expect100 = true
		}
	case 7:
		if EqualFold(name, "Upgrade") {
			h.websocket = h.websocket || HasToken(value, "websocket")
		}
	case 10:
		if EqualFold(name, "Connection") {
			h.closes = h.closes || HasToken(value, "close")
			h.keeps = h.keeps || HasToken(value, "keep-alive")
			h.upgrades = h.upgrades || HasToken(value, "upgrade")
		}
	case 14:
		if EqualFold(name, "Content-Length") {
			h.lengths++
			return r.parseLength(value)
		}
	case 17:
		if EqualFold(name, "Transfer-Encoding") {
			h.encodings++
			if !EqualFold(value, "chunked") {
				return ErrEncoding
			}
			r.Chunked = true
		}
	}
	return nil
}

// maxLengthDigits keeps a Content-Length below 10^18, far from overflow.
const maxLengthDigits = 18

func (r *Request) parseLength(v []byte) *Error {
	if len(v) == 0 || len(v) > maxLengthDigits {
		return ErrContentLength
	}
	var n int64
	for _, c := range v {
		if !isDigit(c) {
			return ErrContentLength
		}
		n = n*10 + int64(c-'0')
	}
	r.ContentLength = n
	return nil
}

// judge refuses what the headers say together.
func (r *Request) judge(h *heads) *Error {
	// RFC 9110, 7.8: "A server MUST ignore an Upgrade header field that is
	// received in an HTTP/1.0 request." And 10.1.1: "A server that receives a
	// 100-continue expectation in an HTTP/1.0 request MUST ignore that
	// expectation."
	r.Upgrade = h.upgrades && h.websocket && r.Minor > 0
	r.Expect100 = r.Expect100 && r.Minor > 0
	r.KeepAlive = !h.closes && (r.Minor == 1 || h.keeps)
	switch {
	case h.lengths > 1 || h.encodings > 1 || h.lengths+h.encodings > 1:
		// RFC 9112, 6.1: such a message "might indicate an attempt to perform
		// request smuggling ... and ought to be handled as an error."
		return ErrFraming
	case r.Chunked && r.Minor == 0:
		return ErrFraming
	case r.Upgrade && r.HasBody():
		// What follows an upgrade are frames. Bytes that are body to one reader
		// and frames to another must not exist.
		return ErrUpgradeBody
	case h.hosts > 1 || h.hosts == 0 && r.Minor == 1 && !r.Upgrade:
		// Node asks upgrades for no Host; neither do we.
		return ErrHost
	}
	return nil
}

// CutHead cuts an answer of AppendHead's into its header lines and what has
// come of its body; ok is false while the head is incomplete. It borrows b and
// lends views of it. Any goroutine. Does not allocate.
func CutHead(b []byte) (headers, body []byte, ok bool) {
	end := bytes.Index(b, crlfcrlf)
	if end < 0 {
		return nil, nil, false
	}
	line := bytes.Index(b, crlf)
	return b[line+2 : max(end, line)+2], b[end+4:], true
}
