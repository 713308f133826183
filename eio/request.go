package eio

import (
	"encoding/binary"
	"iter"
	"maps"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// Request is a copy of an HTTP request, kept for as long as a session lives: a
// million of them should fit in memory, so it is one string with everything in
// it, and what is asked for is looked up. The zero Request is empty: all its
// methods give zero values. Requests are immutable; copying one is cheap.
type Request struct{ b string }

// The string: one byte of flags; the time in Unix milliseconds, 8 bytes; if
// known, the port, 2 bytes, and the address, 4 or 16; the lengths of method and
// target as uvarints; method, target; then "Name:value\n" per header.
const (
	reqSecure = 1 << iota
	reqAddr4
	reqAddr16

	reqFixed = 9
)

// newRequest copies a parsed request. Loop only.
func newRequest(r *http1.Request, remote netip.AddrPort, secure bool, issued time.Time) Request {
	var scratch [1024]byte
	b := appendRequestHead(scratch[:0], r.Method, r.Target, remote, secure, issued)
	for lines := r.Headers; ; {
		name, value, rest, ok := http1.NextHeader(lines)
		if !ok {
			break
		}
		lines = rest
		b = append(b, name...)
		b = append(b, ':')
		b = append(b, value...)
		b = append(b, '\n')
	}
	return Request{string(b)}
}

// NewRequest copies a request of net/http, as it is now issued. The order of
// its headers is lost there; here they are sorted, Host first. Any goroutine.
func NewRequest(r *http.Request) Request {
	remote, _ := netip.ParseAddrPort(r.RemoteAddr) // unix sockets have none
	b := appendRequestHead(nil, r.Method, target(r), remote, r.TLS != nil, time.Now())
	b = appendRequestHeader(b, "Host", r.Host)
	return Request{string(appendRequestHeaders(b, r.Header))}
}

// MakeRequest makes a request of its parts, sorted by the headers' names; those
// that no header may have are left out. It is for what has been read elsewhere.
// It copies all. Any goroutine.
func MakeRequest(method, target string, headers map[string][]string, remote netip.AddrPort, secure bool, issued time.Time) Request {
	b := appendRequestHead(nil, method, target, remote, secure, issued)
	return Request{string(appendRequestHeaders(b, headers))}
}

// target is the request target as the handler that a router chose sees it:
// http.StripPrefix has been at r.URL, but not at r.RequestURI.
func target(r *http.Request) string {
	if r.URL == nil {
		return r.RequestURI
	}
	if r.URL.Opaque == "" && !strings.HasPrefix(r.URL.Path, "/") {
		u := *r.URL // StripPrefix may have taken the slash as well
		u.Path = "/" + u.Path
		if u.RawPath != "" {
			u.RawPath = "/" + u.RawPath
		}
		return u.RequestURI()
	}
	return r.URL.RequestURI()
}

func appendRequestHeaders(b []byte, headers map[string][]string) []byte {
	for _, name := range slices.Sorted(maps.Keys(headers)) {
		for _, v := range headers[name] {
			b = appendRequestHeader(b, name, v)
		}
	}
	return b
}

func appendRequestHeader(b []byte, name, value string) []byte {
	if !http1.ValidName(name) || !http1.ValidValue(value) {
		return b
	}
	b = append(b, name...)
	b = append(b, ':')
	b = append(b, value...)
	return append(b, '\n')
}

func appendRequestHead[T string | []byte](b []byte, method, target T, remote netip.AddrPort, secure bool, issued time.Time) []byte {
	at := len(b)
	b = append(b, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(issued.UnixMilli()))
	if secure {
		b[at] |= reqSecure
	}
	if addr := remote.Addr(); addr.IsValid() {
		b = binary.LittleEndian.AppendUint16(b, remote.Port())
		if addr.Is4() {
			a := addr.As4()
			b[at] |= reqAddr4
			b = append(b, a[:]...)
		} else {
			a := addr.As16()
			b[at] |= reqAddr16
			b = append(b, a[:]...)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(method)))
	b = binary.AppendUvarint(b, uint64(len(target)))
	b = append(b, method...)
	return append(b, target...)
}

// addrLen is the length of the part with port and address.
func (r *Request) addrLen() int {
	switch f := r.b[0]; {
	case f&reqAddr4 != 0:
		return 2 + 4
	case f&reqAddr16 != 0:
		return 2 + 16
	}
	return 0
}

// parts cuts the string up.
func (r *Request) parts() (method, target, headers string) {
	if r.b == "" {
		return "", "", ""
	}
	b := r.b[reqFixed+r.addrLen():]
	m, b := uvarint(b)
	t, b := uvarint(b)
	return b[:m], b[m : m+t], b[m+t:]
}

// uvarint is binary.Uvarint for a string.
func uvarint(s string) (n int, rest string) {
	for i, shift := 0, 0; i < len(s); i, shift = i+1, shift+7 {
		n |= int(s[i]&0x7f) << shift
		if s[i] < 0x80 {
			return n, s[i+1:]
		}
	}
	return 0, ""
}

// Method of the request. Any goroutine. Does not allocate.
func (r *Request) Method() string { m, _, _ := r.parts(); return m }

// URL is the request's target as it was sent, path and query. Any goroutine.
// Does not allocate.
func (r *Request) URL() string { _, t, _ := r.parts(); return t }

// Path is the path of the URL, still percent-encoded. Any goroutine. Does not
// allocate.
func (r *Request) Path() string {
	p, _, _ := strings.Cut(r.URL(), "?")
	return p
}

// RawQuery is the query of the URL as it was sent. Any goroutine. Does not
// allocate.
func (r *Request) RawQuery() string {
	_, q, _ := strings.Cut(r.URL(), "?")
	return q
}

// Query returns the decoded value of a key of the query, the last one if there
// are several, and "" if there is none. Any goroutine.
func (r *Request) Query(name string) string {
	var scratch [128]byte
	v, _ := http1.QueryValue([]byte(r.RawQuery()), name, scratch[:0])
	return string(v)
}

// Queries walks the decoded pairs of the query in the order they were sent;
// the reference keeps the last of those with the same key. Any goroutine.
func (r *Request) Queries() iter.Seq2[string, string] { return Queries(r.RawQuery()) }

// Queries walks the decoded pairs of a raw query, as [Request.Queries] does. Any
// goroutine.
func Queries(query string) iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		raw := []byte(query)
		for {
			k, v, rest, ok := http1.NextPair(raw)
			if !ok {
				return
			}
			raw = rest
			if !yield(string(http1.AppendUnescape(nil, k)), string(http1.AppendUnescape(nil, v))) {
				return
			}
		}
	}
}

