package wire

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"testing"
)

func TestStamp(t *testing.T) {
	for _, size := range []int{MinStamp, MinStamp + 1, 64, 5000, 70000} {
		want := Stamp{ID: 0xabcdef, Seq: 1<<36 - 1 - uint64(size), Time: 1<<48 - 7}
		p := AppendStamp(nil, 99, want, size)
		if len(p) != size {
			t.Fatalf("size %d: %d bytes", size, len(p))
		}
		if q, err := json.Marshal(string(p)); err != nil || len(q) != size+2 {
			t.Errorf("size %d: the payload needs escapes", size)
		}
		if got, ok := ParseStamp(p, 99, size); !ok || got != want {
			t.Errorf("size %d: got %+v %v, want %+v", size, got, ok, want)
		}
		if _, ok := ParseStamp(p, 98, size); ok {
			t.Errorf("size %d: accepted for another run", size)
		}
		if _, ok := ParseStamp(p[:size-1], 99, size); ok {
			t.Errorf("size %d: accepted when cut", size)
		}
		for range 200 { // any one changed byte is seen
			i := rand.IntN(size)
			q := bytes.Clone(p)
			q[i] ^= byte(1 + rand.IntN(255))
			if _, ok := ParseStamp(q, 99, size); ok {
				t.Fatalf("size %d: byte %d changed from %q to %q unseen", size, i, p[i], q[i])
			}
		}
	}
}

func TestFrames(t *testing.T) {
	for _, size := range []int{0, 1, 7, 8, 125, 126, 65535, 65536} {
		payload := bytes.Repeat([]byte("abcdefghijk"), size/11+1)[:size]
		// A masked frame differs from the server's form by the mask alone.
		b := AppendFrame(nil, OpText, payload, [4]byte{1, 2, 3, 4})
		head := len(b) - size - 4
		b[1] &^= 0x80
		Mask(b[head+4:], [4]byte{1, 2, 3, 4})
		b = append(b[:head], b[head+4:]...)
		for _, cut := range []int{0, 1, 2, head, len(b) - 1} {
			if cut < len(b) {
				if _, n, err := ParseFrame(b[:cut]); n != 0 || err != nil {
					t.Errorf("size %d cut at %d: n=%d err=%v", size, cut, n, err)
				}
			}
		}
		f, n, err := ParseFrame(append(b, 0x81))
		if err != nil || n != len(b) || f.Op != OpText || !f.Fin || !bytes.Equal(f.Payload, payload) {
			t.Errorf("size %d: %v n=%d of %d err=%v", size, f.Op, n, len(b), err)
		}
	}
	for _, bad := range []string{"\xc1\x00", "\x83\x00", "\x81\x80", "\x09\x00", "\x89\x7e\x00\x7e", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"} {
		if _, _, err := ParseFrame([]byte(bad)); err == nil {
			t.Errorf("%x accepted", bad)
		}
	}
}

func TestMaskOracle(t *testing.T) {
	key := [4]byte{9, 200, 3, 77}
	for n := range 40 {
		p := make([]byte, n)
		Mask(p, key)
		for i := range p {
			if p[i] != key[i%4] {
				t.Fatalf("length %d: byte %d", n, i)
			}
		}
	}
}

