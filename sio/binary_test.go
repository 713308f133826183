package sio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/pool"
)

var placeholderSeeds = []string{
	`{"_placeholder":true,"num":0}`,
	`[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]`,
	`{"a":{"b":[{"num":1,"_placeholder":true,"more":"x"}]}}`,
	` [ { "_placeholder" : true , "num" : 0 } ] `,
	`{"_placeholder":true,"num":2}`,
	`{"_placeholder":true}`,
	`{"_placeholder":"true","num":9}`,
	`{"\u005fplaceholder":true,"n\u0075m":0}`,
	`{"_placeholder":true,"num":0,"_placeholder":false}`,
	`{"_placeholder":true,"num":0,"x":{}}`,
	`{"x":[{"_placeholder":true,"num":0}],"_placeholder":true,"num":1}`,
	`"{\"_placeholder\":true,\"num\":7}"`,
	`[[[[{"a":"{"}]]]]`, `null`, `[]`, `{}`, `"\\"`,
}

// naiveCheck is the reference's rule: each placeholder is an integer below n.
func naiveCheck(v any, n int) bool {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if !naiveCheck(x, n) {
				return false
			}
		}
	case map[string]any:
		if v["_placeholder"] == true {
			num, ok := v["num"].(float64)
			return ok && num >= 0 && num < float64(n) && num == math.Trunc(num)
		}
		for _, x := range v {
			if !naiveCheck(x, n) {
				return false
			}
		}
	}
	return true
}

// nestedPlaceholder finds what we refuse and the reference does not: a
// placeholder with an array or object inside (or, behind a repeated name, one
// that is not seen here).
func nestedPlaceholder(v any) bool {
	switch v := v.(type) {
	case []any:
		for _, x := range v {
			if nestedPlaceholder(x) {
				return true
			}
		}
	case map[string]any:
		for _, x := range v {
			k := reflect.ValueOf(x).Kind()
			if v["_placeholder"] == true && (k == reflect.Map || k == reflect.Slice || len(v) > 2) || nestedPlaceholder(x) {
				return true
			}
		}
	}
	return false
}

// checkInlined holds the text that encoding/json gets against what the resolver
// makes of the same payload.
func checkInlined(t *testing.T, src []byte, n int) {
	t.Helper()
	var bins [][]byte
	for i := range n {
		bins = append(bins, bytes.Repeat([]byte{byte(i + 1)}, i))
	}
	text, err := inlineAttachments(nil, src, bins)
	if err != nil {
		t.Fatalf("%q: %v", src, err)
	}
	if n == 0 {
		return
	}
	var inlined any
	if err := json.Unmarshal(text, &inlined); err != nil {
		t.Fatalf("%q became %q: %v", src, text, err)
	}
	resolved, err := decodeAny(src, bins)
	if err != nil {
		t.Fatalf("%q: %v", src, err)
	}
	if want := asBase64(resolved); !reflect.DeepEqual(inlined, want) {
		t.Fatalf("%q inlined is %v, resolved %v", src, inlined, want)
	}
}

func asBase64(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = asBase64(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = asBase64(v[k])
		}
	case Binary:
		return base64.StdEncoding.EncodeToString(v)
	}
	return v
}

