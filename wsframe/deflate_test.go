package wsframe

import (
	"bytes"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/pool"
)

// deflated compresses a message as a client does.
func deflated(t testing.TB, p []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 6)
	if err != nil {
		t.Fatal(err)
	}
	w.Write(p)
	w.Flush()
	return bytes.TrimSuffix(b.Bytes(), []byte(flushTail))
}

// inflated reads what AppendDeflated wrote, as a client does.
func inflated(t testing.TB, p []byte) []byte {
	t.Helper()
	r := flate.NewReader(io.MultiReader(bytes.NewReader(p), strings.NewReader(flushTail+"\x01\x00\x00\xff\xff")))
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func noise(n int) []byte {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

func TestAppendDeflated(t *testing.T) {
	long := `4["x","` + strings.Repeat("lorem ipsum ", 400) + `"]`
	plain := AppendFrame(nil, ws.OpText, []byte("4[\"small\"]"))
	plain = AppendFrame(plain, ws.OpText, []byte(long))
	plain = AppendFrame(plain, ws.OpBinary, noise(3000)) // no smaller in any form
	plain = AppendFrame(plain, ws.OpBinary, make([]byte, 100_000))
	plain = AppendFrame(plain, ws.OpPing, nil)
	for level := pool.MinDeflateLevel; level <= pool.MaxDeflateLevel; level++ {
		got, changed := AppendDeflated([]byte("before"), plain, 1024, level)
		if !changed || !bytes.HasPrefix(got, []byte("before")) {
			t.Fatalf("level %d: changed %v, %.10q", level, changed, got)
		}
		got = got[len("before"):]
		rest := plain
		for i, small := range []bool{false, true, false, true, false} {
			rsv := got[0] & bitsRsv
			op, p, after, ok := Next(got)
			wantOp, want, wantRest, _ := Next(rest)
			if !ok || op != wantOp {
				t.Fatalf("level %d, message %d: op %v, %v", level, i, op, ok)
			}
			if small {
				if rsv != bitRsv1 || len(p) >= len(want) {
					t.Errorf("level %d, message %d: rsv %x, %d of %d bytes", level, i, rsv, len(p), len(want))
				}
				p = inflated(t, p)
			} else if rsv != 0 {
				t.Errorf("level %d, message %d: rsv %x", level, i, rsv)
			}
			if !bytes.Equal(p, want) {
				t.Errorf("level %d, message %d is another one: %.40q", level, i, p)
			}
			got, rest = after, wantRest
		}
		if len(got) > 0 {
			t.Errorf("level %d: %d bytes more", level, len(got))
		}
	}
	if got, changed := AppendDeflated(nil, plain[:12], 1024, 1); changed || !bytes.Equal(got, plain[:12]) {
		t.Errorf("a small message alone: %v %q", changed, got)
	}
	if n := Longest(plain); n != 100_000 {
		t.Errorf("the longest has %d bytes", n)
	}
}

// inflateAll feeds in, a run of client frames, and inflates what is compressed.
func inflateAll(d *Decoder, in []byte) (all []string, err error) {
	buf := pool.Get()
	defer pool.Put(buf)
	for {
		m, n, err := d.Next(in)
		if err != nil || m.Op == 0 {
			return all, err
		}
		in = in[n:]
		if m.Compressed {
			if err := d.Inflate(&m, buf); err != nil {
				return all, err
			}
		}
		all = append(all, show(m.Op, m.Payload))
	}
}

func TestInflate(t *testing.T) {
	hello := deflated(t, []byte("Hello"))
	final := "\xf3\x48\xcd\xc9\xc9\x07\x00\x00" // RFC 7692, 7.2.3.4: with BFINAL
	stored := "\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"
	two := "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00" // 7.2.3.5: two blocks
	bomb := deflated(t, make([]byte, 4097))
	for _, c := range []struct {
		name, in, want string
		code           ws.StatusCode
	}{
		{"one frame", clientFrame(0xc1, string(hello)), `text "Hello"`, 0},
		{"binary", clientFrame(0xc2, string(hello)), `binary "Hello"`, 0},
		{"a final block", clientFrame(0xc1, final), `text "Hello"`, 0},
		{"a stored block", clientFrame(0xc1, stored), `text "Hello"`, 0},
		{"two blocks", clientFrame(0xc1, two), `text "Hello"`, 0},
		{"empty: one byte", clientFrame(0xc1, "\x00"), `text ""`, 0},
		{"empty: none", clientFrame(0xc2, ""), `binary ""`, 0},
		{"fragments", clientFrame(0x41, string(hello[:3])) + clientFrame(0x89, "p") + clientFrame(0x00, string(hello[3:5])) + clientFrame(0x80, string(hello[5:])),
			`ping "p", text "Hello"`, 0},
		{"plain after compressed", clientFrame(0xc1, string(hello)) + clientFrame(0x81, "x"), `text "Hello", text "x"`, 0},
		{"as long as allowed", clientFrame(0xc2, string(deflated(t, make([]byte, 4096)))), `binary 4096:c71c0011`, 0},
		{"one byte more", clientFrame(0xc2, string(bomb)), "", ws.StatusMessageTooBig},
		{"bomb", clientFrame(0xc2, string(deflated(t, make([]byte, 1<<20)))), "", ws.StatusMessageTooBig},
		{"garbage", clientFrame(0xc1, "\xff\xff\xff\xff"), "", ws.StatusInvalidFramePayloadData},
		{"cut off", clientFrame(0xc1, string(hello[:4])), "", ws.StatusInvalidFramePayloadData},
		{"reserved block type", clientFrame(0xc1, "\x06"), "", ws.StatusInvalidFramePayloadData},
		{"distance before the start", clientFrame(0xc1, "\x03\x02\x00"), "", ws.StatusInvalidFramePayloadData},
		{"not UTF-8", clientFrame(0xc1, string(deflated(t, []byte("\xff")))), "", ws.StatusInvalidFramePayloadData},
		{"RSV1 on a continuation", clientFrame(0x41, string(hello[:3])) + clientFrame(0xc0, string(hello[3:])), "", ws.StatusProtocolError},
		{"RSV1 on a ping", clientFrame(0xc9, "x"), "", ws.StatusProtocolError},
		{"RSV2", clientFrame(0xa1, "x"), "", ws.StatusProtocolError},
		{"RSV1 and RSV3", clientFrame(0xd1, "x"), "", ws.StatusProtocolError},
	} {
		d := Decoder{Max: 4096, Deflate: true}
		all, err := inflateAll(&d, []byte(c.in))
		var ce *CloseError
		if got := strings.Join(all, ", "); c.code == 0 && (err != nil || got != c.want) {
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		} else if c.code != 0 && (!errors.As(err, &ce) || ce.Code != c.code || !d.Dead()) {
			t.Errorf("%s: %s, %v; want %d", c.name, got, err, c.code)
		}
		d.Release()
	}
}

// clientFrame is one client frame, as a string.
func clientFrame(b0 byte, payload string) string { return string(appendMasked(nil, b0, payload)) }

// TestInflateBomb holds the bound in memory, not only in bytes delivered.
func TestInflateBomb(t *testing.T) {
	bomb := clientFrame(0xc2, string(deflated(t, make([]byte, 8<<20))))
	d := Decoder{Max: 1 << 20, Deflate: true}
	m, _, err := d.Next([]byte(bomb))
	if err != nil {
		t.Fatal(err)
	}
	buf := pool.Get()
	defer pool.Put(buf)
	if err := d.Inflate(&m, buf); err == nil {
		t.Fatal("the bomb was taken")
	}
	if cap(buf.B) > 1<<20+1 {
		t.Errorf("a buffer of %d bytes", cap(buf.B))
	}
}

// FuzzInflate: no panic, the limit holds, and what a compressor wrote comes back.
func FuzzInflate(f *testing.F) {
	f.Add([]byte("Hello"), []byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), uint16(10))
	f.Add([]byte{}, []byte("\x00"), uint16(0))
	f.Add(bytes.Repeat([]byte("ab"), 3000), deflated(f, make([]byte, 5000)), uint16(4096))
	f.Add([]byte("x"), []byte("\xff\xff\xff\xff"), uint16(100))
	f.Add([]byte("x"), []byte("\x03\x02\x00"), uint16(100))
	f.Fuzz(func(t *testing.T, text, raw []byte, limit uint16) {
		d := Decoder{Max: uint32(limit) + 1, Deflate: true}
		buf := pool.Get()
		defer pool.Put(buf)
		m := Message{Op: ws.OpBinary, Compressed: true, Payload: raw}
		if err := d.Inflate(&m, buf); err == nil && len(m.Payload) > int(limit)+1 {
			t.Fatalf("%d bytes, limit %d", len(m.Payload), limit+1)
		}
		small, changed := AppendDeflated(nil, AppendFrame(nil, ws.OpBinary, text), 1, 1)
		_, p, _, ok := Next(small)
		if !ok {
			t.Fatalf("no frame: %x", small)
		}
		d = Decoder{Max: uint32(len(text) + 1), Deflate: true}
		m = Message{Op: ws.OpBinary, Compressed: changed, Payload: p}
		if changed {
			if err := d.Inflate(&m, buf); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(m.Payload, text) {
			t.Fatalf("%q came back as %q", text, m.Payload)
		}
	})
}

func BenchmarkDeflate(b *testing.B) {
	for _, n := range []int{1 << 10, 4 << 10, 64 << 10} {
		plain := AppendFrame(nil, ws.OpText, jsonText(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				dst, _ = AppendDeflated(dst[:0], plain, 1024, 1)
			}
			b.ReportMetric(float64(len(dst))/float64(n), "ratio")
		})
	}
}

func BenchmarkInflate(b *testing.B) {
	for _, n := range []int{1 << 10, 4 << 10, 64 << 10} {
		small := deflated(b, jsonText(n))
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			buf := pool.Get()
			defer pool.Put(buf)
			d := Decoder{Deflate: true}
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				m := Message{Op: ws.OpText, Compressed: true, Payload: small}
				if err := d.Inflate(&m, buf); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// jsonText is n bytes of what applications send.
func jsonText(n int) []byte {
	r := rand.New(rand.NewPCG(3, 4))
	var b bytes.Buffer
	b.WriteString("4[\"feed\",[")
	for b.Len() < n {
		fmt.Fprintf(&b, `{"id":%d,"name":"user%d","score":%.3f,"tags":["alpha","beta","%x"]},`,
			r.IntN(1e6), r.IntN(1000), r.Float64()*100, r.Uint32())
	}
	return b.Bytes()[:n]
}
