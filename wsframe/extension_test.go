package wsframe

import (
	"strings"
	"testing"
)

// The answers are what ws 8.23 gives with serverNoContextTakeover and
// clientNoContextTakeover; 400 is a refused handshake, "" one without the
// extension.
var negotiations = []struct{ offer, answer string }{
	{"permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; client_max_window_bits=10", "permessage-deflate; client_max_window_bits=10; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; server_max_window_bits=10", "permessage-deflate; server_max_window_bits=10; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; server_max_window_bits=8; client_max_window_bits=9", "permessage-deflate; server_max_window_bits=8; client_max_window_bits=9; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; server_no_context_takeover", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; client_no_context_takeover; server_no_context_takeover", "permessage-deflate; client_no_context_takeover; server_no_context_takeover"},
	{"permessage-deflate; client_no_context_takeover", "permessage-deflate; client_no_context_takeover; server_no_context_takeover"},
	{"permessage-deflate; client_max_window_bits; server_no_context_takeover", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; server_max_window_bits", "400"},
	{"permessage-deflate; server_max_window_bits=7", "400"},
	{"permessage-deflate; server_max_window_bits=16", "400"},
	{"permessage-deflate; client_max_window_bits=16", "400"},
	{"permessage-deflate; client_max_window_bits=0", "400"},
	{"permessage-deflate; server_no_context_takeover=1", "400"},
	{"permessage-deflate; server_no_context_takeover; server_no_context_takeover", "400"},
	{"permessage-deflate; unknown", "400"},
	{"permessage-deflate; unknown=1", "400"},
	{"permessage-deflate; client_max_window_bits=10, permessage-deflate", "permessage-deflate; client_max_window_bits=10; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate, permessage-deflate; unknown", "400"},
	{"permessage-deflate; unknown, permessage-deflate", "400"},
	{"x-webkit-deflate-frame", ""},
	{"x-webkit-deflate-frame, permessage-deflate; client_max_window_bits", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"foo; bar=1; bar=2, permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"foo; bar=\"x\", permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; client_max_window_bits=\"11\"", "permessage-deflate; client_max_window_bits=11; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; server_max_window_bits=\"15\"", "permessage-deflate; server_max_window_bits=15; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate;server_max_window_bits=15;client_max_window_bits=15", "permessage-deflate; server_max_window_bits=15; client_max_window_bits=15; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate ;  client_max_window_bits", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"Permessage-Deflate", ""},
	{"permessage-deflate; Server_no_context_takeover", "400"},
	{"permessage-deflate,", "400"},
	{",permessage-deflate", "400"},
	{"permessage-deflate;", "400"},
	{"permessage-deflate; ;", "400"},
	{"permessage-deflate; client_max_window_bits=", "400"},
	{"permessage-deflate; client_max_window_bits= 10", "400"},
	{"permessage-deflate; client_max_window_bits =10", "400"},
	{"permessage deflate", "400"},
	{"permessage-deflate; client_max_window_bits=\"\"", "400"},
	{"permessage-deflate; client_max_window_bits=\"10", "400"},
	{"foo@bar, permessage-deflate", "400"},
	{"foo; a=\"b c\", permessage-deflate", "400"},
	{"permessage-deflate; client_max_window_bits=08", "permessage-deflate; client_max_window_bits=8; server_no_context_takeover; client_no_context_takeover"},
	{"permessage-deflate; server_max_window_bits=1x", "400"},
	{"permessage-deflate,permessage-deflate; client_max_window_bits=10", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
	{"foo,\tpermessage-deflate\t;\tclient_max_window_bits", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"},
}

func TestNegotiateDeflate(t *testing.T) {
	for _, c := range negotiations {
		d, err := NegotiateDeflate([]byte(c.offer))
		got := ""
		switch {
		case err != nil:
			got = "400"
		case d.Window != 0:
			line := string(d.AppendLine(nil))
			got = strings.TrimSuffix(strings.TrimPrefix(line, "Sec-WebSocket-Extensions: "), "\r\n")
		}
		if got != c.answer {
			t.Errorf("%s\n got %q\nwant %q", c.offer, got, c.answer)
		}
	}
	if _, err := NegotiateDeflate(nil); err == nil {
		t.Error("an empty header was accepted")
	}
}

func TestNegotiatedWindow(t *testing.T) {
	for offer, want := range map[string]uint8{
		"permessage-deflate":                                                       15,
		"permessage-deflate; server_max_window_bits=9":                             9,
		"permessage-deflate; client_max_window_bits=9":                             15,
		"permessage-deflate; client_max_window_bits; server_max_window_bits=\"8\"": 8,
		"foo": 0,
	} {
		if d, err := NegotiateDeflate([]byte(offer)); err != nil || d.Window != want {
			t.Errorf("%s: window %d, %v; want %d", offer, d.Window, err, want)
		}
	}
}

func TestNegotiateAllocs(t *testing.T) {
	offer := []byte("permessage-deflate; client_max_window_bits")
	buf := make([]byte, 0, 256)
	if n := testing.AllocsPerRun(100, func() {
		d, _ := NegotiateDeflate(offer)
		buf = d.AppendLine(buf[:0])
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzNegotiateDeflate(f *testing.F) {
	for _, c := range negotiations {
		f.Add(c.offer)
	}
	f.Fuzz(func(t *testing.T, offer string) {
		d, err := NegotiateDeflate([]byte(offer))
		if err != nil || d.Window == 0 {
			return
		}
		if d.Window < 8 || d.Window > 15 {
			t.Fatalf("window %d", d.Window)
		}
		// An answer is an offer that gives the same answer.
		line := string(d.AppendLine(nil))
		value, crlf := strings.CutSuffix(strings.TrimPrefix(line, "Sec-WebSocket-Extensions: "), "\r\n")
		again, err := NegotiateDeflate([]byte(value))
		if !crlf || err != nil || string(again.AppendLine(nil)) != line || again.Window != d.Window {
			t.Fatalf("%q answered with %q: %v", offer, line, err)
		}
	})
}
