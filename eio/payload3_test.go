package eio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/wsframe"
)

// show3 writes packets down: the type, a "b" before binary data, the data.
func show3(packets []payloadPacket) string {
	var out []string
	for _, p := range packets {
		mark := ""
		if p.binary {
			mark = "b"
		}
		out = append(out, mark+string(byte(p.typ))+string(p.data))
	}
	return strings.Join(out, "|")
}

// decodePayload3 walks a whole body; what it returns are copies.
func decodePayload3(body string, binary bool, limit int) (out []payloadPacket, err error) {
	l, err := newPayload3([]byte(body), binary, limit)
	for err == nil {
		var p payloadPacket
		var ok bool
		if p, ok, err = l.next(); !ok {
			break
		}
		p.data = bytes.Clone(p.data)
		out = append(out, p)
	}
	return out, err
}

func TestPayload3Text(t *testing.T) {
	for body, want := range map[string]string{
		"1:2":                                 "2",
		"2:401:3":                             "40|3",
		"6:4hello":                            "4hello",
		"06:4hello":                           "4hello",
		"26:42[\"message-back\",\"€\",\"a\"]": "42[\"message-back\",\"€\",\"a\"]", // 28 bytes
		"3:4😀1:6":                             "4😀|6",                             // a surrogate pair
		"2:4é2:4€":                            "4é|4€",
		"0:":                                  "",
		"0:1:2":                               "2",
		"1:61:1":                              "6|1",
		"8:451-[0]]6:b4AQL/":                  "451-[0]]|b4\x01\x02\xff",
		"2:b4":                                "b4",
		"11:2hello wor":                       "",
		"41:451-[\"buf\",{\"_placeholder\":true,\"num\":0}]6:b4AQL/": "451-[\"buf\",{\"_placeholder\":true,\"num\":0}]|b4\x01\x02\xff",
	} {
		got, err := decodePayload3(body, false, 10)
		if wrong := body == "11:2hello wor"; wrong != (err != nil) || show3(got) != want {
			t.Errorf("%q: %q %v, want %q", body, show3(got), err, want)
		}
	}
}

func TestPayload3TextRefuses(t *testing.T) {
	for body, before := range map[string]int{
		"": 0, ":": 0, "1": 0, "a:2": 0, "1:": 0, "-1:2": 0, "+1:2": 0, " 1:2": 0, "1e0:2": 0, "0x1:2": 0,
		"2:2": 0, "1:22": 1, "1:7": 0, "1:b": 0, "2:b7": 0, "3:b4!": 0, "1:2x": 1, "1:22:4a:": 2,
		"2:4😀": 0, "1:\xff": 0, "1:2\xff": 0, // half a pair; not UTF-8
		"99999999999999999999999:2":      0,
		strings.Repeat("0", 400) + "9:2": 0,
		strings.Repeat("1:2", 11):        10,
		strings.Repeat("0:", 10) + "1:2": 0,
		"18446744073709551617:2":         0,
		"1:2" + strings.Repeat("9", 400): 1,
	} {
		if got, err := decodePayload3(body, false, 10); err == nil || len(got) != before {
			t.Errorf("%.40q: %q %v, want %d and an error", body, show3(got), err, before)
		}
	}
}

// binary3 is one packet of a binary payload.
func binary3(mark byte, data string) string {
	out := []byte{mark}
	for _, c := range strconv.Itoa(len(data)) {
		out = append(out, byte(c-'0'))
	}
	return string(append(append(out, 0xff), data...))
}

func TestPayload3Binary(t *testing.T) {
	const event = `451-["buf",{"_placeholder":true,"num":0}]`
	for body, want := range map[string]string{
		"": "",
		"\x00\x04\x01\xff" + event + "\x01\x04\xff\x04\x01\x02\xff": event + "|b4\x01\x02\xff",
		binary3(0, "4€😀"):                               "4€😀", // the length is in bytes
		binary3(0, "b4AQL/"):                            "b4\x01\x02\xff",
		binary3(1, "\x04"):                              "b4",
		binary3(1, "\x02") + binary3(0, "2"):            "b2|2",
		binary3(1, "\x04"+strings.Repeat("\xff", 1234)): "b4" + strings.Repeat("\xff", 1234),
	} {
		if got, err := decodePayload3(body, true, 10); err != nil || show3(got) != want {
			t.Errorf("%q: %q %v, want %q", body, show3(got), err, want)
		}
	}
	for _, body := range []string{
		"\x00", "\x01", "\x02\x01\xff4", "\x00\xff", "\x00\xff4", "\x00\x01", "\x00\x01\x0a\xff4", "\x00\x01\xfe4",
		"\x00\x02\xff4", "\x01\x00\xff", "\x00\x00\xff", "\x01\x01\xff\x07", "\x01\x01\xff4", "\x00\x01\xff\xff", binary3(0, "4\xff"),
		"\x00" + strings.Repeat("\x09", 400) + "\xff4", "\x00" + strings.Repeat("\x00", 400) + "\x02\xff4",
		"\x00" + strings.Repeat("\x09", 400), strings.Repeat(binary3(0, "2"), 11), binary3(0, "b4!"), binary3(0, "b"),
	} {
		if got, err := decodePayload3(body, true, 10); err == nil {
			t.Errorf("%.40q: %q without an error", body, show3(got))
		}
	}
}

