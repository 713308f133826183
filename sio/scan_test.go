package sio

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
)

// valid is what parsePacket asks of a payload.
func valid(b []byte, depth int) bool {
	end := skipValue(b, skipSpace(b, 0), depth)
	return end >= 0 && skipSpace(b, end) == len(b)
}

// depthOf is the naive twin of the depth limit, for valid JSON.
func depthOf(b []byte) (most int) {
	d := json.NewDecoder(bytes.NewReader(b))
	for depth := 0; ; {
		tok, err := d.Token()
		if err != nil {
			return most
		}
		switch tok {
		case json.Delim('['), json.Delim('{'):
			depth++
			most = max(most, depth)
		case json.Delim(']'), json.Delim('}'):
			depth--
		}
	}
}

var scanSeeds = []string{
	``, ` `, `null`, `nul`, `true`, `false`, `truex`, `0`, `-0`, `-`, `01`, `1.`, `1.5`, `.5`, `1e5`, `1e`, `1E+5`, `1e-05`, `+1`,
	`""`, `"`, `"a`, `"\"`, `"\\"`, `"\u12fF"`, `"\u12f"`, `"\x"`, "\"\x1f\"", "\"\x7f\"", "\"\xff\xfe\"", `"\ud800"`,
	`[]`, `[ ]`, `[`, `]`, `[,]`, `[1,]`, `[1 2]`, `[[[]]]`, `[1,[2,{"a":[]}]]`,
	`{}`, `{ }`, `{"a"}`, `{"a":}`, `{"a":1,}`, `{a:1}`, `{"a":1 "b":2}`, ` { "a" : 1 , "b" : [ ] } `, `{"a":{"b":{"c":{}}}}`, `{}}`, "\v1", "1\f",
	`"12345678"`, `"1234567"`, `"123456789abcdef"`, `"1234567\n90abcdef\""`, "\"1234567\x0090abcdef\"", `"日本語日本語"`,
}

func checkScan(t *testing.T, src []byte) {
	t.Helper()
	want := json.Valid(src)
	if got := valid(src, len(src)+1); got != want {
		t.Fatalf("%q: %v, encoding/json %v", src, got, want)
	}
	if !want {
		return
	}
	d := depthOf(src)
	if !valid(src, d) || d > 0 && valid(src, d-1) {
		t.Fatalf("%q: depth %d is not the limit", src, d)
	}
	n := 0
	for arg, rest, ok := nextArg(src); ok; arg, rest, ok = nextArg(rest) {
		if n++; !bytes.Equal(arg, bytes.TrimSpace(src)) {
			t.Fatalf("nextArg(%q) = %q", src, arg)
		}
	}
	if n != 1 {
		t.Fatalf("%d arguments in %q", n, src)
	}
}

func TestScan(t *testing.T) {
	for _, s := range scanSeeds {
		checkScan(t, []byte(s))
		for i := range s {
			checkScan(t, []byte(s[:i]))
			checkScan(t, []byte(s[:i]+"x"+s[i:]))
			checkScan(t, []byte("["+s[i:]+"]"))
		}
	}
}

// TestSkipString moves every special byte through every place of a word.
func TestSkipString(t *testing.T) {
	for n := range 40 {
		for at := range n + 1 {
			for _, c := range []string{"", `\"`, `\\`, `\u0041`, "\x00", "\x1f", "\x20", "\x7f", "\x80", "\xa2", "\xdc", "\xff", "é", "!#[]"} {
				s := `"` + strings.Repeat("a", at) + c + strings.Repeat("b", n-at) + `"`
				want := len(s)
				if !json.Valid([]byte(s)) {
					want = -1
				}
				for _, tail := range []string{"", ",1", `,"12345678"`, "\x00\x00\x00\x00\x00\x00\x00\x00\x00"} {
					if got := skipString([]byte(s+tail), 0); got != want {
						t.Fatalf("%q: %d, want %d", s+tail, got, want)
					}
				}
			}
		}
	}
}

// TestSpecial holds the eight-byte test against the table, byte by byte.
func TestSpecial(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200000 {
		var w uint64
		first := -1
		for i := range 8 {
			c := byte(r.Uint32())
			if r.IntN(3) > 0 {
				c = "\"\\\x1f\x20!#[]\x00\x7f\x80\xa2\xff"[r.IntN(13)]
			}
			w |= uint64(c) << (8 * i)
			if first < 0 && !plain[c] {
				first = i
			}
		}
		m := special(w)
		got := -1
		for i := range 8 {
			if m>>(8*i)&0x80 != 0 {
				got = i
				break
			}
		}
		if got != first {
			t.Fatalf("%016x: %d, want %d", w, got, first)
		}
	}
}

func TestNextArg(t *testing.T) {
	for list, want := range map[string][]string{
		``:                      nil,
		` `:                     nil,
		`1`:                     {"1"},
		`1,"a,b",[1,2],{"c":3}`: {"1", `"a,b"`, "[1,2]", `{"c":3}`},
		` 1 , 2 `:               {"1", "2"},
		`1,`:                    {"1"},
		`x`:                     nil, // not what parsePacket accepted
	} {
		var got []string
		for arg, rest, ok := nextArg([]byte(list)); ok; arg, rest, ok = nextArg(rest) {
			got = append(got, string(arg))
		}
		if strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("%q: %q, want %q", list, got, want)
		}
	}
}
