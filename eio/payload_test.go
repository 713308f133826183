package eio

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/wsframe"
)

// decodePayload walks a whole body; what it returns are copies.
func decodePayload(body string, limit int) (out []payloadPacket, err error) {
	l, err := newPayload([]byte(body), limit)
	if err != nil {
		return nil, err
	}
	for {
		p, ok, err := l.next()
		if !ok {
			return out, err
		}
		p.data = bytes.Clone(p.data)
		out = append(out, p)
	}
}

func TestPacketTypes(t *testing.T) {
	var names []string
	for c := '/'; c <= '7'; c++ {
		typ, data, ok := parsePacket([]byte(string(c) + "x"))
		if ok != (c >= '0' && c <= '6') || ok && (string(data) != "x" || rune(typ) != c) {
			t.Errorf("%c: %v %q %v", c, typ, data, ok)
		}
		names = append(names, PacketType(c).String())
	}
	if got := strings.Join(names, " "); got != "unknown open close ping pong message upgrade noop unknown" {
		t.Error(got)
	}
	if _, _, ok := parsePacket(nil); ok {
		t.Error("an empty packet")
	}
}

func TestPayloadDecode(t *testing.T) {
	for body, want := range map[string]string{
		"4hello":                 "4hello",
		"4hello\x1e4world":       "4hello 4world",
		"4hello\x1e2\x1e4\u20ac": "4hello 2 4\u20ac", // the protocol's text
		"bAQIDBA==":              "b\x01\x02\x03\x04",
		"bAQID\nBA==\n":          "b\x01\x02\x03\x04", // as the Java client has it
		"bAQID\r\nBA==\r\n\x1e6": "b\x01\x02\x03\x04 6",
		"bAQIDBA":                "b\x01\x02\x03\x04", // as the reference's decoder: padding may be missing
		"4hello\x1ebAQIDBA==":    "4hello b\x01\x02\x03\x04",
		"b":                      "b",
		"6\x1e5\x1e0":            "6 5 0",
		"451-[{\"_placeholder\":true,\"num\":0}]\x1ebAQI=": "451-[{\"_placeholder\":true,\"num\":0}] b\x01\x02",
	} {
		packets, err := decodePayload(body, 10)
		var got []string
		for _, p := range packets {
			if p.binary {
				got = append(got, "b"+string(p.data))
			} else {
				got = append(got, string(byte(p.typ))+string(p.data))
			}
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%q: %q %v, want %q", body, got, err, want)
		}
	}
}

func TestPayloadRefuses(t *testing.T) {
	for body, want := range map[string]struct {
		before int // packets that are still good
		err    error
	}{
		"":                     {0, errPayloadPacket},
		"abc":                  {0, errPayloadPacket},
		"7":                    {0, errPayloadPacket},
		"4a\x1e":               {1, errPayloadPacket},
		"\x1e4a":               {0, errPayloadPacket},
		"4a\x1e\x1e4b":         {1, errPayloadPacket},
		"bA":                   {0, errPayloadPacket},
		"b!!!!":                {0, errPayloadPacket},
		"4\xff":                {0, errPayloadUTF8},
		"4a\x1e4b\x1e4c\x1e4d": {3, errPayloadMany},
	} {
		packets, err := decodePayload(body, 3)
		if err != want.err || len(packets) != want.before {
			t.Errorf("%q: %d packets, %v; want %d, %v", body, len(packets), err, want.before, want.err)
		}
	}
}