// TestPayload3Encode is the golden bytes of the wire reference.
func TestPayload3Encode(t *testing.T) {
	var frames []byte
	text := func(s string) { frames = wsframe.AppendFrame(frames, wsframe.OpText, []byte(s)) }
	text(`451-["buf",{"_placeholder":true,"num":0}]`)
	frames = wsframe.AppendFrame(frames, wsframe.OpBinary, []byte{1, 2, 0xff})
	for binary, want := range map[bool]string{
		false: `41:451-["buf",{"_placeholder":true,"num":0}]6:b4AQL/`,
		true:  "\x00\x04\x01\xff" + `451-["buf",{"_placeholder":true,"num":0}]` + "\x01\x04\xff\x04\x01\x02\xff",
	} {
		if got := string(appendPayload3(nil, frames, binary)); got != want {
			t.Errorf("binary %v: %q, want %q", binary, got, want)
		}
	}
	if !hasBinary(frames) {
		t.Error("there is a binary frame")
	}
	frames = nil
	text(`42["message-back","€","a"]`)
	text("4😀")
	text("3")
	if got := string(appendPayload3(nil, frames, false)); got != `26:42["message-back","€","a"]3:4😀1:3` || hasBinary(frames) {
		t.Errorf("%q", got)
	}
}

func TestJSONPHead(t *testing.T) {
	for index, want := range map[string]string{
		"3": "___eio[3](", "12": "___eio[12](", "": "___eio[](", "a1b2);alert(1)//": "___eio[121](",
		strings.Repeat("7", 100): "___eio[" + strings.Repeat("7", maxIndex) + "](",
	} {
		if got := jsonpHead([]byte(index)); got != want {
			t.Errorf("%q: %q, want %q", index, got, want)
		}
	}
}

func TestJSONPEscape(t *testing.T) {
	const in = "118:0{\"sid\":\"a\\b\"}\x1e\u2028\u2029\n\r\t\b\f\x00\x7f€😀\u2027"
	const want = `___eio[3]("118:0{\"sid\":\"a\\b\"}\u001e\u2028\u2029\n\r\t\b\f\u0000` + "\x7f€😀\u2027" + `");`
	got := string(appendJSONP(nil, "___eio[3](", []byte(in)))
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	var back string
	if err := json.Unmarshal([]byte(got[len("___eio[3]("):len(got)-2]), &back); err != nil || back != in {
		t.Errorf("%q %v", back, err)
	}
}