// Header returns the value of the first header of that name, in any case; ""
// if there is none. Any goroutine. Does not allocate.
func (r *Request) Header(name string) string {
	for k, v := range r.Headers() {
		if len(k) == len(name) && strings.EqualFold(k, name) {
			return v
		}
	}
	return ""
}

// Headers walks the headers in the order and the case they were sent. Any
// goroutine.
func (r *Request) Headers() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		_, _, h := r.parts()
		for h != "" {
			var line string
			line, h, _ = strings.Cut(h, "\n")
			name, value, _ := strings.Cut(line, ":")
			if !yield(name, value) {
				return
			}
		}
	}
}

// RemoteAddr is the address of the TCP connection's other end, perhaps a
// proxy's; the zero value for unix sockets. Zones of IPv6 addresses are not
// kept. Any goroutine. Does not allocate.
func (r *Request) RemoteAddr() netip.AddrPort {
	if r.b == "" || r.addrLen() == 0 {
		return netip.AddrPort{}
	}
	b := r.b[reqFixed:]
	port := uint16(b[0]) | uint16(b[1])<<8
	if r.b[0]&reqAddr4 != 0 {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte([]byte(b[2:6]))), port)
	}
	return netip.AddrPortFrom(netip.AddrFrom16([16]byte([]byte(b[2:18]))), port)
}

// Secure says whether the request came over TLS, as far as this process can
// tell. Any goroutine. Does not allocate.
func (r *Request) Secure() bool { return r.b != "" && r.b[0]&reqSecure != 0 }

// Issued is when the request was read, to the millisecond. Any goroutine. Does
// not allocate.
func (r *Request) Issued() time.Time {
	if r.b == "" {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.LittleEndian.Uint64([]byte(r.b[1:reqFixed]))))
}

// Empty says that nothing is kept (see Options.DropRequest). Any goroutine.
func (r *Request) Empty() bool { return r.b == "" }

// Size is how many bytes the request takes, for accounting. Any goroutine.
func (r *Request) Size() int { return len(r.b) }
