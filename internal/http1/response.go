package http1

import (
	"net/http"
	"slices"
	"strconv"
)

// Response is the head of an answer.
type Response struct {
	Status      int
	ContentType string // "": none
	Headers     []byte // further header lines, ready, each with its CRLF; borrowed
	Minor       int    // HTTP version of the request
	KeepAlive   bool   // the connection goes on after this answer
	NoBody      bool   // answer to HEAD: a Content-Length but no body
}

// Continue is the answer that invites a body announced with Expect.
const Continue = "HTTP/1.1 100 Continue\r\n\r\n"

// AppendResponse appends a whole answer. It borrows body. Any goroutine. Does
// not allocate if dst has room.
func AppendResponse(dst []byte, r *Response, body []byte) []byte {
	dst = AppendHead(dst, r, len(body))
	if r.NoBody {
		return dst
	}
	return append(dst, body...)
}

// AppendHead appends the head of an answer whose body of length bytes the
// caller appends or sends after it. A status that has no body by definition
// (1xx, 204, 304) gets no Content-Length, nor does a negative length, which an
// answer to HEAD may have. Any goroutine.
func AppendHead(dst []byte, r *Response, length int) []byte {
	dst = AppendStatus(dst, r.Status)
	if r.ContentType != "" {
		dst = append(dst, "Content-Type: "...)
		dst = append(dst, r.ContentType...)
		dst = append(dst, crlf...)
	}
	if bodyAllowed(r.Status) && length >= 0 {
		dst = append(dst, "Content-Length: "...)
		dst = strconv.AppendInt(dst, int64(length), 10)
		dst = append(dst, crlf...)
	}
	switch {
	case !r.KeepAlive:
		dst = append(dst, "Connection: close\r\n"...)
	case r.Minor == 0:
		dst = append(dst, "Connection: keep-alive\r\n"...)
	}
	dst = append(dst, r.Headers...)
	return append(dst, crlf...)
}

// AppendStatus appends a status line. Any goroutine.
func AppendStatus(dst []byte, status int) []byte {
	switch status {
	case 200:
		return append(dst, "HTTP/1.1 200 OK\r\n"...)
	case 400:
		return append(dst, "HTTP/1.1 400 Bad Request\r\n"...)
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	dst = append(dst, ' ')
	dst = append(dst, http.StatusText(status)...)
	return append(dst, crlf...)
}

func bodyAllowed(status int) bool {
	return status >= 200 && status != 204 && status != 304
}

// AppendHeader appends one header line. A name or value that may not stand in
// a header is left out, and ok is false: no value from outside can begin a
// header of its own. Any goroutine.
func AppendHeader(dst []byte, name, value string) (_ []byte, ok bool) {
	if !ValidName(name) || !ValidValue(value) {
		return dst, false
	}
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, crlf...), true
}

// AppendHeaders appends the lines of h, sorted by name, without those whose
// name or value may not stand in a header, and without the ones that frame the
// answer, which are the server's alone. It borrows h. Any goroutine.
func AppendHeaders(dst []byte, h http.Header) []byte {
	if len(h) == 0 {
		return dst
	}
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Transfer-Encoding", "Connection":
			continue
		}
		for _, v := range h[name] {
			dst, _ = AppendHeader(dst, name, v)
		}
	}
	return dst
}