func TestUnescapeNewlines(t *testing.T) {
	for in, want := range map[string]string{
		``: ``, `n`: `n`, `\`: `\`, `a\`: `a\`, `\t`: `\t`, `\\`: `\\`, `\\t`: `\\t`,
		`\n`: "\n", `\\n`: `\n`, `\\\n`: `\\n`, `\\\\n`: `\\\n`, `a\nb\\nc`: "a\nb\\nc", `\nn`: "\nn", `\n\n`: "\n\n", `\\n\n`: "\\n\n",
		`6:4a\nb€`: "6:4a\nb€",
	} {
		if got := string(unescapeNewlines([]byte(in))); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
	for form, want := range map[string]string{
		"d=6%3A4hello": "6:4hello", "d=a+b": "a b", "x=1&d=1%3A2": "1:2", "d=2%3A4%E2%82%AC": "2:4€", "d=": "", "d": "",
		"d=4%5C%5Cn%5Cn": "4\\n\n", "d=%zz%4": "%zz%4", "d=%FF": "\ufffd", "%64=x": "x",
	} {
		if got, ok := formPayload([]byte(form)); !ok || string(got) != want {
			t.Errorf("%q: %q %v, want %q", form, got, ok, want)
		}
	}
	for _, form := range []string{"", "a=b", "dd=1", "1:2"} {
		if got, ok := formPayload([]byte(form)); ok {
			t.Errorf("%q: %q", form, got)
		}
	}
}

// naive3 reads a text payload the way the reference does: as a string of UTF-16
// code units.
func naive3(body string, limit int) (packets string, ok bool) {
	if body == "" || !utf8.ValidString(body) {
		return "", false
	}
	units := utf16.Encode([]rune(body))
	var out []string
	for i := 0; i < len(units); {
		colon := i
		for colon < len(units) && units[colon] >= '0' && units[colon] <= '9' {
			colon++
		}
		n, err := strconv.Atoi(string(utf16.Decode(units[i:colon])))
		if limit--; err != nil || colon == len(units) || units[colon] != ':' || n > len(units)-colon-1 || limit < 0 {
			return strings.Join(out, "|"), false
		}
		i = colon + 1 + n
		p := string(utf16.Decode(units[colon+1 : i]))
		if strings.ContainsRune(p, utf8.RuneError) && !strings.ContainsRune(body, utf8.RuneError) { // half a pair
			return strings.Join(out, "|"), false
		}
		if n == 0 {
			continue
		}
		if b, is := strings.CutPrefix(p, "b"); is {
			data, err := []byte(nil), error(nil)
			if b != "" {
				data, err = base64.StdEncoding.DecodeString(b[1:] + strings.Repeat("=", (5-len(b))&3))
			}
			if b == "" || b[0] < '0' || b[0] > '6' || err != nil {
				return strings.Join(out, "|"), false
			}
			out = append(out, "b"+b[:1]+string(data))
			continue
		}
		if p[0] < '0' || p[0] > '6' {
			return strings.Join(out, "|"), false
		}
		out = append(out, p)
	}
	return strings.Join(out, "|"), true
}

// FuzzPayload3 holds the text walker against the naive one, and has both forms
// of what was read come back as it was.
func FuzzPayload3(f *testing.F) {
	for _, seed := range []string{
		"6:4hello1:2", "26:42[\"message-back\",\"€\",\"a\"]", "3:4😀", "2:4😀", "0:", "6:b4AQL/", "1:2x", "99999999999999999999:2",
		"\x00\x01\xff2\x01\x04\xff\x04\x01\x02\xff", "\x00\x09\x09\x09\xff", "",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		packets, err := decodePayload3(body, false, 50)
		if !strings.Contains(body, "\ufffd") && !strings.Contains(body, "=") && !strings.ContainsAny(body, "\r\n") {
			if want, ok := naive3(body, 50); ok != (err == nil) || show3(packets) != want {
				t.Fatalf("%q: %q %v, want %q %v", body, show3(packets), err, want, ok)
			}
		}
		more, _ := decodePayload3(body, true, 50)
		var frames []byte
		want := ""
		for _, p := range append(packets, more...) {
			if p.binary && p.typ != PacketMessage {
				continue
			}
			op, data := wsframe.OpText, append([]byte{byte(p.typ)}, p.data...)
			if p.binary {
				op, data = wsframe.OpBinary, p.data
			}
			frames = wsframe.AppendFrame(frames, op, data)
			if want != "" {
				want += "|"
			}
			want += show3([]payloadPacket{p})
		}
		if frames == nil {
			return
		}
		for _, binary := range []bool{false, true} {
			again := appendPayload3(nil, frames, binary)
			back, err := decodePayload3(string(again), binary, 100)
			if err != nil || show3(back) != want {
				t.Fatalf("%q became %q: %v, want %q", again, show3(back), err, want)
			}
		}
	})
}

// FuzzJSONP: what is escaped is a JSON string of the same text, in one line that
// JavaScript takes too, and what a client escapes comes back.
func FuzzJSONP(f *testing.F) {
	f.Add("6:4hello\n\\n\u2028")
	f.Add("\\\\n\\n\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		script := string(appendScriptString(nil, []byte(text)))
		var back string
		if err := json.Unmarshal([]byte(script), &back); err != nil || back != text || strings.ContainsAny(script, "\n\r\u2028\u2029") {
			t.Fatalf("%q became %q: %q %v", text, script, back, err)
		}
		// The client's side: an n behind a backslash gets one more, then newlines
		// become both.
		sent := strings.ReplaceAll(strings.ReplaceAll(text, `\n`, `\`+"\n"), "\n", `\n`)
		if got := string(unescapeNewlines([]byte(sent))); got != text && !strings.Contains(text, `\`+"\n") && !strings.Contains(text, `\\n`) {
			t.Fatalf("%q was sent as %q and became %q", text, sent, got)
		}
		formPayload([]byte(text))
		formPayload([]byte("d=" + text))
	})
}
