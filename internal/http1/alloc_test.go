//go:build !race

package http1

import "testing"

func TestAllocs(t *testing.T) {
	var r Request
	parse := func(s string) func() {
		src := []byte(s)
		return func() {
			if n, err := r.Parse(src, maxTestHeader); n == 0 || err != nil {
				t.Error(err)
			}
		}
	}
	query := []byte("EIO=4&transport=polling&name=a+b%20c&t=xyz")
	coding := []byte("br;q=1.0, gzip;q=0.8, *;q=0.1")
	dst := make([]byte, 0, 256)
	body := []byte("ok")
	const chunked = "2\r\n40\r\n1;x\r\n1\r\n0\r\nA: b\r\n\r\n"
	piece := make([]byte, len(chunked))
	for name, op := range map[string]func(){
		"poll":   parse(pollRequest),
		"post":   parse(postRequest),
		"ws":     parse(wsRequest),
		"header": func() { r.Header("Pragma") },
		"coding": func() { PreferredEncoding(coding, "gzip", "deflate") },
		"query":  func() { QueryValue(query, "name", dst) },
		"answer": func() {
			AppendResponse(dst, &Response{Status: 200, ContentType: "text/html", Minor: 1, KeepAlive: true}, body)
		},
		"chunks": func() {
			c := Chunks{Limit: 10}
			if _, _, done, err := c.Decode(piece[:copy(piece, chunked)]); !done || err != nil {
				t.Error(err)
			}
		},
	} {
		op()
		if n := testing.AllocsPerRun(200, op); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
}
