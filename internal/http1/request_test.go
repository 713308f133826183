package http1

import (
	"bufio"
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

const maxTestHeader = 8 << 10

const (
	pollRequest = "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: localhost:3000\r\nAccept: */*\r\n\r\n"
	postRequest = "POST /socket.io/?EIO=4&transport=polling&sid=8hvYWeD2-6l4-W26AAAA HTTP/1.1\r\nHost: a\r\n" +
		"Content-type: text/plain;charset=UTF-8\r\nContent-Length: 2\r\n\r\n40"
	wsRequest = "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: localhost:3000\r\n" +
		"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: http://a.com\r\n" +
		"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36\r\nAccept-Encoding: gzip, deflate\r\n" +
		"Accept-Language: en-US,en;q=0.9\r\nCache-Control: no-cache\r\nPragma: no-cache\r\n\r\n"
	chunkedRequest = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
)

func TestParse(t *testing.T) {
	var r Request
	n, err := r.Parse([]byte(postRequest), maxTestHeader)
	if err != nil || n != len(postRequest)-2 {
		t.Fatalf("n=%d err=%v", n, err)
	}
	for what, got := range map[string][2]string{
		"method": {string(r.Method), "POST"},
		"path":   {string(r.Path), "/socket.io/"},
		"query":  {string(r.RawQuery), "EIO=4&transport=polling&sid=8hvYWeD2-6l4-W26AAAA"},
		"type":   {string(r.Header("content-TYPE")), "text/plain;charset=UTF-8"},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
	if r.ContentLength != 2 || !r.KeepAlive || r.Upgrade || r.Chunked || !r.HasBody() {
		t.Errorf("%+v", r)
	}
	if r.Header("Content") != nil {
		t.Error("found a header that is not there")
	}
}

func TestParseConnection(t *testing.T) {
	for _, c := range []struct {
		head                            string
		keep, upgrade, chunked, expects bool
		path, query                     string
	}{
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false, false, "/", ""},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false, false, false, false, "/", ""},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n", false, false, false, false, "/", ""},
		{"GET / HTTP/1.0\r\n\r\n", false, false, false, false, "/", ""},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true, false, false, false, "/", ""},
		{"POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n", false, false, false, false, "/", ""},
		{"GET / HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", false, false, false, false, "/", ""},
		{"GET /?a=?b HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n", true, true, false, false, "/", "a=?b"},
		{"GET /s HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", true, true, false, false, "/s", ""},
		{"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n", true, false, false, false, "/", ""},
		{"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\nExpect: 100-Continue\r\n\r\n", true, false, true, true, "/", ""},
		{"GET http://h:1/p?q HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false, false, "/p", "q"},
		{"GET http://h?q HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false, false, "/", "q"},
		{"GET HTTPS://h HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false, false, "/", ""},
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", true, false, false, false, "*", ""},
		{"\r\nGET /é HTTP/1.1\r\nHost:\r\nX: \t é \t\r\n\r\n", true, false, false, false, "/é", ""},
	} {
		var r Request
		n, err := r.Parse([]byte(c.head), maxTestHeader)
		if err != nil || n != len(c.head) {
			t.Errorf("%q: n=%d err=%v", c.head, n, err)
			continue
		}
		if r.KeepAlive != c.keep || r.Upgrade != c.upgrade || r.Chunked != c.chunked || r.Expect100 != c.expects ||
			string(r.Path) != c.path || string(r.RawQuery) != c.query {
			t.Errorf("%q: %+v path %q query %q", c.head, r, r.Path, r.RawQuery)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	get := "GET / HTTP/1.1\r\nHost: a\r\n"
	for head, want := range map[string]*Error{
		"\x16\x03\x01\x02":                                              ErrMethod, // a TLS hello, before its end
		"GET / HTTP/1.1\n":                                              ErrLineEnd,
		"\nGET / HTTP/1.1\r\n\r\n":                                      ErrMethod,
		"G\x01T / HTTP/1.1\r\n\r\n":                                     ErrMethod,
		"GET\r\n\r\n":                                                   ErrRequestLine,
		"GET /\r\n\r\n":                                                 ErrRequestLine,
		" / HTTP/1.1\r\n\r\n":                                           ErrRequestLine,
		"GET  / HTTP/1.1\r\n\r\n":                                       ErrRequestLine,
		"GET /  HTTP/1.1\r\n\r\n":                                       ErrRequestLine,
		"GET / HTTP/1.1 \r\n\r\n":                                       ErrRequestLine,
		"GET / http/1.1\r\n\r\n":                                        ErrRequestLine,
		"GET / HTTP/1.11\r\n\r\n":                                       ErrRequestLine,
		"GET / HTTP/2.0\r\n\r\n":                                        ErrVersion,
		"PRI * HTTP/2.0\r\n\r\n":                                        ErrVersion,
		"GET / HTTP/1.2\r\n\r\n":                                        ErrVersion,
		"GET / HTTP/0.9\r\n\r\n":                                        ErrVersion,
		"GET x HTTP/1.1\r\nHost: a\r\n\r\n":                             ErrTarget,
		"GET * HTTP/1.1\r\nHost: a\r\n\r\n":                             ErrTarget,
		"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n":                          ErrTarget,
		"GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n":                         ErrTarget,
		"GET /a\tb HTTP/1.1\r\nHost: a\r\n\r\n":                         ErrTarget,
		"GET ftp://h/ HTTP/1.1\r\nHost: a\r\n\r\n":                      ErrTarget,
		"GET http:/// HTTP/1.1\r\nHost: a\r\n\r\n":                      ErrTarget,
		"CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n":                      ErrTarget,
		"GET / HTTP/1.1\r\n\r\n":                                        ErrHost,
		get + "Host: b\r\n\r\n":                                         ErrHost,
		get + "X : y\r\n\r\n":                                           ErrHeaderName,
		get + ": y\r\n\r\n":                                             ErrHeaderName,
		get + "X\r\n\r\n":                                               ErrHeaderName,
		get + "X(: y\r\n\r\n":                                           ErrHeaderName,
		get + " X: y\r\n\r\n":                                           ErrFold,
		get + "X: y\r\n\tz\r\n\r\n":                                     ErrFold,
		get + "X: y\x00\r\n\r\n":                                        ErrHeaderValue,
		get + "X: y\x7f\r\n\r\n":                                        ErrHeaderValue,
		get + "X: y\rZ: 1\r\n\r\n":                                      ErrLineEnd,
		get + "X: y\nZ: 1\r\n\r\n":                                      ErrLineEnd,
		get + "X: y\r\r\n\r\n":                                          ErrLineEnd,
		get + "Content-Length: \r\n\r\n":                                ErrContentLength,
		get + "Content-Length: +1\r\n\r\n":                              ErrContentLength,
		get + "Content-Length: 0x1\r\n\r\n":                             ErrContentLength,
		get + "Content-Length: 1, 1\r\n\r\n":                            ErrContentLength,
		get + "Content-Length: -1\r\n\r\n":                              ErrContentLength,
		get + "Content-Length: 1 1\r\n\r\n":                             ErrContentLength,
		get + "Content-Length: 9999999999999999999\r\n\r\n":             ErrContentLength,
		get + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n":          ErrFraming,
		get + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n":          ErrFraming,
		get + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n": ErrFraming,
		get + "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n": ErrFraming,
		get + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n":                ErrFraming,
		"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n":                                 ErrFraming,
		get + "Transfer-Encoding: gzip\r\n\r\n":                                                 ErrEncoding,
		get + "Transfer-Encoding: gzip, chunked\r\n\r\n":                                        ErrEncoding,
		get + "Transfer-Encoding: \x0bchunked\r\n\r\n":                                          ErrHeaderValue,
		get + "Transfer-Encoding:\r\n\r\n":                                                      ErrEncoding,
		get + "Expect: something\r\n\r\n":                                                       ErrExpect,
		get + "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\n":          ErrUpgradeBody,
		get + "Connection: Upgrade\r\nUpgrade: websocket\r\nTransfer-Encoding: chunked\r\n\r\n": ErrUpgradeBody,
	} {
		var r Request
		n, err := r.Parse([]byte(head), maxTestHeader)
		if n != 0 || err != error(want) {
			t.Errorf("%q: n=%d err=%v, want %v", head, n, err, want)
		}
		if want.Status < 400 || !strings.Contains(want.Error(), want.Text) {
			t.Errorf("%q: a poor error %v", head, want)
		}
	}
}

func TestParseLimit(t *testing.T) {
	const limit = 100
	pad := func(n int) string { return strings.Repeat("x", n) }
	exact := "GET / HTTP/1.1\r\nHost: a\r\nX: "
	exact += pad(limit-len(exact)-4) + "\r\n\r\n"
	var r Request
	for in, want := range map[string]*Error{
		exact:                              nil,
		exact[:len(exact)-4] + "y\r\n\r\n": ErrHeadersTooLarge,
		exact[:len(exact)-4] + "yyyyy":     ErrHeadersTooLarge, // no end in sight
		"GET /" + pad(limit):               ErrTargetTooLong,
		"GET /" + pad(limit) + " HTTP/1.1\r\nHost: a\r\n\r\n": ErrTargetTooLong,
		pad(limit + 1): ErrTargetTooLong,
	} {
		n, err := r.Parse([]byte(in), limit)
		if want == nil && (err != nil || n != limit) || want != nil && err != error(want) {
			t.Errorf("%q: n=%d err=%v, want %v", in, n, err, want)
		}
	}
	// Below the limit, an unfinished head is waited for, whatever follows.
	for i := range exact {
		if n, err := r.Parse([]byte(exact[:i]), limit); n != 0 || err != nil {
			t.Fatalf("%q: n=%d err=%v", exact[:i], n, err)
		}
	}
	if n, err := r.Parse([]byte(exact+pad(5*limit)), limit); n != limit || err != nil {
		t.Errorf("with a body behind it: n=%d err=%v", n, err)
	}
}

// Pipelined requests come out one after the other, also when each read adds
// one byte.
func TestParsePipelined(t *testing.T) {
	stream := []byte(pollRequest + postRequest[:len(postRequest)-2] + "\r\n" + pollRequest)
	var methods []string
	from := 0
	for to := range stream {
		var r Request
		n, err := r.Parse(stream[from:to+1], maxTestHeader)
		if err != nil {
			t.Fatal(err)
		}
		if from += n; n > 0 {
			methods = append(methods, string(r.Method))
		}
	}
	if got := strings.Join(methods, " "); got != "GET POST GET" || from != len(stream) {
		t.Errorf("%q, %d of %d bytes", got, from, len(stream))
	}
}

// oracle reads the same bytes with net/http. skip says that the two differ on
// purpose: net/http knows percent-encoding and hosts, this package does not.
func oracle(head []byte) (r *http.Request, skip bool, err error) {
	r, err = http.ReadRequest(bufio.NewReader(bytes.NewReader(head)))
	if err != nil {
		msg := err.Error()
		_, isURL := err.(*url.Error)
		skip = isURL || strings.HasPrefix(msg, "parse ") || strings.Contains(msg, "malformed Host") ||
			strings.Contains(msg, "invalid URL")
	}
	return r, skip, err
}

// check holds an accepted request against net/http.
func check(t *testing.T, src []byte, r *Request, n int) {
	t.Helper()
	h, skip, err := oracle(bytes.TrimPrefix(src[:n], crlf))
	if skip {
		return
	}
	if err != nil {
		t.Fatalf("%q: net/http refuses: %v", src[:n], err)
	}
	if h.Method != string(r.Method) || h.RequestURI != string(r.Target) || h.ProtoMinor != r.Minor {
		t.Fatalf("%q: %s %s %d", src[:n], r.Method, r.Target, r.Minor)
	}
	if chunked := len(h.TransferEncoding) > 0; chunked != r.Chunked {
		t.Fatalf("%q: chunked %v", src[:n], r.Chunked)
	}
	if !r.Chunked && h.ContentLength != max(0, r.ContentLength) {
		t.Fatalf("%q: length %d, net/http %d", src[:n], r.ContentLength, h.ContentLength)
	}
	if r.Minor == 1 && h.Close == r.KeepAlive || r.Minor == 0 && !r.KeepAlive != h.Close {
		t.Fatalf("%q: keep-alive %v, net/http closes: %v", src[:n], r.KeepAlive, h.Close)
	}
	checkHeaders(t, src[:n], r, h)
}

func checkHeaders(t *testing.T, src []byte, r *Request, h *http.Request) {
	t.Helper()
	seen := map[string]int{}
	for lines := r.Headers; ; {
		name, value, rest, ok := NextHeader(lines)
		if !ok {
			break
		}
		lines = rest
		key := http.CanonicalHeaderKey(string(name))
		switch key {
		case "Host", "Transfer-Encoding", "Trailer", "Content-Length":
			continue // net/http moves them elsewhere
		}
		if values := h.Header[key]; seen[key] >= len(values) || values[seen[key]] != string(value) {
			t.Fatalf("%q: %s: %q, net/http %q", src, name, value, values)
		}
		seen[key]++
	}
	for key, values := range h.Header {
		if key != "Content-Length" && key != "Cache-Control" && seen[key] != len(values) {
			t.Fatalf("%q: net/http has %s %d times, we %d", src, key, len(values), seen[key])
		}
	}
}

func TestParseOracle(t *testing.T) {
	for _, s := range []string{pollRequest, postRequest, wsRequest, chunkedRequest} {
		var r Request
		n, err := r.Parse([]byte(s), maxTestHeader)
		if err != nil {
			t.Fatal(err)
		}
		check(t, []byte(s), &r, n)
	}
}

func FuzzRequest(f *testing.F) {
	for _, s := range []string{pollRequest, postRequest, wsRequest, chunkedRequest,
		"\r\nGET http://a?b HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nX:\t\r\n\r\n",
	} {
		f.Add([]byte(s), uint(20))
	}
	f.Fuzz(func(t *testing.T, src []byte, cut uint) {
		var r Request
		n, err := r.Parse(src, maxTestHeader)
		if n < 0 || n > len(src) || n > 0 && err != nil {
			t.Fatalf("n=%d err=%v", n, err)
		}
		if n == 0 {
			return
		}
		check(t, src, &r, n)
		// Bytes behind the head change nothing, and every prefix is incomplete.
		var again Request
		if m, err := again.Parse(src[:n], maxTestHeader); m != n || err != nil {
			t.Fatalf("alone: n=%d err=%v", m, err)
		}
		if m, err := again.Parse(src[:cut%uint(n)], maxTestHeader); m != 0 || err != nil {
			t.Fatalf("%q: a prefix of a good request: n=%d err=%v", src[:cut%uint(n)], m, err)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	for name, s := range map[string]string{"poll": pollRequest, "ws": wsRequest} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			src := []byte(s)
			var r Request
			for b.Loop() {
				if n, err := r.Parse(src, maxTestHeader); n == 0 || err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
