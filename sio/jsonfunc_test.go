package sio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// bigs writes numbers above nine as strings and takes "secret" away; it notes the
// keys that it is asked about.
func bigs(keys *[]string) JSONFunc {
	return func(key, value []byte) []byte {
		*keys = append(*keys, string(key))
		switch {
		case string(key) == "secret":
			return nil
		case isDigit(value[0]) && len(value) > 1:
			return fmt.Appendf(nil, "%q", value)
		}
		return value
	}
}

func TestReviver(t *testing.T) {
	var keys []string
	r := newRig(t, 1, &Options{Reviver: bigs(&keys)})
	r.io.Inline().On("x", func(e *Event) error { return e.AckRaw(e.Raw()) })
	r.io.OnConnect(func(s *Socket) error { return s.EmitRaw("auth", s.Handshake().Auth) })
	c := r.dial(0)
	c.send(`40{"a":10,"secret":1}`)
	c.expect(`40{"sid":"SID"}`, `42["auth",{"a":"10"}]`)
	for in, want := range map[string]string{
		`["x"]`:                              `[]`,
		`["x",1,10]`:                         `[1,"10"]`,
		`["x" , { "secret" : 1 } ]`:          `[{}]`,
		`["x",{"secret":[10],"b":2}]`:        `[{"b":2}]`,
		`["x",{"b":[10,{}],"secret":1}]`:     `[{"b":["10",{}]}]`,
		`["x",{"secre\u0074":1,"q\"":"\n"}]`: `[{"q\"":"\n"}]`,
		`["x",[[],[ ]],null,-1.5e3,true]`:    `[[[],[]],null,-1.5e3,true]`,
	} {
		c.send(`427` + in)
		c.expect(`437` + want)
	}
	// Members before what holds them; the numbers of a list's.
	keys = nil
	c.send(`42["x",{"a":[5,6]},7]`)
	r.settle()
	if got := strings.Join(keys, " "); got != "0 1 a 0 1" {
		t.Errorf("keys %q", got)
	}
}

func TestReviverAck(t *testing.T) {
	var keys []string
	r := newRig(t, 1, &Options{Reviver: bigs(&keys)})
	got := make(chan string, 1)
	r.io.OnConnect(func(s *Socket) error {
		return s.EmitAck("q", func(e *Event, err error) { got <- fmt.Sprint(string(e.Raw()), err) })
	})
	c := r.dial(0)
	c.send("40")
	c.expect(`40{"sid":"SID"}`, `420["q"]`)
	c.send(`430[10,{"secret":1}]`)
	r.settle()
	if s := <-got; s != `"10",{}<nil>` {
		t.Errorf("got %s", s)
	}
}

// TestReviverRefuses holds that what a reviver makes is checked like what came,
// and that only its client suffers.
func TestReviverRefuses(t *testing.T) {
	for what, fn := range map[string]JSONFunc{
		"no JSON":    func(_, v []byte) []byte { return []byte("{") },
		"nothing":    func(_, v []byte) []byte { return []byte{} },
		"a panic":    func(_, v []byte) []byte { panic("on purpose") },
		"too deep":   func(_, v []byte) []byte { return []byte(strings.Repeat("[", 600) + strings.Repeat("]", 600)) },
		"two values": func(_, v []byte) []byte { return []byte("1],[1") },
	} {
		var errs int
		r := newRig(t, 1, &Options{Reviver: func(key, v []byte) []byte {
			if string(v) == "13" {
				return fn(key, v)
			}
			return v
		}})
		r.io.OnError(func(*Socket, string, error) { errs++ })
		r.io.Inline().On("x", func(e *Event) error { return e.AckRaw(e.Raw()) })
		c, other := r.join(0), r.join(0)
		c.send(`427["x",13]`)
		r.settle()
		if got := c.read(); !c.shut || len(got) != 1 || errs != 1 {
			t.Errorf("%s: closed %v, errors %d, got %q", what, c.shut, errs, got)
		}
		other.send(`421["x",1]`)
		other.expect(`431[1]`)
	}
	r := newRig(t, 1, &Options{Reviver: func(_, v []byte) []byte { return nil }})
	c := r.dial(0)
	c.send(`40{"a":1}`) // the auth is taken away
	r.settle()
	if c.read(); !c.shut {
		t.Error("a CONNECT without its auth is let in")
	}
}

