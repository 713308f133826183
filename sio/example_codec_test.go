package sio_test

import (
	"fmt"
	"log"
	"strconv"

	"github.com/sio-fast/sio-fast/sio"
)

// The argument is decoded into the type of the function's parameter.
func ExampleOn() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	type chat struct {
		Text  string
		Photo sio.Binary // an attachment
	}
	sio.On(io, "chat", func(s *sio.Socket, m chat) error {
		return s.To("lobby").Emit("chat", &m)
	})
	sio.On(io.Inline(), "typing", func(s *sio.Socket, who string) error {
		return s.To("lobby").Emit("typing", who) // on the loop: it must not block
	})
}

// Typed, and yet nothing is allocated: text is lent, room is the name of a room
// that exists, and what is sent does not become an interface.
func ExampleText() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	in := io.Inline()
	sio.On2(in, "say", func(s *sio.Socket, room string, text sio.Text) error {
		if len(text) == 0 {
			return nil
		}
		return sio.Emit(s.To(room), "said", text)
	})
	in.On("echo", func(e *sio.Event) error {
		text, err := sio.Arg[sio.Text](e, 0)
		if err != nil {
			return err
		}
		if e.WantsAck() {
			return sio.Ack(e, text)
		}
		return sio.Emit(e.Socket(), "echo", text)
	})
}

// What the function returns is the acknowledgement. A client asks
//
//	socket.emit("divide", {a: 1, b: 0}, (answer) => …)
//
// and gets the quotient, or {error: "division by zero"}.
func ExampleOnCall_codec() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	type question struct{ A, B float64 }
	sio.OnCall(io, "divide", func(_ *sio.Socket, q question) (float64, error) {
		if q.B == 0 {
			return 0, &sio.CallError{Message: "division by zero"}
		}
		return q.A / q.B, nil
	})
}

// An event with several arguments, the last of which may be missing.
func ExampleEvent_Bind() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	io.On("upload", func(e *sio.Event) error {
		var (
			name  string
			file  []byte // lent until the handler returns
			flags map[string]any
		)
		if err := e.Bind(&name, &file, &flags); err != nil {
			return err
		}
		return e.Ack(len(file))
	})
}

type account struct{ Name string }

// accountKey is made once; it gives typed values to each socket.
var accountKey = sio.NewKey[account]("account")

func ExampleKey() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	io.Use(func(s *sio.Socket) error {
		accountKey.Set(s, account{Name: "ann"})
		return nil
	})
	sio.OnCall(io, "whoami", func(s *sio.Socket, _ any) (string, error) {
		a, ok := accountKey.Get(s)
		if !ok {
			return "", &sio.CallError{Message: "not logged in"}
		}
		return a.Name, nil
	})
}

// What is sent again and again is encoded once.
func ExamplePrepare_codec() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	welcome, err := sio.Prepare("welcome", map[string]any{"motd": "be kind", "logo": []byte{0x89, 'P', 'N', 'G'}})
	if err != nil {
		log.Fatal(err)
	}
	io.OnConnect(func(s *sio.Socket) error { return s.Send(welcome) })
	fmt.Println(welcome.Event())

	_, err = sio.Prepare("disconnect")
	fmt.Println(err)
	// Output:
	// welcome
	// sio: reserved event name
}

// position writes its own JSON.
type position struct{ X, Y int }

// AppendJSON implements sio.Appender: no reflection, no allocation.
func (p *position) AppendJSON(dst []byte) []byte {
	dst = strconv.AppendInt(append(dst, `{"x":`...), int64(p.X), 10)
	dst = strconv.AppendInt(append(dst, `,"y":`...), int64(p.Y), 10)
	return append(dst, '}')
}

func ExampleAppender() {
	io, err := sio.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	p := &position{3, 4}
	if err := io.To("map").Emit("moved", p); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", p.AppendJSON(nil))
	// Output: {"x":3,"y":4}
}
