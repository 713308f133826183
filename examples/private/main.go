// Command private carries messages between two people. A session, which the
// browser keeps, brings somebody back to who they were, in as many tabs as they
// like; what was written to them meanwhile has waited.
package main

import (
	"embed"
	"time"

	"github.com/sio-fast/sio-fast/examples/web"
	"github.com/sio-fast/sio-fast/sio"
)

//go:embed index.html app.js talk.css
var files embed.FS

const (
	maxName = 24  // letters
	maxText = 500 // letters
)

// User is what everybody may know of a person.
type User struct {
	ID     string `json:"id"` // also the name of the room with the person's tabs
	Name   string `json:"name"`
	Online bool   `json:"online"`
}

// Message is from one person to another.
type Message struct {
	ID   int64  `json:"id"` // grows: a page knows by it what it has shown
	From string `json:"from"`
	To   string `json:"to"`
	Text string `json:"text"`
	At   int64  `json:"at"` // milliseconds since 1970
}

// Welcome is the first that a tab gets. Session is for this person alone: who
// sends it again is let in as them.
type Welcome struct {
	Session  string    `json:"session"`
	You      User      `json:"you"`
	Users    []User    `json:"users"`
	Messages []Message `json:"messages"` // also those that have waited
}

var (
	self    = sio.NewKey[*person]("self")
	counted = sio.NewKey[bool]("counted") // among the person's tabs
)

type app struct {
	io *sio.Server
	*store
}

func server() (*sio.Server, error) {
	io, err := sio.New(web.Options(web.Pages(files)))
	if err != nil {
		return nil, err
	}
	web.Polite(io)
	a := &app{io: io, store: newStore()}
	io.Use(a.admit)
	io.OnConnect(a.connect)
	io.OnDisconnect(a.disconnect)
	sio.OnCall(io, "message", a.message)
	return io, nil
}

// admit finds the person of a session, or takes up a new one.
func (a *app) admit(s *sio.Socket) error {
	var auth struct{ Session, Name string }
	if err := s.Handshake().Bind(&auth); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p := a.sessions[auth.Session]
	if p == nil {
		name, err := web.Line("a name", auth.Name, maxName)
		if err != nil {
			return err
		}
		if p = a.add(name); p == nil {
			return &sio.ConnectError{Message: "too many people are here, please try again later"}
		}
	}
	self.Set(s, p)
	return nil
}

func (a *app) connect(s *sio.Socket) error {
	p, _ := self.Get(s)
	// Emitting does not wait, so it may be done under the lock; and then nothing
	// comes between the messages that were kept and those that follow.
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.arrive(p) { // forgotten since admit, or with too many tabs
		err := s.Emit("problem", "you have too many tabs open")
		s.Disconnect(true)
		return err
	}
	counted.Set(s, true)
	s.Join("everybody", p.ID)
	err := s.Emit("welcome", Welcome{p.session, p.User, a.users(), p.messages})
	if p.tabs > 1 || err != nil {
		return err
	}
	return s.To("everybody").Emit("user", p.User)
}

func (a *app) disconnect(s *sio.Socket, _ sio.Reason) {
	p, _ := self.Get(s)
	a.mu.Lock()
	defer a.mu.Unlock()
	if here, _ := counted.Get(s); here && a.leave(p) {
		_ = a.io.To("everybody").Emit("user", p.User) // fails only when the server is closing
	}
}

// message goes to all tabs of the one it is for and to the other tabs of its
// author; this one gets it as the answer.
func (a *app) message(s *sio.Socket, m Message) (Message, error) {
	text, err := web.Line("a message", m.Text, maxText)
	if err != nil {
		return Message{}, err
	}
	p, _ := self.Get(s)
	a.mu.Lock()
	defer a.mu.Unlock()
	to := a.people[m.To]
	if to == nil || to == p {
		return Message{}, &sio.CallError{Message: "there is nobody of that id"}
	}
	a.lastID++
	m = Message{ID: a.lastID, From: p.ID, To: to.ID, Text: text, At: time.Now().UnixMilli()}
	p.keep(m)
	to.keep(m)
	return m, s.To(to.ID).To(p.ID).Emit("message", &m)
}

func main() { web.Main(server()) }
