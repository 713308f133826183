package sio

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// typed has a handler of each form; the answers tell what it got.
func typed(t *testing.T, reg func(*Server) Registrar) (*rig, *rigClient, *[]string) {
	t.Helper()
	r := newRig(t, 1, nil)
	var errs []string
	io := r.io
	io.OnError(func(_ *Socket, event string, err error) { errs = append(errs, event+": "+err.Error()) })
	to := reg(io)
	say := func(s *Socket, v ...any) error { return s.Emit("got", fmt.Sprint(v...)) }
	On(to, "string", func(s *Socket, v string) error { return say(s, v) })
	On(to, "bytes", func(s *Socket, v []byte) error { return say(s, string(v)) })
	On(to, "binary", func(s *Socket, v Binary) error { return say(s, string(v)) })
	On(to, "int", func(s *Socket, v int) error { return say(s, v) })
	On(to, "struct", func(s *Socket, v struct {
		A int
		B Binary
	}) error {
		return say(s, v.A, " ", string(v.B))
	})
	On(to, "any", func(s *Socket, v any) error { return say(s, v) })
	On(to, "view", func(s *Socket, v view) error { return say(s, string(v.src)) })
	On2(to, "two", func(s *Socket, a string, b int) error { return say(s, a, "+", b) })
	On3(to, "three", func(s *Socket, a string, b []byte, c int) error { return say(s, a, "+", string(b), "+", c) })
	OnCall(to, "sum", func(_ *Socket, v []int) (n int, err error) {
		for _, x := range v {
			n += x
		}
		return n, nil
	})
	OnCall(to, "flip", func(_ *Socket, v []byte) ([]byte, error) { return []byte{v[1], v[0]}, nil })
	OnCall(to, "refuse", func(_ *Socket, v any) (int, error) {
		return 0, fmt.Errorf("wrapped: %w", &CallError{Message: "no", Data: v})
	})
	OnCall(to, "fail", func(*Socket, any) (int, error) { return 0, errors.New("secret") })
	OnCall(to, "broken", func(*Socket, any) (any, error) { return make(chan int), nil })
	return r, r.join(0), &errs
}

func TestTypedHandlers(t *testing.T) {
	for name, reg := range map[string]func(*Server) Registrar{
		"blocking": func(io *Server) Registrar { return io },
		"inline":   func(io *Server) Registrar { return io.Inline() },
	} {
		t.Run(name, func(t *testing.T) {
			r, c, errs := typed(t, reg)
			for _, x := range []struct{ in, want string }{
				{`42["string","é\n"]`, `42["got","é\n"]`},
				{`42["string"]`, `42["got",""]`},
				{`42["string",null,1,2]`, `42["got",""]`},
				{`451-["bytes",` + ph0 + `] bin:ab`, `42["got","ab"]`},
				{`42["bytes","aGk="]`, `42["got","hi"]`},
				{`42["bytes"]`, `42["got",""]`},
				{`452-["binary",` + ph1 + `] bin:ab bin:cd`, `42["got","cd"]`},
				{`42["int",7]`, `42["got","7"]`},
				{`42["int"]`, `42["got","0"]`}, // the box was emptied
				{`451-["struct",{"A":1,"B":` + ph0 + `}] bin:xy`, `42["got","1 xy"]`},
				{`42["struct",{}]`, `42["got","0 "]`},
				{`42["any",[1,"x"]]`, `42["got","[1 x]"]`},
				{`42["any"]`, `42["got","\u003cnil\u003e"]`},
				{`42["view", {"a":1} ]`, `42["got","{\"a\":1}"]`},
				{`42["two","x",3]`, `42["got","x+3"]`},
				{`42["two","y"]`, `42["got","y+0"]`},
				{`451-["three","a",` + ph0 + `,5] bin:b`, `42["got","a+b+5"]`},
				{`427["sum",[1,2,3]]`, `437[6]`},
				{`42["sum",[1]]`, ``},
				{`451-8["flip",` + ph0 + `] bin:ab`, `461-8[` + ph0 + `] bin:ba`},
				{`429["refuse",{"a":1}]`, `439[{"error":"no","data":{"a":1}}]`},
				{`42["refuse",1]`, ``},
				{`429["fail"]`, ``},
				{`429["broken"]`, ``},
				{`429["sum",{}]`, ``},
				{`42["string",1]`, ``},
				{`42["two",1,1]`, ``},
				{`42["three","a","!",1]`, ``},
			} {
				c.send(strings.Split(x.in, " bin:")[0])
				for _, b := range strings.Split(x.in, " bin:")[1:] {
					c.send("bin:" + b)
				}
				r.settle()
				want := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(x.want)
				if got := strings.Join(c.read(), " "); got != want {
					t.Errorf("%s: %s, want %s", x.in, got, want)
				}
			}
			want := []string{"fail: secret", "broken: json: unsupported type: chan int", `sum: sio: argument 0 of "sum"`,
				`string: sio: argument 0 of "string": sio: argument of another type`, `two: sio: argument 0 of "two"`, `three: sio: argument 1 of "three"`}
			if len(*errs) != len(want) {
				t.Fatalf("errors %q", *errs)
			}
			for i, w := range want {
				if !strings.HasPrefix((*errs)[i], w) {
					t.Errorf("error %q, want %q", (*errs)[i], w)
				}
			}
		})
	}
}

