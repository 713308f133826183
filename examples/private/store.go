package main

import (
	"crypto/rand"
	"sync"
)

const (
	maxPeople   = 500 // known, here or not
	maxTabs     = 20  // of one person
	maxMessages = 50  // kept of one person, sent, got and waiting
)

// store is what the server remembers, as long as it runs; a database could stand
// in its place. mu guards all of it.
type store struct {
	mu       sync.Mutex
	people   map[string]*person // by id
	sessions map[string]*person // by session
	lastID   int64
	clock    int64 // counts who has left, to forget the one away longest
}

type person struct {
	User
	session  string
	messages []Message
	tabs     int
	left     int64
}

func newStore() *store {
	return &store{people: map[string]*person{}, sessions: map[string]*person{}}
}

// add takes up somebody new, and forgets for it who is away longest if there are
// too many; nil if all of them are here.
func (t *store) add(name string) *person {
	if len(t.people) == maxPeople && !t.forget() {
		return nil
	}
	p := &person{User: User{ID: rand.Text(), Name: name}, session: rand.Text(), messages: []Message{}}
	t.clock++
	p.left = t.clock
	t.people[p.ID], t.sessions[p.session] = p, p
	return p
}

func (t *store) forget() bool {
	var oldest *person
	for _, p := range t.people {
		if p.tabs == 0 && (oldest == nil || p.left < oldest.left) {
			oldest = p
		}
	}
	if oldest == nil {
		return false
	}
	delete(t.people, oldest.ID)
	delete(t.sessions, oldest.session)
	return true
}

// arrive counts a tab of p, unless p was forgotten or has too many.
func (t *store) arrive(p *person) bool {
	if t.people[p.ID] != p || p.tabs == maxTabs {
		return false
	}
	p.tabs++
	p.Online = true
	return true
}

// leave takes a tab away and says whether it was the last.
func (t *store) leave(p *person) bool {
	p.tabs--
	if p.tabs > 0 {
		return false
	}
	t.clock++
	p.left, p.Online = t.clock, false
	return true
}

func (t *store) users() []User {
	all := make([]User, 0, len(t.people))
	for _, p := range t.people {
		all = append(all, p.User)
	}
	return all
}

// keep remembers m for p's next tab; the oldest message makes room.
func (p *person) keep(m Message) {
	p.messages = append(p.messages, m)
	if len(p.messages) > maxMessages {
		p.messages = append([]Message{}, p.messages[1:]...)
	}
}