func TestPayloadEncode(t *testing.T) {
	var frames []byte
	frames = wsframe.AppendFrame(frames, wsframe.OpText, []byte(`42["a"]`))
	frames = wsframe.AppendFrame(frames, wsframe.OpText, []byte(`451-["c",{"_placeholder":true,"num":0}]`))
	frames = wsframe.AppendFrame(frames, wsframe.OpBinary, []byte{1, 2})
	frames = wsframe.AppendFrame(frames, wsframe.OpBinary, bytes.Repeat([]byte{0xff}, 70000))
	const head = "42[\"a\"]\x1e451-[\"c\",{\"_placeholder\":true,\"num\":0}]\x1ebAQI=\x1eb"
	want := head + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{0xff}, 70000))
	if got := string(appendPayload(nil, frames, false)); got != want {
		t.Errorf("%.200q", got)
	}
	if got := string(appendPayload([]byte("2"), frames, true)); got != "2\x1e"+want {
		t.Errorf("%.200q", got)
	}
	if size, packets := payloadSize(frames); size+packets-1 != len(want) || packets != 4 {
		t.Errorf("%d bytes in %d packets, want %d in 4", size, packets, len(want))
	}
}

// FuzzPayload: what decodes encodes again to an equal payload.
func FuzzPayload(f *testing.F) {
	f.Add("4hello\x1e2\x1e4\u20ac")
	f.Add("bAQIDBA==\x1eb\x1e6")
	f.Add("bAQID\nBA==\n\x1e4a")
	f.Add("\x1e")
	f.Fuzz(func(t *testing.T, body string) {
		packets, err := decodePayload(body, 100)
		if err != nil {
			return
		}
		var frames []byte
		for _, p := range packets {
			if p.binary {
				frames = wsframe.AppendFrame(frames, wsframe.OpBinary, p.data)
			} else {
				frames = wsframe.AppendFrame(frames, wsframe.OpText, append([]byte{byte(p.typ)}, p.data...))
			}
		}
		again := string(appendPayload(nil, frames, false))
		if size, n := payloadSize(frames); n != len(packets) || size+n-1 != len(again) {
			t.Fatalf("%q: size %d of %d packets", again, size, n)
		}
		back, err := decodePayload(again, 100)
		if err != nil || len(back) != len(packets) {
			t.Fatalf("%q became %q: %v", body, again, err)
		}
		for i := range back {
			if back[i].typ != packets[i].typ || !bytes.Equal(back[i].data, packets[i].data) {
				t.Fatalf("%q became %q", body, again)
			}
		}
		if !strings.Contains(body, "b") && again != body {
			t.Fatalf("%q became %q", body, again)
		}
	})
}

func TestOpenPacket(t *testing.T) {
	o := openPacket{upgrade: true, pingInterval: 25000, pingTimeout: 20000, maxPayload: 1000000}
	const want = `0{"sid":"8hvYWeD2-6l4-W26AAAA","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
	if got := string(o.append(nil, "8hvYWeD2-6l4-W26AAAA")); got != want || len(got) != 118 {
		t.Errorf("%s", got)
	}
	o = openPacket{pingInterval: 300, pingTimeout: 200, maxPayload: 1}
	if got := string(o.append(nil, "a\"é\n")); got != `0{"sid":"a\"é\n","upgrades":[],"pingInterval":300,"pingTimeout":200,"maxPayload":1}` {
		t.Errorf("%s", got)
	}
}

func TestSID(t *testing.T) {
	var s sidSource
	seen := map[string]bool{}
	for i := range uint32(1000) {
		number := i * 16778 & (1<<24 - 1)
		id := s.next(number)
		text := id.String()
		if len(text) != sidLen || seen[text[:16]] || strings.Trim(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			t.Fatalf("%q", text)
		}
		seen[text[:16]] = true
		back, ok := parseSID([]byte(text))
		if !ok || back != id || back.number() != number {
			t.Fatalf("%q: %v %d, want %d", text, ok, back.number(), number)
		}
	}
	for _, bad := range []string{"", "__proto__", "constructor", "8hvYWeD2-6l4-W26AAA", "8hvYWeD2-6l4-W26AAAAA",
		"8hvYWeD2+6l4/W26AAAA", "8hvYWeD2-6l4-W26AA==", "8hvYWeD2-6l4-W26AA\r\n"} {
		if _, ok := parseSID([]byte(bad)); ok {
			t.Errorf("%q is no session id", bad)
		}
	}
}
