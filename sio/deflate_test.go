package sio

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"context"
	"fmt"
	"io"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/wsframe"
)

const deflateOffer = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"

// joinDeflate is join for a client that negotiated compression.
func (r *rig) joinDeflate(loop int) *rigClient {
	r.t.Helper()
	c := r.dialWith(loop, deflateOffer)
	c.send("40")
	r.settle()
	c.expect(`40{"sid":"SID"}`)
	return c
}

// unpack reads what came: "z" stands before what was compressed.
func (c *rigClient) unpack() (got []string) {
	c.r.t.Helper()
	c.r.settle()
	for len(c.out) > 0 {
		zipped := c.out[0]&0x40 != 0
		op, p, rest, ok := wsframe.Next(c.out)
		if !ok {
			c.r.t.Fatalf("not a frame: %q", c.out)
		}
		c.out = rest
		text := string(p)
		if zipped {
			b, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(p), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
			if err != nil {
				c.r.t.Fatal(err)
			}
			text = "z" + string(b)
		}
		if op == ws.OpBinary {
			text = fmt.Sprintf("bin:%d", len(text))
		}
		got = append(got, text)
	}
	return got
}

func (c *rigClient) unpacks(want ...string) {
	c.r.t.Helper()
	if got := c.unpack(); !slices.Equal(got, want) {
		c.r.t.Errorf("got %.300q, want %.300q", got, want)
	}
}

func TestDeflateEvents(t *testing.T) {
	r := newRig(t, 2, &Options{PerMessageDeflate: &Deflate{}})
	a, b, plain := r.joinDeflate(0), r.joinDeflate(1), r.join(0)
	long := strings.Repeat("lorem ", 200)
	event := `42["x","` + long + `"]`
	_ = r.io.Emit("x", long)
	a.unpacks("z" + event)
	b.unpacks("z" + event)
	plain.unpacks(event)
	_ = r.io.To(a.sid).Compress(false).Emit("x", long)
	a.unpacks(event)
	s := r.socket(a)
	_ = s.Emit("x", long)
	_ = s.Compress(false).Emit("x", long)
	_ = s.Compress(false).Compress(true).Emit("x", []byte(long))
	_ = s.Emit("small")
	a.unpacks("z"+event, event, `451-["x",{"_placeholder":true,"num":0}]`, "bin:1201", `42["small"]`)
}

// TestDeflateFlood: broadcasts joined into one send are compressed each once,
// and whoever passes over its own gets the others.
func TestDeflateFlood(t *testing.T) {
	r := newRig(t, 2, &Options{PerMessageDeflate: &Deflate{}})
	a, b, plain := r.joinDeflate(0), r.joinDeflate(1), r.join(1)
	long := strings.Repeat("lorem ", 200)
	sends := b.sends
	var all, others []string
	for i := range 5 {
		text := fmt.Sprint(i, long)
		if i == 2 {
			text = "small"
		}
		event := `42["x","` + text + `"]`
		if i == 3 {
			_ = r.socket(a).Broadcast().Emit("x", text)
		} else {
			_ = r.io.Emit("x", text)
		}
		all = append(all, event)
		if i != 3 {
			others = append(others, event)
		}
	}
	zip := func(events []string) (out []string) {
		for _, e := range events {
			if len(e) > 1000 {
				e = "z" + e
			}
			out = append(out, e)
		}
		return out
	}
	a.unpacks(zip(others)...)
	b.unpacks(zip(all)...)
	plain.unpacks(all...)
	if n := b.sends - sends; n != 1 {
		t.Errorf("%d sends for five broadcasts, want 1", n)
	}
}

func TestBundleCompression(t *testing.T) {
	script := "/*!\n * Socket.IO v4.8.4\n */\n" + strings.Repeat("function lorem() {}\n", 500)
	files := fstest.MapFS{
		"socket.io.js":        {Data: []byte(script)},
		"socket.io.js.br":     {Data: []byte("as made by brotli")},
		"socket.io.js.map":    {Data: []byte(script)},
		"socket.io.min.js":    {Data: []byte(script)},
		"socket.io.other.js":  {Data: []byte("x")},
		"socket.io.min.js.gz": {Data: []byte("of no interest")},
	}
	for _, off := range []bool{false, true} {
		srv, err := New(&Options{ClientBundle: files, DisableHTTPCompression: off})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { srv.Close(context.Background()) })
		for _, c := range []struct{ name, accept, coding string }{
			{"socket.io.js", "gzip, deflate, br, zstd", "gzip"}, // in the client's order, as the reference
			{"socket.io.js", "br", "br"},
			{"socket.io.js", "br;q=0.9, gzip;q=0.5", "br"},
			{"socket.io.min.js", "br;q=0.9, gzip;q=0.5", "gzip"}, // there is no .br
			{"socket.io.js.map", "deflate", "deflate"},
			{"socket.io.js", "", ""},
			{"socket.io.js", "identity", ""},
			{"socket.io.js", "gzip;q=0", ""},
		} {
			q := httptest.NewRequest("GET", "/socket.io/"+c.name, nil)
			if c.accept != "" {
				q.Header.Set("Accept-Encoding", c.accept)
			}
			w := httptest.NewRecorder()
			srv.ServeHTTP(w, q)
			coding := c.coding
			if off {
				coding = ""
			}
			h := w.Header()
			if h.Get("Content-Encoding") != coding || h.Get("ETag") != `"4.8.4"` || (h.Get("Vary") == "Accept-Encoding") == off ||
				h.Get("Content-Length") != fmt.Sprint(w.Body.Len()) {
				t.Errorf("%s, %q: %v", c.name, c.accept, h)
			}
			want := script
			if coding == "br" {
				want = "as made by brotli"
			}
			if got := decoded(t, coding, w.Body); got != want {
				t.Errorf("%s, %q: %.60q", c.name, c.accept, got)
			}
		}
		w := httptest.NewRecorder()
		srv.ServeHTTP(w, httptest.NewRequest("GET", "/socket.io/socket.io.js.br", nil))
		if w.Code != 400 {
			t.Errorf("%d for a .br by its name", w.Code)
		}
	}
}

func decoded(t *testing.T, coding string, r io.Reader) string {
	t.Helper()
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
	return string(b)
}