func TestReviverBinary(t *testing.T) {
	var keys []string
	r := newRig(t, 1, &Options{Reviver: bigs(&keys), Replacer: bigs(&keys)})
	r.io.Inline().On("x", func(e *Event) error {
		var b []byte
		var s string
		if err := e.Bind(&b, &s); err != nil {
			return err
		}
		return e.Ack(b, s)
	})
	c := r.join(0)
	c.send(`451-7["x",{"_placeholder":true,"num":0},10]`, "bin:\x01\x02")
	c.expect(`461-7[{"_placeholder":true,"num":0},"10"]`, "bin:\x01\x02")
}

func TestReviverParser(t *testing.T) {
	var keys []string
	r := newRig(t, 1, &Options{Reviver: bigs(&keys), Replacer: bigs(&keys), Parser: JSONPacketParser{}})
	r.io.Inline().On("x", func(e *Event) error {
		if string(e.Raw()) != `"10"` {
			t.Errorf("got %s", e.Raw())
		}
		return e.Ack(11)
	})
	c := r.dial(0)
	c.send(`4{"type":0,"nsp":"/"}`)
	c.expect(`4{"type":0,"nsp":"/","data":{"sid":"SID"}}`)
	c.send(`4{"type":2,"nsp":"/","id":7,"data":["x",10]}`)
	c.expect(`4{"type":3,"nsp":"/","data":["11"],"id":7}`)
}

func TestReplacer(t *testing.T) {
	var keys []string
	r := newRig(t, 1, &Options{Replacer: bigs(&keys)})
	r.io.On("x", func(e *Event) error {
		s := e.Socket()
		for _, err := range []error{
			s.Emit("one", 10, map[string]any{"secret": 1, "a": 2}),
			s.EmitRaw("raw", []byte(`[ 11 ]`)),
			s.Emit("none"),
			r.io.Emit("all", 12),
			e.Ack(13, 1),
		} {
			if err != nil {
				t.Error(err)
			}
		}
		if err := s.EmitRaw("bad", []byte(`{`)); !errors.Is(err, errRawJSON) {
			t.Errorf("EmitRaw gives %v", err)
		}
		if err := s.EmitRaw("bad", []byte(`1],[2`)); !errors.Is(err, errRawJSON) {
			t.Errorf("EmitRaw gives %v", err)
		}
		return nil
	})
	c, other := r.join(0), r.join(0)
	c.send(`427["x",10]`)
	c.expect(`42["one","10",{"a":2}]`, `42["raw",["11"]]`, `42["none"]`, `42["all","12"]`, `437["13",1]`)
	other.expect(`42["all","12"]`)
}

func TestReplacerRefuses(t *testing.T) {
	r := newRig(t, 1, &Options{Replacer: func(_, v []byte) []byte {
		if string(v) == `"panic"` {
			panic("on purpose")
		}
		return v[:len(v)-1]
	}})
	r.join(0)
	if err := r.io.Emit("x", "abc"); !errors.Is(err, errRawJSON) {
		t.Errorf("Emit gives %v", err)
	}
	if err := r.io.Emit("x", "panic"); !errors.Is(err, errJSONFunc) {
		t.Errorf("Emit gives %v", err)
	}
}

func FuzzRewrite(f *testing.F) {
	for _, s := range []string{`1`, `{"a":[1, {"b" : null}],"":""}`, `[ ]`, `"\u00e9\n"`, `{"a":1,"a":2}`, ` [1 ,2 ] `} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		if checkList(in) != nil {
			return
		}
		out, err := rewriteList(func(_, v []byte) []byte { return v }, nil, in)
		if err != nil {
			t.Fatal(err)
		}
		list := append(append([]byte("["), in...), ']')
		var want bytes.Buffer
		if json.Compact(&want, list) == nil && want.String() != "["+string(out)+"]" {
			t.Errorf("%q became %q", in, out)
		}
		// Whatever is taken away or replaced, what is left is JSON.
		n := 0
		out, _ = rewriteList(func(_, v []byte) []byte {
			switch n++; n % 3 {
			case 0:
				return nil
			case 1:
				return []byte(`{"x":[1,2]}`)
			}
			return v
		}, nil, in)
		if err := checkList(out); err != nil {
			t.Errorf("%q became %q", in, out)
		}
	})
}
