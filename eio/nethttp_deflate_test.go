package eio

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"fmt"
	"io"
	"strings"
	"testing"
)

// What is compressed goes through net/http as it is.
func TestServeCompression(t *testing.T) {
	for _, scheme := range []string{"http", "tls", "h2"} {
		t.Run(scheme, func(t *testing.T) {
			s := newSite(t, nil, nil, scheme, nil)
			sid := s.open()
			long := "4" + strings.Repeat("lorem ", 1000)
			s.want("POST", sid, long, 200, "ok")
			res, body := s.do("GET", sid, "", "Accept-Encoding: deflate, br")
			if res.Header.Get("Content-Encoding") != "deflate" || res.ContentLength != int64(len(body)) || len(body) > 200 {
				t.Fatalf("%v, %d bytes", res, len(body))
			}
			z, err := zlib.NewReader(strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(z); err != nil || string(got) != long {
				t.Errorf("%.40q %v", got, err)
			}
			s.want("POST", sid, long, 200, "ok")
			res, body = s.do("GET", sid, "") // Go's client asks for gzip, and takes it off
			if !res.Uncompressed || body != long {
				t.Errorf("%v %.40q", res, body)
			}
		})
	}
}

func TestServeDeflate(t *testing.T) {
	for _, scheme := range []string{"http", "tls"} {
		t.Run(scheme, func(t *testing.T) {
			s := newSite(t, &Options{PerMessageDeflate: &Deflate{}}, nil, scheme, nil)
			c := s.dial(strings.Replace(fmt.Sprintf(wsHead, ""), "\r\n\r\n", "\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n", 1))
			if head := c.head(); !strings.HasPrefix(head, switching) ||
				!strings.Contains(head, "\r\nSec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n") {
				t.Fatalf("%q", head)
			}
			c.next() // the open packet
			long := "4" + strings.Repeat("lorem ", 1000)
			var b bytes.Buffer
			w, _ := flate.NewWriter(&b, 1)
			io.WriteString(w, long)
			w.Flush()
			c.write(frame(0x41, strings.TrimSuffix(b.String(), "\x00\x00\xff\xff")))
			got := c.next()
			if got[0] != 0xc1 || len(got) > 200 {
				t.Fatalf("%x…, %d bytes", got[0], len(got))
			}
			r := flate.NewReader(strings.NewReader(got[1:] + "\x00\x00\xff\xff\x01\x00\x00\xff\xff"))
			if p, err := io.ReadAll(r); err != nil || string(p) != long {
				t.Errorf("%.40q %v", p, err)
			}
			c.write(frame(0x41, "\xff\xff\xff"))
			if got := c.next(); got != "\x88\x03\xef" {
				t.Errorf("%q", got)
			}
			s.ended(t, "transport error")
		})
	}
}
