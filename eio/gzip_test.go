package eio_test

import (
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"strconv"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eio/eiotest"
)

// coded is a poll with an Accept-Encoding header.
func coded(target, accept string) string {
	return strings.Replace(get(target), "\r\n\r\n", "\r\nAccept-Encoding: "+accept+"\r\n\r\n", 1)
}

// pollAnswer reads one answer: its coding, and its body decoded.
func pollAnswer(t testing.TB, c *eiotest.Conn) (coding, body string) {
	t.Helper()
	return decoded(t, c.String(), "text/plain; charset=UTF-8")
}

func decoded(t testing.TB, answer, contentType string) (coding, body string) {
	t.Helper()
	head, body, ok := strings.Cut(answer, "\r\n\r\n")
	if !ok || !strings.HasPrefix(head, "HTTP/1.1 200 OK\r\nContent-Type: "+contentType+"\r\n") || !strings.Contains(head+"\r\n", "\r\ncache-control: no-store\r\n") {
		t.Fatalf("%q", head)
	}
	_, length, _ := strings.Cut(head, "Content-Length: ")
	length, _, _ = strings.Cut(length, "\r\n")
	if n, err := strconv.Atoi(length); err != nil || n != len(body) {
		t.Fatalf("length %s, %d bytes", length, len(body))
	}
	if _, rest, ok := strings.Cut(head, "\r\nContent-Encoding: "); ok {
		coding, _, _ = strings.Cut(rest, "\r\n")
	}
	var r io.Reader = strings.NewReader(body)
	var err error
	switch coding {
	case "gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	}
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return coding, string(b)
}

func TestPollCompression(t *testing.T) {
	off := &eio.Options{DisableHTTPCompression: true}
	for _, c := range []struct {
		name, accept string
		o            *eio.Options
		size         int // of the packet
		fl           eio.SendFlags
		coding       string
	}{
		{"gzip", "gzip", nil, 1024, 0, "gzip"},
		{"the least", "gzip", nil, 1023, 0, ""},
		{"gzip before deflate", "*", nil, 5000, 0, "gzip"},
		{"as the client likes", "gzip;q=0.5, deflate", nil, 5000, 0, "deflate"},
		{"in its order", "deflate, gzip", nil, 5000, 0, "deflate"},
		{"a browser", "gzip, deflate, br, zstd", nil, 50_000, 0, "gzip"},
		{"none it knows", "br", nil, 5000, 0, ""},
		{"not at all", "gzip;q=0", nil, 5000, 0, ""},
		{"off", "gzip", off, 5000, 0, ""},
		{"another threshold", "gzip", &eio.Options{HTTPCompression: &eio.Deflate{Threshold: 100, Level: 9}}, 100, 0, "gzip"},
		{"not to be compressed", "gzip", nil, 5000, eio.NoCompress, ""},
	} {
		for _, waits := range []bool{false, true} {
			t.Run(fmt.Sprint(c.name, waits), func(t *testing.T) {
				w := newWorld(t, c.o)
				p, target := w.openPolling()
				f := message(strings.Repeat("x", c.size-1))
				if waits {
					p.WriteString(coded(target, c.accept))
				}
				w.h.sessions[0].Send(f, c.fl)
				if !waits {
					p.WriteString(coded(target, c.accept))
				}
				f.Release()
				p.Settle()
				if coding, body := pollAnswer(t, p); coding != c.coding || body != "4"+strings.Repeat("x", c.size-1) {
					t.Errorf("%q, %d bytes", coding, len(body))
				}
				// Small answers and those that end the session are as ever.
				p.WriteString(coded(target, c.accept))
				w.h.sessions[0].SendText([]byte("small"))
				p.Settle()
				expect(t, p, polled("4small"))
			})
		}
	}
}

// TestPollCompressionOfMany: one packet that may be compressed is enough, and
// the next answer starts anew.
func TestPollCompressionOfMany(t *testing.T) {
	w := newWorld(t, nil)
	p, target := w.openPolling()
	s := w.h.sessions[0]
	f, g := message(strings.Repeat("x", 2000)), message("y")
	defer f.Release()
	defer g.Release()
	for i, c := range []struct {
		packets []eio.SendFlags
		coding  string
	}{
		{[]eio.SendFlags{eio.NoCompress, 0}, "gzip"},
		{[]eio.SendFlags{eio.NoCompress, eio.NoCompress}, ""},
		{[]eio.SendFlags{0, eio.NoCompress}, "gzip"},
	} {
		s.Send(f, c.packets[0])
		s.Send(g, c.packets[1])
		p.WriteString(coded(target, "gzip"))
		if coding, body := pollAnswer(t, p); coding != c.coding || body != "4"+strings.Repeat("x", 2000)+"\x1e4y" {
			t.Errorf("%d: %q, %d bytes", i, coding, len(body))
		}
	}
	// The answers keep their own lines: nothing of a coding stays behind.
	s.SendText([]byte("plain"))
	p.WriteString(get(target))
	expect(t, p, polled("4plain"))
}