func TestReassembly(t *testing.T) {
	src := []byte(`53-/admin,7["up",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1},{"_placeholder":true,"num":2}]`)
	p, err := parsePacket(src, &defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	before := pool.Outstanding()
	var r reassembly
	for round := range 3 { // a reassembly is used again
		if r.active() {
			t.Fatal("active before start")
		}
		if _, err := r.add([]byte("x")); err != errBinaryUnasked {
			t.Fatalf("attachment out of the blue: %v", err)
		}
		text := append([]byte{}, src...)
		p, _ = parsePacket(text, &defaultLimits)
		r.start(p)
		parts := [][]byte{[]byte("one"), bytes.Repeat([]byte("2"), 200000), {}}
		if round == 1 {
			parts = [][]byte{{}, {}, {}}
		}
		for i, part := range parts {
			scratch := append([]byte{}, part...)
			done, err := r.add(scratch)
			if err != nil || done != (i == 2) {
				t.Fatalf("attachment %d: %v %v", i, done, err)
			}
			clear(scratch) // it was only lent
		}
		clear(text)
		q := r.packet()
		if got := describe(&q); !strings.HasPrefix(got, "BINARY_EVENT nsp=/admin id=7 attachments=3 data=") || !strings.Contains(got, "name=up") {
			t.Errorf("packet is %s", got)
		}
		if !reflect.DeepEqual(r.bins(), parts) {
			t.Errorf("round %d: attachments differ", round)
		}
		if _, err := r.add([]byte("x")); err != errBinaryUnasked {
			t.Errorf("one too many: %v", err)
		}
		r.release()
	}
	r.start(p)
	r.release() // with attachments missing
	r.release()
	if n := pool.Outstanding() - before; n != 0 {
		t.Errorf("%d buffers not given back", n)
	}
}

// TestReassemblyMemory: what is held is what has come.
func TestReassemblyMemory(t *testing.T) {
	p, err := parsePacket([]byte(`510-["x"]`), &defaultLimits)
	if err != nil {
		t.Fatal(err)
	}
	var r reassembly
	r.start(p)
	defer r.release()
	part, total := make([]byte, 1e6), 0
	for range 9 {
		if _, err := r.add(part); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range r.parts {
		total += cap(b)
	}
	if total += cap(r.data.B) + cap(r.text.B); total > 9.2e6 {
		t.Errorf("%d bytes held for 9000000", total)
	}
}

func TestPlaceholders(t *testing.T) {
	for _, s := range placeholderSeeds {
		for n := range 4 {
			got := checkPlaceholders([]byte(strings.TrimSpace(s)), n) == nil
			var v any
			if err := json.Unmarshal([]byte(s), &v); err != nil {
				t.Fatal(err)
			}
			if want := naiveCheck(v, n); got != want && !nestedPlaceholder(v) {
				t.Errorf("%s with %d: %v, want %v", s, n, got, want)
			}
			if got {
				checkInlined(t, []byte(s), n)
			}
		}
	}
}

// TestPlaceholderTime: a nest is read once, not once for each of its levels. If
// it were, this would take minutes.
func TestPlaceholderTime(t *testing.T) {
	const depth = 20000
	for _, unit := range []string{`{"a":1,"b":`, `{"_placeholder":true,"b":`, `[{"c":[],"d":`} {
		closing := strings.Map(func(c rune) rune {
			switch c {
			case '{':
				return '}'
			case '[':
				return ']'
			}
			return -1
		}, unit[:1])
		if unit[0] == '[' {
			closing = "}]"
		}
		src := []byte(strings.Repeat(unit, depth) + `"` + strings.Repeat("x", 1<<20) + `"` + strings.Repeat(closing, depth))
		if !valid(src, 2*depth+1) {
			t.Fatalf("%q: not JSON", unit)
		}
		_ = checkPlaceholders(src, 1)
		eachPlaceholder(src, func(_, _, _ int) bool { return true })
	}
}

// TestRepeatedAttachment: thirty thousand references to one megabyte are not
// thirty gigabytes.
func TestRepeatedAttachment(t *testing.T) {
	ref := `{"_placeholder":true,"num":0}`
	refs := strings.Repeat(ref+",", 30000) + ref
	e := eventOf("["+refs+"],"+refs, strings.Repeat("x", 1e6))
	list, err := e.Args()
	if err != nil || len(list) != 30002 {
		t.Fatalf("%d arguments, %v", len(list), err)
	}
	if a, b := list[1].(Binary), list[0].([]any)[7].(Binary); &a[0] != &b[0] {
		t.Error("one attachment, two copies")
	}
	var typed []Binary
	if err := e.Bind(&typed); !errors.Is(err, errRepeated) {
		t.Errorf("got %v, want %v", err, errRepeated)
	}
	e = eventOf(fmt.Sprintf("[%s,%s,%s]", ref, ref, ref), "abc")
	if err := e.Bind(&typed); err != nil || len(typed) != 3 || string(typed[2]) != "abc" {
		t.Errorf("a few: %q %v", typed, err)
	}
}