// TestAckOnce: the first acknowledgement goes out, and one that cannot be
// encoded does not count.
func TestAckOnce(t *testing.T) {
	r := newRig(t, 1, nil)
	var results []error
	var kept *Event
	r.io.Inline().On("ask", func(e *Event) error {
		kept = e.Clone()
		results = append(results, e.Ack(make(chan int)), e.Ack(1, []byte("b"), &point{1, 2}), e.Ack(2), e.AckRaw([]byte("3")))
		if e.WantsAck() {
			t.Error("still wants an acknowledgement")
		}
		return nil
	})
	r.io.Inline().On("later", func(e *Event) error { kept = e.Clone(); return nil })
	c := r.join(0)
	c.send(`425["ask"]`)
	c.expect(`461-5[1,`+ph0+`,[1,2]]`, "bin:b")
	if results[0] == nil || results[1] != nil || results[2] != ErrNoAck || results[3] != ErrNoAck {
		t.Errorf("results %v", results)
	}
	results = nil
	c.send(`42["ask"]`)
	c.expect()
	if results[1] != ErrNoAck || kept.WantsAck() {
		t.Errorf("not asked for: %v", results)
	}
	c.send(`420["later",` + `"x"]`)
	r.settle()
	r.off(func() {
		if err := kept.AckRaw(kept.Raw()); err != nil {
			t.Error(err)
		}
	})
	c.expect(`430["x"]`)
	c.send(`421["later"]`, `41`)
	r.settle()
	if err := kept.Ack(1); err != ErrDisconnected {
		t.Errorf("after the client left: %v", err)
	}
}

func TestKey(t *testing.T) {
	type user struct{ name string }
	k, other := NewKey[user]("user"), NewKey[int]("user")
	s := &Socket{}
	if _, ok := k.Get(s); ok {
		t.Error("a value that was never set")
	}
	k.Set(s, user{"ann"})
	if u, ok := k.Get(s); !ok || u.name != "ann" {
		t.Errorf("got %v %v", u, ok)
	}
	if n, ok := other.Get(s); ok || n != 0 {
		t.Error("a value of another type")
	}
	k.Delete(s)
	if u, ok := k.Get(s); ok || u.name != "" {
		t.Error("a value that was deleted")
	}
}

func TestPrepared(t *testing.T) {
	bin := []byte("bin")
	p, err := Prepare("ev", 1, bin, "x")
	if err != nil {
		t.Fatal(err)
	}
	clear(bin)
	for _, nsp := range []string{"/", "/admin"} {
		got := strings.Join(unframed(t, frameEvent(nil, nsp, -1, p.Event(), p.args(), p.bins)), " ")
		want := `451-` + strings.TrimPrefix(nsp+",", "/,") + `["ev",1,` + ph0 + `,"x"] bin:bin`
		if got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if p.Event() != "ev" || string(p.args()) != `1,`+ph0+`,"x"` {
		t.Errorf("%s %s", p.Event(), p.args())
	}
	if _, err := Prepare("connect"); err != ErrReserved {
		t.Errorf("reserved: %v", err)
	}
	if _, err := Prepare("x", make(chan int)); err == nil {
		t.Error("no error for a channel")
	}
}

// TestHostileArguments: what a client sends is never more than an error.
func TestHostileArguments(t *testing.T) {
	r, c, _ := typed(t, func(io *Server) Registrar { return io.Inline() })
	for _, name := range []string{"string", "bytes", "binary", "int", "struct", "any", "view", "two", "three", "sum", "refuse"} {
		for _, arg := range []string{
			`{}`, `[]`, `"\ud800"`, `1e999`, `-0`, `{"A":{},"B":[]}`, strings.Repeat("[", 500) + strings.Repeat("]", 500),
			`{"_placeholder":true}`, `{"_placeholder":true,"num":-1}`, ph1, `""`, `"====" `, `null`, `true`,
		} {
			c.send(`4212["` + name + `",` + arg + `,` + arg + `,` + arg + `]`)
		}
	}
	r.settle()
	if c.read(); r.io.panics.Load() != 0 || c.shut || c.closed {
		t.Errorf("%d panics", r.io.panics.Load())
	}
}
