// Command chat is a room in which everybody talks, with what was said last for
// those who come later.
package main

import (
	"embed"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/examples/web"
	"github.com/sio-fast/sio-fast/sio"
)

//go:embed index.html app.js
var files embed.FS

const (
	maxName    = 24  // letters
	maxText    = 500 // letters
	maxHistory = 50  // messages
)

// Message is one thing said.
type Message struct {
	From string `json:"from"`
	Text string `json:"text"`
	At   int64  `json:"at"` // milliseconds since 1970
}

// name is what the server knows of a socket.
var name = sio.NewKey[string]("name")

type chat struct {
	mu      sync.Mutex // held while emitting too: everybody sees one order
	history []Message
}

func server() (*sio.Server, error) {
	io, err := sio.New(web.Options(web.Pages(files)))
	if err != nil {
		return nil, err
	}
	web.Polite(io)
	c := &chat{}
	io.Use(func(s *sio.Socket) error { // who may connect
		var auth struct{ Name string }
		if err := s.Handshake().Bind(&auth); err != nil {
			return err
		}
		n, err := web.Line("a name", auth.Name, maxName)
		name.Set(s, n)
		return err
	})
	io.OnConnect(func(s *sio.Socket) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		s.Join("chat") // from here on it gets what is said
		return s.Emit("history", c.history)
	})
	sio.OnCall(io, "say", func(s *sio.Socket, text string) (Message, error) {
		text, err := web.Line("a message", text, maxText)
		if err != nil {
			return Message{}, err
		}
		return c.say(s, text)
	})
	io.On("typing", func(e *sio.Event) error { // may be lost: nobody will miss it
		who, _ := name.Get(e.Socket())
		return e.Socket().To("chat").Volatile().Emit("typing", who)
	})
	return io, nil
}

func (c *chat) say(s *sio.Socket, text string) (Message, error) {
	who, _ := name.Get(s)
	m := Message{From: who, Text: text, At: time.Now().UnixMilli()}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.history = append(c.history, m)
	if len(c.history) > maxHistory {
		c.history = append([]Message{}, c.history[1:]...)
	}
	return m, s.To("chat").Emit("said", &m) // to all but s, which has the answer
}

func main() { web.Main(server()) }
