package sio

import (
	"bytes"
	"encoding/json"
	"math/big"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

// verdict is what the official parser made of a packet: a line of
// testdata/reference.golden, which testdata/reference.js writes.
type verdict struct {
	Error string          `json:"error"`
	Type  packetType      `json:"type"`
	Nsp   string          `json:"nsp"`
	ID    *int64          `json:"id"`
	Data  json.RawMessage `json:"data"`
}

// stricter lists where we refuse on purpose what the reference takes: nothing
// that a client sends.
var stricter = []struct {
	why string
	in  *regexp.Regexp
}{
	// In JavaScript Number(" ") == " ", so white space counts as a digit; and
	// Number("") is 0, but the engine hands on no packet without a byte.
	{"white space for a type, or nothing", regexp.MustCompile(`^([\s\v\x{a0}]|$)`)},
	{"white space in an id", regexp.MustCompile(`^[0-6](\d+-)?(/[^,]*(,|$))?\d*[\s\v\x{a0}]`)},
	{"a count that is no run of digits", regexp.MustCompile(`^[56]\d*[^\d-][^-]*-`)},
	{"no payload where one must be", regexp.MustCompile(`^(4|[56]\d+-)(/[^,]*,?)?\d*$`)},
	{beyondMax, regexp.MustCompile(`^[0-6](?:\d+-)?(?:/[^,]*,)?(\d{16,})`)},
	{"a number of an attachment that is no run of digits", regexp.MustCompile(`"num":(-|\d*[.eE])`)},
	{"a placeholder with more than flat members", regexp.MustCompile(`"_placeholder":true[^}]*:[\[{]`)},
}

// whyStricter gives the reason why in may be refused; "" if it may not.
func whyStricter(in string) string {
	for _, s := range stricter {
		found := s.in.FindStringSubmatch(in)
		if found != nil && (s.why != beyondMax || isBeyondMax(found[len(found)-1])) {
			return s.why
		}
	}
	return ""
}

const beyondMax = "an id beyond 2^53-1"

func isBeyondMax(id string) bool {
	n, ok := new(big.Int).SetString(id, 10)
	return ok && n.Cmp(big.NewInt(maxID)) > 0
}

// TestReference holds the parser against the official one: it takes nothing that
// that one refuses, refuses nothing more but for the reasons above, and
// understands the rest alike.
func TestReference(t *testing.T) {
	file, err := os.ReadFile("testdata/reference.golden")
	if err != nil {
		t.Fatal(err)
	}
	alike, refused := 0, 0
	reasons := make(map[string]int)
	for line := range strings.Lines(string(file)) {
		quoted, rest, _ := strings.Cut(line, "\t")
		var in string
		var want verdict
		if err := json.Unmarshal([]byte(quoted), &in); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if err := json.Unmarshal([]byte(rest), &want); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		p, err := parsePacket([]byte(in), &defaultLimits)
		switch why := whyStricter(in); {
		case err == nil && want.Error != "":
			t.Errorf("%q: accepted; the reference: %s", in, want.Error)
		case err != nil && want.Error != "":
			refused++
		case err != nil && why == "":
			t.Errorf("%q: %v; the reference takes it", in, err)
		case err != nil:
			reasons[why]++
		default:
			alike++
			comparePacket(t, in, &p, &want)
		}
	}
	if alike < 100 || refused < 100 {
		t.Errorf("%d alike and %d refused: the file lacks something", alike, refused)
	}
	for _, s := range stricter {
		if reasons[s.why] == 0 {
			t.Errorf("no packet shows %q", s.why)
		}
	}
}

func comparePacket(t *testing.T, in string, p *packet, want *verdict) {
	t.Helper()
	typ, id := p.typ, int64(-1)
	if typ >= packetBinaryEvent {
		typ -= packetBinaryEvent - packetEvent // the reference's are whole by now
	}
	if want.ID != nil {
		id = *want.ID
	}
	if id == 0 && whyStricter(in) == "white space in an id" {
		id = -1 // the reference took the white space for an id of 0
	}
	if typ != want.Type || string(p.nsp) != want.Nsp || p.id != id {
		t.Errorf("%q: type %d nsp %s id %d, want %d %s %d", in, typ, p.nsp, p.id, want.Type, want.Nsp, id)
	}
	if (p.data == nil) != (want.Data == nil) {
		t.Errorf("%q: payload %q, want %q", in, p.data, want.Data)
	}
	if p.data == nil || want.Data == nil {
		return
	}
	e := &Event{args: p.data}
	for i := range p.attachments {
		e.bins = append(e.bins, []byte{byte(i)})
	}
	got, err := e.Args() // the payload as one argument: name and all
	if err != nil || len(got) != 1 {
		t.Errorf("%q: %v %v", in, got, err)
		return
	}
	var data any
	if err := json.Unmarshal(want.Data, &data); err != nil {
		t.Fatal(err)
	}
	if plain := plainBinary(got[0]); !reflect.DeepEqual(plain, data) {
		t.Errorf("%q: %v, want %v", in, plain, data)
	}
	if typ == packetEvent {
		compareName(t, in, p, data.([]any))
	}
}

// compareName: a number names an event by its text.
func compareName(t *testing.T, in string, p *packet, list []any) {
	t.Helper()
	name, _ := eventName(p.data, p.first, nil)
	if s, ok := list[0].(string); ok {
		if string(name) != s {
			t.Errorf("%q: name %q, want %q", in, name, s)
		}
		return
	}
	var f float64
	if err := json.Unmarshal(bytes.TrimSpace(name), &f); err != nil || f != list[0] {
		t.Errorf("%q: name %q, want %v", in, name, list[0])
	}
}

// plainBinary writes an attachment as the file has it, by its one byte.
func plainBinary(v any) any {
	switch v := v.(type) {
	case Binary:
		return map[string]any{"$bin": float64(v[0])}
	case []any:
		for i := range v {
			v[i] = plainBinary(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plainBinary(v[k])
		}
	}
	return v
}
