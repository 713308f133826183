package wsframe

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

func TestAppendCloseGolden(t *testing.T) {
	for _, c := range []struct {
		code   ws.StatusCode
		reason string
		want   string
	}{
		{0, "", "88 00"},
		{1005, "never sent", "88 00"}, // what a server-side close and the answer to an empty one is
		{1002, "", "88 02 03ea"},
		{1007, "", "88 02 03ef"},
		{1009, "", "88 02 03f1"},
		{1000, "bye", "88 05 03e8 627965"},
		{4999, "€", "88 05 1387 e282ac"},
	} {
		if got := AppendClose(nil, c.code, c.reason); !bytes.Equal(got, unhex(t, c.want)) {
			t.Errorf("%d %q: % x, want %s", c.code, c.reason, got, c.want)
		}
	}
	for name, f := range map[string][]byte{"89 00": Ping, "8a 00": Pong, "88 00": Close} {
		if !bytes.Equal(f, unhex(t, name)) {
			t.Errorf("ready-made % x, want %s", f, name)
		}
	}
}

// TestAppendCloseCut: a long reason is cut so that the frame stays one that a
// client accepts.
func TestAppendCloseCut(t *testing.T) {
	for pre := range 5 {
		for _, r := range []string{"x", "µ", "€", "😀"} {
			reason := strings.Repeat(".", pre) + strings.Repeat(r, 130)
			op, payload, rest, ok := Next(AppendClose(nil, 1011, reason))
			if !ok || op != ws.OpClose || len(rest) != 0 || len(payload) > 125 || len(payload) < 125-3 {
				t.Fatalf("%d×%q: %d bytes", pre, r, len(payload))
			}
			if !utf8.Valid(payload[2:]) || !strings.HasPrefix(reason, string(payload[2:])) {
				t.Errorf("%d×%q: cut within a character", pre, r)
			}
		}
	}
	// No text at all: it is cut somewhere, and nothing is read beyond it.
	if _, payload, _, ok := Next(AppendClose(nil, 1011, strings.Repeat("\x80", 200))); !ok || len(payload) > 125 {
		t.Error("a reason of continuation bytes is not cut")
	}
}

func TestValidCloseCode(t *testing.T) {
	for code := range 1 << 16 {
		in := appendMasked(nil, 0x88, []byte{byte(code >> 8), byte(code)})
		var d Decoder
		m, _, err := d.Next(in)
		if ok := ValidCloseCode(ws.StatusCode(code)); ok != (err == nil) || ok && m.Code != ws.StatusCode(code) {
			t.Fatalf("%d: %v, %+v, %v", code, ok, m, err)
		}
		// gobwas agrees, but for the codes above 4999 and the registered three.
		want := ws.CheckCloseFrameData(ws.StatusCode(code), "") == nil
		switch {
		case code >= 5000:
			want = false
		case code == 1012, code == 1013:
			want = true
		}
		if got := ValidCloseCode(ws.StatusCode(code)); got != want {
			t.Errorf("ValidCloseCode(%d) = %v, want %v", code, got, want)
		}
	}
}

func TestCloseErrorText(t *testing.T) {
	if got := errTooBig.Error(); got != "wsframe: 1009 message too big" {
		t.Error(got)
	}
}
