package sio_test

import (
	"github.com/sio-fast/sio-fast/sio"
)

// What docs/FROM-NODE.md shows of names with types.

// The events of this app. Each name knows the types of its arguments.
const (
	Say   sio.Name[Message]         = "say"
	Moved sio.Name2[string, int]    = "moved"
	Add   sio.Question[[]int, int]  = "add"
	Spell sio.Question[string, int] = "spell"
)

func Example_fromNodeNames() {
	io, _ := sio.New(nil)
	sio.On(io, Say, func(s *sio.Socket, m Message) error {
		return Say.Emit(s.To(m.Room), m) // a string here would not compile
	})
	sio.On2(io, Moved, func(s *sio.Socket, who string, x int) error {
		return Moved.Emit(io, who, x)
	})
	sio.OnCall(io, Add, func(_ *sio.Socket, xs []int) (int, error) {
		return len(xs), nil
	})
	sio.On(io, "start", func(s *sio.Socket, word string) error {
		n, err := Spell.Ask(s.Context(), s, word) // the client's answer, an int
		if err != nil {
			return err
		}
		return s.Emit("letters", n)
	})
	io.OnConnect(func(s *sio.Socket) error {
		s.Join("lobby")
		return nil
	})
	st := open(io)
	other, v := st.visit(), st.visit()
	other.says(`421["add",[7]]`)
	other.hears(1) // so its OnConnect has run
	v.says(`42["say",{"room":"lobby","text":"hi"}]`)
	other.hears(1)
	v.says(`42["moved","ann",3]`)
	v.hears(1)
	v.says(`421["add",[1,2]]`)
	v.hears(1)
	v.says(`42["start","word"]`)
	v.hears(1)
	v.says(`430[4]`)
	v.hears(1)
	st.close()
	// Output:
	// 431[1]
	// 42["say",{"room":"lobby","text":"hi"}]
	// 42["moved","ann",3]
	// 431[2]
	// 420["spell","word"]
	// 42["letters",4]
}
