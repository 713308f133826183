// Package chat is the application that the sio-fast binary serves when it is
// started without flags: a chat with names, rooms, private messages, images and
// a live count of who is here. It is written with the public API alone, and is
// meant to be read as an example of it.
package chat

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/sio"
)

// Lobby is the room that everybody enters first and nobody leaves.
const Lobby = "lobby"

const (
	maxName  = 24        // runes, as the page's field
	maxRoom  = 32        // runes
	maxText  = 2000      // runes
	maxImage = 700 << 10 // bytes: below the default message limit of 1 MB
	maxRooms = 20        // rooms one person may be in at a time
)

// User is what everybody may know of a person.
type User struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Color string `json:"color"`
}

// Message is one entry of a talk, in a room or between two people.
type Message struct {
	Room  string     `json:"room,omitempty"`
	From  User       `json:"from"`
	Text  string     `json:"text,omitempty"`
	Image sio.Binary `json:"image,omitempty"`
	Type  string     `json:"type,omitempty"`
	At    int64      `json:"at"` // milliseconds since 1970
}

// Post is what a client asks to be sent: to a room, or to one person.
type Post struct {
	Room  string     `json:"room"`
	To    string     `json:"to"`
	Text  string     `json:"text"`
	Image sio.Binary `json:"image"`
	Type  string     `json:"type"`
}

// Hello answers the first call of a client.
type Hello struct {
	You   User   `json:"you"`
	Users []User `json:"users"`
}

// Joined answers a call to join a room.
type Joined struct {
	Error   string    `json:"error,omitempty"`
	Room    string    `json:"room"`
	Members int       `json:"members"`
	History []Message `json:"history"`
}

// Posted answers a call to send a message.
type Posted struct {
	Error string `json:"error,omitempty"`
	At    int64  `json:"at"`
}

// Typing tells that somebody begins or ends to write: Key is a room's name, or
// "@" and a person's id.
type Typing struct {
	Key  string `json:"key"`
	From *User  `json:"from,omitempty"`
	On   bool   `json:"on"`
}

var self = sio.NewKey[User]("user")

// Serve registers the chat on io and starts its pulse, which ends when stop is
// closed.
func Serve(io *sio.Server, stop <-chan struct{}) {
	a := &app{io: io, hub: newHub()}
	io.Use(a.admit)
	io.OnDisconnect(func(s *sio.Socket, _ sio.Reason) {
		if u, ok := self.Get(s); ok {
			a.hub.leaveAll(u)
		}
	})
	io.On("hello", a.hello)
	sio.OnCall(io, "join", a.join)
	sio.OnCall(io, "leave", a.leave)
	sio.OnCall(io, "message", a.message)
	sio.OnCall(io, "private", a.private)
	sio.On(io, "typing", a.typing)
	go a.pulse(stop)
}

type app struct {
	io  *sio.Server
	hub *hub
}

// admit gives the person a name of their own: a name that is taken gets a
// number, so that a reconnect during an unnoticed loss is not refused.
func (a *app) admit(s *sio.Socket) error {
	var auth struct {
		Name string `json:"name"`
	}
	if err := s.Handshake().Bind(&auth); err != nil {
		return fmt.Errorf("please send a name")
	}
	name := strings.Join(strings.Fields(auth.Name), " ")
	if name == "" || utf8.RuneCountInString(name) > maxName {
		return fmt.Errorf("a name has 1 to %d letters", maxName)
	}
	self.Set(s, a.hub.enter(s.ID(), name))
	return nil
}

func (a *app) hello(e *sio.Event) error {
	u, _ := self.Get(e.Socket())
	return e.Ack(Hello{You: u, Users: a.hub.people()})
}

func (a *app) join(s *sio.Socket, room string) (Joined, error) {
	u, _ := self.Get(s)
	room = strings.Join(strings.Fields(room), " ")
	if room == "" || utf8.RuneCountInString(room) > maxRoom || strings.HasPrefix(room, "@") {
		return Joined{Error: fmt.Sprintf("a room's name has 1 to %d letters and no @ in front", maxRoom)}, nil
	}
	history, members, ok := a.hub.join(u, room)
	if !ok {
		return Joined{Error: fmt.Sprintf("you are in %d rooms already", maxRooms)}, nil
	}
	s.Join(key(room))
	return Joined{Room: room, Members: members, History: history}, nil
}

func (a *app) leave(s *sio.Socket, room string) (Posted, error) {
	u, _ := self.Get(s)
	s.Leave(key(room))
	a.hub.leave(u, room)
	return Posted{}, nil
}

func (a *app) message(s *sio.Socket, p Post) (Posted, error) {
	u, _ := self.Get(s)
	if why := p.refuse(); why != "" {
		return Posted{Error: why}, nil
	}
	m := Message{Room: p.Room, From: u, Text: p.Text, Image: p.Image, Type: p.Type, At: time.Now().UnixMilli()}
	if !a.hub.keep(u, &m) {
		return Posted{Error: "you are not in that room"}, nil
	}
	return Posted{At: m.At}, s.To(key(p.Room)).Emit("message", &m)
}

func (a *app) private(s *sio.Socket, p Post) (Posted, error) {
	u, _ := self.Get(s)
	if why := p.refuse(); why != "" {
		return Posted{Error: why}, nil
	}
	if !a.hub.here(p.To) {
		return Posted{Error: "that person has left"}, nil
	}
	m := Message{From: u, Text: p.Text, Image: p.Image, Type: p.Type, At: time.Now().UnixMilli()}
	return Posted{At: m.At}, s.To(p.To).Emit("private", &m)
}

func (a *app) typing(s *sio.Socket, t Typing) error {
	u, _ := self.Get(s)
	t.From = &u
	if to, private := strings.CutPrefix(t.Key, "@"); private {
		t.Key = "@" + u.ID
		return s.To(to).Volatile().Emit("typing", &t)
	}
	if !a.hub.in(u, t.Key) {
		return nil
	}
	return s.To(key(t.Key)).Volatile().Emit("typing", &t)
}

// key keeps the rooms of the chat apart from the default rooms, which bear the
// sockets' ids.
func key(room string) string { return "#" + room }

func (p *Post) refuse() string {
	switch {
	case len(p.Image) > maxImage:
		return "that image is too large"
	case len(p.Image) > 0 && !strings.HasPrefix(p.Type, "image/"):
		return "only images can be sent"
	case p.Text == "" && len(p.Image) == 0:
		return "an empty message"
	case utf8.RuneCountInString(p.Text) > maxText:
		return fmt.Sprintf("a message has at most %d letters", maxText)
	}
	return ""
}
