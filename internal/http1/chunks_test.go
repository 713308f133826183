package http1

import (
	"bufio"
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"
)

// decodeIn decodes body in pieces of at most size bytes, and returns the data
// and how much of body it took.
func decodeIn(body string, limit int64, size func() int) (data []byte, took int, done bool, err error) {
	c := Chunks{Limit: limit}
	for took < len(body) && !done && err == nil {
		piece := []byte(body[took:min(len(body), took+size())])
		var m, n int
		m, n, done, err = c.Decode(piece)
		data = append(data, piece[:m]...)
		took += n
		if !done && err == nil && n != len(piece) {
			panic("bytes left over")
		}
	}
	return data, took, done, err
}

var chunkSizes = map[string]func() int{
	"whole":  func() int { return 1 << 20 },
	"bytes":  func() int { return 1 },
	"random": func() int { return 1 + rand.IntN(7) },
}

func TestChunks(t *testing.T) {
	for body, want := range map[string]string{
		"0\r\n\r\n":            "",
		"2\r\n40\r\n0\r\n\r\n": "40",
		"1\r\na\r\nA\r\n0123456789\r\n000\r\n\r\n":  "a0123456789",
		"3;x=\"y\";z\r\nabc\r\n0;end\r\n\r\n":       "abc",
		"1\r\na\r\n0\r\nX: y\r\nTrailer-2:\r\n\r\n": "a",
		"5\r\n\r\n0\r\n\r\n0\r\n\r\n":               "\r\n0\r\n",
	} {
		for name, size := range chunkSizes {
			data, n, done, err := decodeIn(body+"GET /", 100, size)
			if string(data) != want || n != len(body) || !done || err != nil {
				t.Errorf("%q %s: %q n=%d done=%v err=%v", body, name, data, n, done, err)
			}
		}
	}
}

func TestChunksRefuses(t *testing.T) {
	for body, want := range map[string]*Error{
		"\r\n":                                   ErrChunk,
		"g\r\n":                                  ErrChunk,
		"-1\r\n":                                 ErrChunk,
		"0x1\r\na\r\n":                           ErrChunk,
		" 1\r\na":                                ErrChunk,
		"1 \r\na":                                ErrChunk,
		"1\na\n0\n\n":                            ErrChunk,
		"1\rxa":                                  ErrChunk,
		"1\r\nab":                                ErrChunk,
		"1\r\na\rx":                              ErrChunk,
		"1;\n\r\na":                              ErrChunk,
		"0\r\n X: y\r\n\r\n":                     ErrChunk,
		"0\r\nX y\r\n\r\n":                       ErrChunk,
		"0\r\nX: y\n\r\n":                        ErrChunk,
		"0\r\n: y\r\n\r\n":                       ErrChunk,
		"0\r\n\rx":                               ErrChunk,
		"0000000000000000\r\n\r\n":               ErrChunk,
		"fffffffffffffff\r\n":                    ErrBodyTooLarge,
		"b\r\n":                                  ErrBodyTooLarge,
		"5\r\n12345\r\n6\r\n":                    ErrBodyTooLarge,
		"0\r\nX: " + strings.Repeat("y", 20<<10): ErrChunk,
		"1;" + strings.Repeat("y", 20<<10):       ErrChunk,
		strings.Repeat("1;"+strings.Repeat("y", 4000)+"\r\na\r\n", 6): ErrChunk,
	} {
		for name, size := range chunkSizes {
			if _, _, done, err := decodeIn(body, 10, size); done || err != error(want) {
				t.Errorf("%.40q %s: done=%v err=%v, want %v", body, name, done, err, want)
			}
		}
	}
}

// The worst honest client sends a byte a chunk: no limit of framing hits it.
func TestChunksTiny(t *testing.T) {
	body := strings.Repeat("1\r\na\r\n", 50000) + "0\r\n\r\n"
	data, _, done, err := decodeIn(body, 50000, chunkSizes["whole"])
	if len(data) != 50000 || !done || err != nil {
		t.Errorf("%d bytes, done=%v err=%v", len(data), done, err)
	}
}

func FuzzChunks(f *testing.F) {
	f.Add("2\r\n40\r\n0\r\n\r\n", uint64(1))
	f.Add("3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\nGET", uint64(2))
	f.Fuzz(func(t *testing.T, body string, seed uint64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		whole, n, done, err := decodeIn(body, 1000, chunkSizes["whole"])
		cut, n2, done2, err2 := decodeIn(body, 1000, func() int { return 1 + rng.IntN(5) })
		if n != n2 && err == nil || done != done2 || err != err2 || !bytes.Equal(whole, cut) && err == nil {
			t.Fatalf("whole %q %d %v %v, cut %q %d %v %v", whole, n, done, err, cut, n2, done2, err2)
		}
		if !done {
			return
		}
		head := chunkedRequest + body[:n]
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(head)))
		if err != nil {
			t.Fatal(err)
		}
		if want, err := io.ReadAll(r.Body); err != nil || !bytes.Equal(want, whole) {
			t.Fatalf("%q: net/http reads %q %v, we %q", body[:n], want, err, whole)
		}
	})
}
