package http1

import "bytes"

// Request is the head of one HTTP/1 request. Its slices are views into the
// bytes that Parse was given: they die with those. The zero value is ready;
// a Request may be parsed into again and again. Loop only.
type Request struct {
	Method   []byte
	Target   []byte // as sent: origin form, absolute form or "*"
	Path     []byte // of Target, still percent-encoded; "*" for OPTIONS *
	RawQuery []byte // of Target, without the "?"
	Headers  []byte // the raw header lines, each with its CRLF; no blank line

	Minor         int   // 0 or 1: HTTP/1.Minor
	ContentLength int64 // -1: no such header
	Chunked       bool  // the body is chunked
	KeepAlive     bool  // the connection may carry another request
	Upgrade       bool  // Connection: upgrade with Upgrade: websocket
	Expect100     bool  // the client waits for "100 Continue" before the body
}

// HasBody says whether body bytes follow the head. Loop only.
func (r *Request) HasBody() bool { return r.Chunked || r.ContentLength > 0 }

// Header returns the value of the first header of that name, in any case;
// nil when there is none. It lends a view. Loop only. Does not allocate.
func (r *Request) Header(name string) []byte { return Lookup(r.Headers, name) }

var (
	crlf     = []byte("\r\n")
	crlfcrlf = []byte("\r\n\r\n")
)

// Parse reads one request head from the start of src, up to and with its blank
// line, and returns how many bytes that took. It borrows src, and leaves views
// into it in r. n == 0 with a nil error means that more bytes are needed; then
// r holds nothing of use. A head longer than maxHeader bytes is refused. The
// error is always an *Error.
//
// Parse is stricter than RFC 9112 demands wherever two readers of the same
// bytes could disagree about where a request ends: lines end in CRLF only,
// nothing may stand between a name and its colon, lines are not folded, and
// the body's length is said once. Loop only. Does not allocate.
func (r *Request) Parse(src []byte, maxHeader int) (n int, err error) {
	start := 0
	// RFC 9112, 2.2: "a server that is expecting to receive and parse a
	// request-line SHOULD ignore at least one empty line (CRLF) received prior
	// to the request-line."
	if bytes.HasPrefix(src, crlf) {
		start = 2
	}
	src = src[start:]
	end := bytes.Index(src, crlfcrlf)
	if end < 0 || end+4 > maxHeader {
		if e := incomplete(src, maxHeader); e != nil {
			return 0, e
		}
		return 0, nil
	}
	lineEnd := bytes.Index(src, crlf)
	*r = Request{ContentLength: -1}
	if e := r.parseLine(src[:lineEnd]); e != nil {
		return 0, e
	}
	r.Headers = src[lineEnd+2 : end+2]
	if e := r.parseHeaders(); e != nil {
		return 0, e
	}
	return start + end + 4, nil
}

// incomplete looks at a head whose end is not there, or is too far away: it
// refuses at once what cannot become a request (a TLS hello, lines that end in
// a bare LF), so that such a client need not wait for its timeout.
func incomplete(src []byte, maxHeader int) *Error {
	if len(src) > 0 && !isToken(src[0]) && !(src[0] == '\r' && len(src) == 1) {
		return ErrMethod
	}
	if i := bytes.IndexByte(src, '\n'); i >= 0 {
		if i == 0 || src[i-1] != '\r' {
			return ErrLineEnd
		}
		if len(src) > maxHeader {
			if i+1 > maxHeader {
				return ErrTargetTooLong
			}
			return ErrHeadersTooLarge
		}
		// Later lines: only the last complete one can be new since the last call.
		if j := bytes.LastIndexByte(src, '\n'); src[j-1] != '\r' {
			return ErrLineEnd
		}
		return nil
	}
	if len(src) > maxHeader {
		return ErrTargetTooLong
	}
	return nil
}

// parseLine reads "METHOD SP target SP HTTP/1.x".
func (r *Request) parseLine(line []byte) *Error {
	sp := bytes.IndexByte(line, ' ')
	if sp <= 0 {
		return ErrRequestLine
	}
	for _, c := range line[:sp] {
		if !isToken(c) {
			return ErrMethod
		}
	}
	r.Method = line[:sp]
	line = line[sp+1:]
	sp = bytes.IndexByte(line, ' ')
	if sp <= 0 {
		return ErrRequestLine
	}
	r.Target = line[:sp]
	if e := r.parseVersion(line[sp+1:]); e != nil {
		return e
	}
	return r.parseTarget()
}

func (r *Request) parseVersion(v []byte) *Error {
	if len(v) != len("HTTP/1.1") || string(v[:5]) != "HTTP/" || v[6] != '.' ||
		!isDigit(v[5]) || !isDigit(v[7]) {
		return ErrRequestLine
	}
	if v[5] != '1' || v[7] > '1' {
		return ErrVersion
	}
	r.Minor = int(v[7] - '0')
	return nil
}

// parseTarget checks r.Target and cuts it into Path and RawQuery.
func (r *Request) parseTarget() *Error {
	for _, c := range r.Target {
		if c <= ' ' || c == 0x7f || c == '#' {
			return ErrTarget
		}
	}
	p := r.Target
	switch {
	case p[0] == '/':
	case len(p) == 1 && p[0] == '*' && string(r.Method) == "OPTIONS":
		r.Path = p
		return nil
	default:
		if p = afterAuthority(p); p == nil {
			return ErrTarget
		}
	}
	if q := bytes.IndexByte(p, '?'); q >= 0 {
		p, r.RawQuery = p[:q], p[q+1:]
	}
	if r.Path = p; len(p) == 0 {
		r.Path = slash // absolute form with an empty path
	}
	return nil
}

var slash = []byte("/")

// afterAuthority returns what follows "http://host" in a target in absolute
// form, which RFC 9112 3.2.2 wants every server to accept; nil if it is none.
func afterAuthority(p []byte) []byte {
	i := bytes.Index(p, []byte("://"))
	if i < 0 || !(EqualFold(p[:i], "http") || EqualFold(p[:i], "https")) {
		return nil
	}
	p = p[i+3:]
	for j, c := range p {
		if c == '/' || c == '?' {
			if j == 0 {
				return nil
			}
			return p[j:]
		}
	}
	if len(p) == 0 {
		return nil
	}
	return p[len(p):]
}
