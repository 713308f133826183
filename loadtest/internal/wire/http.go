package wire

import (
	"bytes"
	"errors"
	"strconv"
)

// Key and Accept are the example of RFC 6455 1.3. One key for all connections
// spares the client a hash each; a server cannot tell.
const (
	Key    = "dGhlIHNhbXBsZSBub25jZQ=="
	Accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// ErrHTTP is an answer that is not HTTP/1.1 as RFC 9112 frames it.
var ErrHTTP = errors.New("malformed HTTP answer")

// Response is one HTTP answer. Body is a view, except that a chunked body is
// put together in place.
type Response struct {
	Status int
	Close  bool // the server will close the connection
	Head   []byte
	Body   []byte
}

// ParseResponse reads one answer with its body. n == 0 and no error: need more.
// It borrows src and, when the answer is whole, rewrites a chunked body in place.
func ParseResponse(src []byte) (r Response, n int, err error) {
	end := bytes.Index(src, []byte("\r\n\r\n"))
	if end < 0 {
		if len(src) > 64<<10 {
			return r, 0, ErrHTTP
		}
		return r, 0, nil
	}
	r.Head = src[:end+2]
	if len(r.Head) < 13 || string(r.Head[:7]) != "HTTP/1." {
		return r, 0, ErrHTTP
	}
	if r.Status, err = strconv.Atoi(string(r.Head[9:12])); err != nil {
		return r, 0, ErrHTTP
	}
	r.Close = bytes.EqualFold(r.Header("connection"), []byte("close"))
	body := end + 4
	if r.Status == 101 || r.Status == 204 || r.Status == 304 {
		return r, body, nil
	}
	if bytes.EqualFold(r.Header("transfer-encoding"), []byte("chunked")) {
		return r.chunked(src, body)
	}
	size, err := strconv.Atoi(string(r.Header("content-length")))
	if err != nil || size < 0 {
		return r, 0, ErrHTTP
	}
	if len(src) < body+size {
		return r, 0, nil
	}
	r.Body = src[body : body+size]
	return r, body + size, nil
}

// chunked looks for the last chunk first and moves bytes only then, so that a
// body that comes in pieces is not torn.
func (r Response) chunked(src []byte, at int) (Response, int, error) {
	for pass := range 2 {
		i, out := at, at
		for {
			line := bytes.Index(src[i:], []byte("\r\n"))
			if line < 0 {
				return r, 0, nil
			}
			digits, _, _ := bytes.Cut(src[i:i+line], []byte(";"))
			size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 30)
			if err != nil {
				return r, 0, ErrHTTP
			}
			i += line + 2
			if len(src) < i+int(size)+2 {
				return r, 0, nil
			}
			if size == 0 {
				if pass == 1 {
					r.Body = src[at:out]
					return r, i + 2, nil // trailers are not expected
				}
				break
			}
			if pass == 1 {
				out += copy(src[out:], src[i:i+int(size)])
			}
			i += int(size) + 2
		}
	}
	return r, 0, ErrHTTP
}

// Header returns the first value of a header, by its lower-case name.
func (r Response) Header(name string) []byte {
	for rest := r.Head; len(rest) > 0; {
		line, next, _ := bytes.Cut(rest, []byte("\r\n"))
		rest = next
		if k, v, ok := bytes.Cut(line, []byte(":")); ok && len(k) == len(name) && bytes.EqualFold(k, []byte(name)) {
			return bytes.TrimSpace(v)
		}
	}
	return nil
}
