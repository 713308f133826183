// Command presence shows who is online. Somebody with three tabs is one person,
// and has left when the last tab is closed.
package main

import (
	"embed"
	"sync"

	"github.com/sio-fast/sio-fast/examples/web"
	"github.com/sio-fast/sio-fast/sio"
)

//go:embed index.html app.js
var files embed.FS

const (
	maxName   = 24  // letters
	maxPeople = 500 // online at a time
	maxTabs   = 20  // of one person
)

// Person is what everybody may know of somebody.
type Person struct {
	ID   int    `json:"id"`
	Name string `json:"name"`
	Tabs int    `json:"tabs"` // 0: has left
}

// Auth is what a page says when it connects. The key makes its tabs one person;
// the browser thinks it up and the server shows it to nobody.
type Auth struct{ Name, Key string }

var (
	auth = sio.NewKey[Auth]("auth")
	self = sio.NewKey[*Person]("self")
)

// house is who is in. Its lock is held while emitting too: everybody hears of
// the changes in their order, and after the list.
type house struct {
	mu     sync.Mutex
	people map[string]*Person // by key
	lastID int
}

// enter counts a tab; nil says that there is no room for it.
func (h *house) enter(a Auth) *Person {
	p := h.people[a.Key]
	if p == nil {
		if len(h.people) == maxPeople {
			return nil
		}
		h.lastID++
		p = &Person{ID: h.lastID}
		h.people[a.Key] = p
	}
	if p.Tabs == maxTabs {
		return nil
	}
	p.Tabs++
	p.Name = a.Name // the newest tab says what the person is called
	return p
}

func (h *house) list() []Person {
	all := []Person{} // a list for JavaScript, also if empty
	for _, p := range h.people {
		all = append(all, *p)
	}
	return all
}

func server() (*sio.Server, error) {
	io, err := sio.New(web.Options(web.Pages(files)))
	if err != nil {
		return nil, err
	}
	web.Polite(io)
	h := &house{people: map[string]*Person{}}
	io.Use(func(s *sio.Socket) error {
		var a Auth
		if err := s.Handshake().Bind(&a); err != nil {
			return err
		}
		if len(a.Key) < 16 || len(a.Key) > 64 {
			return &sio.ConnectError{Message: "a key has 16 to 64 bytes"}
		}
		var err error
		a.Name, err = web.Line("a name", a.Name, maxName)
		auth.Set(s, a)
		return err
	})
	io.OnConnect(func(s *sio.Socket) error {
		a, _ := auth.Get(s)
		h.mu.Lock()
		defer h.mu.Unlock()
		p := h.enter(a)
		if p == nil {
			err := s.Emit("problem", "no room: too many tabs or people")
			s.Disconnect(true)
			return err
		}
		self.Set(s, p)
		s.Join("house")
		if err := s.Emit("online", p.ID, h.list()); err != nil {
			return err
		}
		return s.To("house").Emit("changed", p)
	})
	io.OnDisconnect(func(s *sio.Socket, _ sio.Reason) {
		a, _ := auth.Get(s)
		p, counted := self.Get(s)
		if !counted {
			return
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if p.Tabs--; p.Tabs == 0 {
			delete(h.people, a.Key)
		}
		_ = io.To("house").Emit("changed", p) // fails only when the server is closing
	})
	return io, nil
}

func main() { web.Main(server()) }
