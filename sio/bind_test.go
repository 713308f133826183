package sio

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
)

const (
	ph0 = `{"_placeholder":true,"num":0}`
	ph1 = `{"_placeholder":true,"num":1}`
)

// view is an argument that keeps what it is lent.
type view struct{ src []byte }

var errView = errors.New("no view")

func (v *view) ParseJSON(src []byte) error {
	if src[0] == 'n' {
		return errView
	}
	v.src = src
	return nil
}

// TestDecodeArg: for each target, what it becomes; "error" where nothing fits.
func TestDecodeArg(t *testing.T) {
	bins := []string{"zero", "one"}
	type nested struct {
		N int
		B Binary
		C []byte
		L []Binary
	}
	for _, c := range []struct {
		arg    string
		target any
		want   any // nil: an error, and the target as it was
	}{
		{`"a\n\u00e9"`, new(string), "a\né"},
		{`null`, ptr("old"), "old"},
		{`1`, ptr("old"), nil},
		{`{}`, ptr("old"), nil},
		{`true`, ptr(false), true},
		{`false`, ptr(true), false},
		{`null`, ptr(true), true},
		{`1`, ptr(false), nil},
		{`"true"`, ptr(false), nil},
		{`-12`, new(int), -12},
		{`-0`, new(int), 0},
		{`null`, ptr(3), 3},
		{`1.5`, ptr(3), nil},
		{`1e2`, ptr(3), nil},
		{`"1"`, ptr(3), nil},
		{`99999999999999999999`, ptr(3), nil},
		{`-1.5e3`, new(float64), -1500.0},
		{`null`, ptr(2.0), 2.0},
		{`1e999`, ptr(2.0), nil},
		{`true`, ptr(2.0), nil},
		{ph1, new([]byte), []byte("one")},
		{ph0, new(Binary), Binary("zero")},
		{`"aGk="`, new([]byte), []byte("hi")},
		{`"aGk"`, ptr([]byte("old")), nil},
		{`null`, ptr([]byte("old")), []byte("old")},
		{`{}`, ptr(Binary("old")), nil},
		{`[1,2]`, ptr(Binary("old")), nil},
		{`{"_placeholder":true,"num":2}`, ptr(Binary("old")), nil},
		{`{"_placeholder":true,"num":0,"x":[]}`, ptr(Binary("old")), nil},
		{` [1] `, new(json.RawMessage), json.RawMessage(" [1] ")},
		{`{"a":[` + ph1 + `,2]}`, new(any), map[string]any{"a": []any{Binary("one"), 2.0}}},
		{`[` + ph0 + `]`, new([]any), []any{Binary("zero")}},
		{`{}`, ptr([]any{1}), nil},
		{`null`, new([]any), []any(nil)},
		{`{"b":` + ph0 + `}`, new(map[string]any), map[string]any{"b": Binary("zero")}},
		{`[]`, new(map[string]any), nil},
		{`{"N":1,"B":` + ph1 + `,"C":` + ph0 + `,"L":[` + ph0 + `,` + ph0 + `]}`, new(nested),
			nested{1, Binary("one"), []byte("zero"), []Binary{Binary("zero"), Binary("zero")}}},
		{`300`, new(uint8), nil},
		{`30`, new(uint8), uint8(30)},
		{`[1,2]`, new([]int), []int{1, 2}},
		{`7`, new(*int), ptr(7)},
		{`"v"`, new(view), view{[]byte(`"v"`)}},
		{`null`, new(view), nil},
	} {
		before := reflect.ValueOf(c.target).Elem().Interface()
		err := eventOf(strings.TrimSpace(c.arg), bins...).Bind(c.target)
		got := reflect.ValueOf(c.target).Elem().Interface()
		if c.arg == ` [1] ` {
			c.want = json.RawMessage("[1]")
		}
		if c.want == nil {
			if err == nil || !reflect.DeepEqual(got, before) && !reflect.ValueOf(got).IsZero() {
				t.Errorf("%s into %T: %v %v, want an error", c.arg, before, got, err)
			}
			continue
		}
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s into %T: %#v %v, want %#v", c.arg, before, got, err, c.want)
		}
	}
}

func ptr[T any](v T) *T { return &v }

func TestBind(t *testing.T) {
	e := eventOf(`"a", 2 ,`+ph0+`,{"x":1}`, "bin")
	var (
		s string
		n int
		b []byte
		m map[string]int
	)
	if err := e.Bind(&s, &n, &b, &m); err != nil || s != "a" || n != 2 || string(b) != "bin" || m["x"] != 1 {
		t.Errorf("%q %d %q %v %v", s, n, b, m, err)
	}
	if &b[0] != &e.Attachment(0)[0] {
		t.Error("the attachment was copied")
	}
	extra := "kept"
	if err := e.Bind(&s, &n, &b, &m, &extra); err != nil || extra != "kept" {
		t.Errorf("missing argument: %q %v", extra, err)
	}
	if err := e.Bind(); err != nil {
		t.Error(err)
	}
	err := e.Bind(&s, &s)
	if err == nil || err.Error() != `sio: argument 1 of "ev": `+errArgument.Error() || !errors.Is(err, errArgument) {
		t.Errorf("error is %q", err)
	}
	var own view
	if err := eventOf("null").Bind(&own); !errors.Is(err, errView) {
		t.Errorf("a parser's own error came as %v", err)
	}
	if err := eventOf("1").Bind(n); err == nil {
		t.Error("no error for a target that is no pointer")
	}
}

func TestArgs(t *testing.T) {
	got, err := eventOf(`1,"x",null,[`+ph1+`],`+ph0, "a", "b").Args()
	want := []any{1.0, "x", nil, []any{Binary("b")}, Binary("a")}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%v %v, want %v", got, err, want)
	}
	if got, err := eventOf("").Args(); got != nil || err != nil {
		t.Errorf("no arguments: %v %v", got, err)
	}
	if got, err := eventOf(ph0).Args(); err != nil || !reflect.DeepEqual(got, []any{map[string]any{"_placeholder": true, "num": 0.0}}) {
		t.Errorf("a plain event's placeholder: %v %v", got, err)
	}
	if _, err := eventOf("1e999").Args(); err == nil {
		t.Error("no error for a number that no float64 holds")
	}
}

func TestClone(t *testing.T) {
	buf := []byte(`ev"arg"`)
	e := &Event{id: 4, name: buf[:2], args: buf[2:], bins: [][]byte{[]byte("bin"), {}}}
	c := e.Clone()
	clear(buf)
	clear(e.bins[0])
	if c.Name() != "ev" || string(c.Raw()) != `"arg"` || c.Attachments() != 2 || string(c.Attachment(0)) != "bin" || !c.WantsAck() {
		t.Errorf("clone is %q %q %q", c.Name(), c.Raw(), c.bins)
	}
	if b := c.Attachment(1); b == nil || len(b) != 0 {
		t.Errorf("empty attachment is %v", b)
	}
	if c.Attachment(2) != nil || c.Attachment(-1) != nil {
		t.Error("an attachment that is not there")
	}
	e.answered.Store(true)
	if e.Clone().WantsAck() {
		t.Error("an acknowledged event's clone wants an acknowledgement")
	}
	if e := eventOf("", "").Clone(); e.Attachment(0) == nil {
		t.Error("a clone of nothing has lost its empty attachment")
	}
}
