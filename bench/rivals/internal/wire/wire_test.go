package wire

import (
	"bytes"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string]Packet{
		"40":                         {Kind: Connect},
		"41":                         {Kind: Disconnect},
		`42["echo","hi"]`:            {Kind: Echo, Args: []byte(`"hi"]`)},
		`4217["echo","h[i]"]`:        {Kind: Echo, ID: []byte("17"), Args: []byte(`"h[i]"]`)},
		`42["all","x,y"]`:            {Kind: All, Args: []byte(`"x,y"]`)},
		`42["room","r 1","x,y"]`:     {Kind: Room, Room: []byte(`"r 1"`), Args: []byte(`"x,y"]`)},
		`420["join","r 1"]`:          {Kind: Join, ID: []byte("0"), Room: []byte(`"r 1"`)},
		`42["stranger","hi"]`:        {},
		"":                           {},
		"2":                          {},
		"42":                         {},
		`43["echo"]`:                 {},
		"5" + `2["echo","upgrade?"]`: {},
	} {
		got := Parse([]byte(in))
		if got.Kind != want.Kind || !bytes.Equal(got.Room, want.Room) || !bytes.Equal(got.Args, want.Args) ||
			want.Kind != Other && !bytes.Equal(got.ID, want.ID) {
			t.Errorf("%q: got %+v, want %+v", in, got, want)
		}
	}
}

func TestAnswers(t *testing.T) {
	k := Parse([]byte(`427["echo","a"]`))
	if got := string(AppendAck(nil, k.ID, k.Args)); got != `437["a"]` {
		t.Errorf("ack: %q", got)
	}
	k = Parse([]byte(`42["room","r","a"]`))
	if got := string(AppendEvent(nil, "room", k.Args)); got != `42["room","a"]` {
		t.Errorf("event: %q", got)
	}
	a, b := AppendConnect(nil), AppendConnect(nil)
	if bytes.Equal(a, b) || len(a) != len(`40{"sid":""}`)+20 {
		t.Errorf("ids: %q, %q", a, b)
	}
}

// TestFrame reads frames of each length form, whole and cut.
func TestFrame(t *testing.T) {
	for _, n := range []int{0, 1, 125, 126, 65535, 65536} {
		text := strings.Repeat("x", n)
		in := mask(AppendFrame(nil, Text, []byte(text)), n)
		for _, cut := range []int{1, 5, 8, len(in) - 1} {
			if _, _, k := Frame(in[:min(cut, len(in)-1)], 1<<20); k != 0 {
				t.Errorf("%d bytes, cut at %d: took %d", n, cut, k)
			}
		}
		first, p, k := Frame(append(in, "next"...), 1<<20)
		if first != Text || string(p) != text || k != len(in) {
			t.Errorf("%d bytes: %x, %d bytes, %d of %d", n, first, len(p), k, len(in))
		}
	}
	if _, _, n := Frame([]byte{Text, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0}, 1<<20); n >= 0 {
		t.Errorf("a frame too long: %d", n)
	}
}

// mask turns a server's frame of n bytes into a client's.
func mask(f []byte, n int) []byte {
	head := len(f) - n
	key := []byte{1, 2, 3, 4}
	out := append(bytes.Clone(f[:head]), key...)
	out[1] |= 128
	for i, b := range f[head:] {
		out = append(out, b^key[i&3])
	}
	return out
}

// TestUpgrade uses the example of RFC 6455.
func TestUpgrade(t *testing.T) {
	out, ok := AppendUpgrade(nil, []byte("GET / HTTP/1.1\r\nsec-websocket-KEY: dGhlIHNhbXBsZSBub25jZQ=="))
	if !ok || !bytes.Contains(out, []byte("Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n")) {
		t.Errorf("%v %q", ok, out)
	}
	if _, ok := AppendUpgrade(nil, []byte("GET / HTTP/1.1\r\nHost: x")); ok {
		t.Error("no key, but taken")
	}
}