func TestPackets(t *testing.T) {
	st := Stamp{ID: 1, Seq: 2, Time: 3}
	payload := string(AppendStamp(nil, 7, st, 30))
	for _, c := range []struct{ got, want string }{
		{string(AppendEvent(nil, "echo", -1, "", 7, st, 30)), `42["echo","` + payload + `"]`},
		{string(AppendEvent(nil, "echo", 105, "", 7, st, 30)), `42105["echo","` + payload + `"]`},
		{string(AppendEvent(nil, "room", -1, "r1", 7, st, 30)), `42["room","r1","` + payload + `"]`},
	} {
		if c.got != c.want {
			t.Errorf("got %s want %s", c.got, c.want)
		}
	}
	for in, want := range map[string]string{
		`2["all","x"]`: "x", `2["all", "x"]`: "x", ` 2["all","x"]`: "-", `2["al","x"]`: "-", `2["all","x","y"]`: "-",
		`2["all","x"`: "-", `2["all",""]`: "", `2["all"]`: "-", `2["all","\u0041"]`: "A", `3["all","x"]`: "-", ``: "-",
	} {
		got, ok := EventArg([]byte(in), "all")
		if !ok {
			got = []byte("-")
		}
		if string(got) != want {
			t.Errorf("EventArg(%s) = %s, want %s", in, got, want)
		}
	}
	if id, list, ok := Ack([]byte(`312["a"]`)); !ok || id != 12 || string(list) != `["a"]` {
		t.Errorf("Ack: %d %s %v", id, list, ok)
	}
	for _, bad := range []string{"3", "3[]", "312", "2[]1[]", ""} {
		if _, _, ok := Ack([]byte(bad)); ok {
			t.Errorf("Ack(%q) accepted", bad)
		}
	}
	if arg, ok := AckArg([]byte(`["a"]`)); !ok || string(arg) != "a" {
		t.Errorf("AckArg: %s %v", arg, ok)
	}
	if _, ok := AckArg([]byte(`["a","b"]`)); ok {
		t.Error("AckArg took two arguments")
	}
}

// The answers of net/http, whole and in pieces.
func TestResponses(t *testing.T) {
	long := bytes.Repeat([]byte("0123456789"), 1000)
	h := func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/chunked" {
			for i := 0; i < len(long); i += 700 {
				_, _ = w.Write(long[i:min(i+700, len(long))])
				w.(http.Flusher).Flush()
			}
			return
		}
		_, _ = w.Write([]byte("plain"))
	}
	s := httptest.NewServer(http.HandlerFunc(h))
	defer s.Close()
	for path, want := range map[string][]byte{"/": []byte("plain"), "/chunked": long} {
		res, err := http.Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := httputil.DumpResponse(res, true)
		_ = res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		raw = append(raw, "HTTP/1.1 200"...) // the next answer has begun
		for cut := range len(raw) - 12 {
			if _, n, err := ParseResponse(bytes.Clone(raw[:cut])); n != 0 || err != nil {
				t.Fatalf("%s cut at %d: n=%d err=%v", path, cut, n, err)
			}
		}
		r, n, err := ParseResponse(raw)
		if err != nil || n != len(raw)-12 || r.Status != 200 || !bytes.Equal(r.Body, want) {
			t.Errorf("%s: n=%d of %d status=%d err=%v", path, n, len(raw), r.Status, err)
		}
	}
	for _, bad := range []string{"HTTP/1.1 200 OK\r\n\r\n", "junk\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"} {
		if _, _, err := ParseResponse([]byte(bad)); err == nil {
			t.Errorf("%q accepted", bad)
		}
	}
}

func TestAllocs(t *testing.T) {
	buf := make([]byte, 0, 4096)
	st := Stamp{ID: 5, Seq: 6, Time: 7}
	event := AppendEvent(nil, "echo", -1, "", 7, st, 64)[1:]
	ack := []byte("312[\"" + string(AppendStamp(nil, 7, st, 64)) + "\"]")
	http := []byte("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: keep-alive\r\n\r\nok")
	for name, op := range map[string]func(){
		"event out": func() {
			b := AppendHead(buf, OpText, 100, [4]byte{1})
			b = AppendEvent(b, "echo", 17, "room-1", 7, st, 64)
			Mask(b, [4]byte{1, 2, 3, 4})
		},
		"event in": func() {
			p, _ := EventArg(event, "echo")
			if _, ok := ParseStamp(p, 7, 64); !ok {
				t.Fatal("bad stamp")
			}
		},
		"ack in": func() {
			_, l, _ := Ack(ack)
			if _, ok := AckArg(l); !ok {
				t.Fatal("bad ack")
			}
		},
		"http in": func() {
			if _, n, _ := ParseResponse(http); n != len(http) {
				t.Fatal("bad answer")
			}
		},
	} {
		if n := testing.AllocsPerRun(200, op); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
}
