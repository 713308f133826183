package sio

import (
	"encoding/json"
	"strings"
	"testing"
)

// texts are JSON strings as they come, and what is in them.
var texts = map[string]string{
	`""`:                          "",
	`"plain"`:                     "plain",
	`"` + long + `"`:              long,
	`"naïve 日本 😀"`:                "naïve 日本 😀",
	`"a\"b\\c\/d\b\f\n\r\t"`:      "a\"b\\c/d\b\f\n\r\t",
	`"\u0061\u00e9\ud83d\ude00"`:  "aé😀",
	`"half \ud83d a pair"`:        "half \ufffd a pair",
	`"\ude00"`:                    "\ufffd",
	"\"not \xff UTF-8 \xed\xa0\"": "not \ufffd UTF-8 \ufffd\ufffd",
}

var long = strings.Repeat("twelve bytes", 20)

func TestText(t *testing.T) {
	for in, want := range texts {
		e := eventOf("1," + in + ",2")
		text, err := Arg[Text](e, 1)
		if err != nil || string(text) != want {
			t.Errorf("%s: %q %v", in, text, err)
		}
		if _ = append(text, '!'); string(e.args) != "1,"+in+",2" {
			t.Errorf("%s: appending wrote into the packet: %s", in, e.args)
		}
		var n int
		bound := Text("old")
		if err := e.Bind(&n, &bound); err != nil || n != 1 || string(bound) != want {
			t.Errorf("%s: Bind gives %d %q %v", in, n, bound, err)
		}
		s, err := Arg[string](e, 1)
		if err != nil || s != want {
			t.Errorf("%s: string %q %v", in, s, err)
		}
		if got := string(text.AppendJSON(nil)); got != string(appendQuoted(nil, want)) {
			t.Errorf("%s: written as %s", in, got)
		}
		boxed, err := appendArgs(nil, []any{text, &text}, nil)
		if one := string(appendQuoted(nil, want)); err != nil || string(boxed) != one+","+one {
			t.Errorf("%s: as an argument %s %v", in, boxed, err)
		}
	}
	for _, in := range []string{"1", "true", "{}", `["a"]`} {
		if text, err := Arg[Text](eventOf(in), 0); err == nil || text != nil {
			t.Errorf("%s: %q, want an error", in, text)
		}
	}
	for _, c := range []struct {
		args string
		i    int
	}{{"", 0}, {`"a"`, 1}, {`"a"`, 7}, {"null", 0}} {
		if text, err := Arg[Text](eventOf(c.args), c.i); err != nil || text != nil {
			t.Errorf("argument %d of %s: %q %v", c.i, c.args, text, err)
		}
	}
	if _, err := Arg[int](eventOf(`1,"a"`), 1); err == nil || !strings.Contains(err.Error(), `argument 1 of "ev"`) {
		t.Errorf("error %v", err)
	}
}

// TestTextInStruct: inside of other values it is what encoding/json makes of a
// text, and a copy.
func TestTextInStruct(t *testing.T) {
	type letter struct {
		To   Text
		Body []Text
	}
	e := eventOf(`{"To":"m\u0065","Body":["a\nb","c"]}`)
	v, err := Arg[letter](e, 0)
	if err != nil || string(v.To) != "me" || len(v.Body) != 2 || string(v.Body[0]) != "a\nb" {
		t.Fatalf("%q %v", v, err)
	}
	clear(e.args)
	if string(v.Body[1]) != "c" {
		t.Errorf("not a copy: %q", v.Body[1])
	}
	out, err := appendArgs(nil, []any{v}, nil)
	if want := `{"To":"me","Body":["a\nb","c"]}`; err != nil || string(out) != want {
		t.Errorf("%s %v, want %s", out, err, want)
	}
	if out, err := json.Marshal(v); err != nil || string(out) != `{"To":"me","Body":["a\nb","c"]}` {
		t.Errorf("encoding/json: %s %v", out, err)
	}
}

// TestTypedTargets: whatever can be sent to can be sent a value that writes
// itself, on the loop and off it.
func TestTypedTargets(t *testing.T) {
	r := newRig(t, 1, nil)
	On2(r.io.Inline(), "say", func(s *Socket, room string, text Text) error { return Emit(s.To(room), "said", text) })
	On(r.io.Inline(), "echo", func(s *Socket, text Text) error { return Emit(s, "echo", text) })
	On(r.io, "later", func(s *Socket, text Text) error { return Emit(s.Volatile(), "later", text) })
	On(r.io.Inline(), "all", func(_ *Socket, text Text) error { return Emit(r.io, "all", text) })
	r.io.Inline().On("ask", func(e *Event) error {
		text, err := Arg[Text](e, 0)
		if err != nil {
			return err
		}
		if err := Ack(e, text); err != nil {
			return err
		}
		if err := Ack(e, text); err != ErrNoAck {
			t.Errorf("second ack: %v", err)
		}
		return nil
	})
	OnCall(r.io.Inline(), "text", func(_ *Socket, text Text) (Text, error) { return text, nil })
	OnCall(r.io.Inline(), "string", func(_ *Socket, text string) (string, error) { return text, nil })
	OnCall(r.io.Inline(), "number", func(_ *Socket, n float64) (float64, error) { return n, nil })
	a, b := r.join(0), r.join(0)
	r.socket(b).Join("room")
	r.settle()
	a.send(`42["say","room","a\nb"]`)
	a.send(`42["echo","x"]`)
	a.send(`42["later","y"]`)
	r.settle()
	a.send(`421["ask","\u0061"]`)
	a.send(`422["text","t"]`)
	a.send(`423["string","s"]`)
	a.send(`424["number",1.5]`)
	a.send(`42["all","z"]`)
	r.settle()
	a.expect(`42["echo","x"]`, `42["later","y"]`, `431["a"]`, `432["t"]`, `433["s"]`, `434[1.5]`, `42["all","z"]`)
	b.expect(`42["said","a\nb"]`, `42["all","z"]`)
}

// TestAnswerKeepsOrder: what an inline handler answers goes straight out, except
// behind something that it has left in the inbox.
func TestAnswerKeepsOrder(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Inline().On("x", func(e *Event) error {
		s := e.Socket()
		_ = s.Emit("1")
		_ = r.io.Emit("2") // through the inbox
		_ = s.Emit("3")
		_ = e.Ack("4")
		return s.EmitRaw("5", e.Raw())
	})
	a, b := r.join(0), r.join(0)
	a.send(`427["x",0]`, `428["x",1]`)
	r.settle()
	a.expect(`42["1"]`, `42["2"]`, `42["3"]`, `437["4"]`, `42["5",0]`, `42["1"]`, `42["2"]`, `42["3"]`, `438["4"]`, `42["5",1]`)
	b.expect(`42["2"]`, `42["2"]`)
}

// TestAnswerFromElsewhere: only the loop's goroutine answers straight away. The
// race detector holds the rest.
func TestAnswerFromElsewhere(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Inline().On("x", func(e *Event) error {
		s, done := e.Socket(), make(chan error)
		go func() { done <- s.Emit("other") }()
		if err := <-done; err != nil {
			return err
		}
		return s.Emit("own")
	})
	a := r.join(0)
	a.send(`42["x"]`)
	r.settle()
	a.expect(`42["other"]`, `42["own"]`)
}
