package http1

import (
	"net/http"
	"testing"
)

func TestAppendResponse(t *testing.T) {
	for _, c := range []struct {
		r          Response
		body, want string
	}{
		{Response{Status: 200, ContentType: "text/html", Headers: []byte("cache-control: no-store\r\n"), Minor: 1, KeepAlive: true}, "ok",
			"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\ncache-control: no-store\r\n\r\nok"},
		{Response{Status: 400, Minor: 1}, "", "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"},
		{Response{Status: 413, KeepAlive: true}, "", "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\nConnection: keep-alive\r\n\r\n"},
		{Response{Status: 204, Minor: 1, KeepAlive: true}, "", "HTTP/1.1 204 No Content\r\n\r\n"},
		{Response{Status: 304, Minor: 1, KeepAlive: true}, "", "HTTP/1.1 304 Not Modified\r\n\r\n"},
		{Response{Status: 404, Minor: 1, KeepAlive: true, NoBody: true}, "gone", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\n"},
	} {
		if got := string(AppendResponse(nil, &c.r, []byte(c.body))); got != c.want {
			t.Errorf("%+v:\n%q\n%q", c.r, got, c.want)
		}
	}
}

func TestAppendHeaders(t *testing.T) {
	h := http.Header{"X-B": {"1", "2"}, "X-A": {"é"}, "X-Bad": {"a\r\nX-C: 3"}, "Bad Name": {"x"}, "": {"x"},
		"Content-Length": {"9"}, "connection": {"close"}, "X-Nul": {"a\x00"}}
	if got, want := string(AppendHeaders(nil, h)), "X-A: é\r\nX-B: 1\r\nX-B: 2\r\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := AppendHeaders(nil, nil); got != nil {
		t.Errorf("%q", got)
	}
}
