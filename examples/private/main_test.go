package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/examples/web/webtest"
)

func named(name string) map[string]any { return map[string]any{"name": name} }

func back(w Welcome) map[string]any { return map[string]any{"session": w.Session} }

// come opens a tab and gives it with its welcome.
func come(t *testing.T, url string, auth any) (*webtest.Person, Welcome) {
	t.Helper()
	p := webtest.Open(t, url, auth)
	var w Welcome
	p.Get("welcome", &w)
	if w.Session == "" || w.You.ID == "" || w.Session == w.You.ID {
		t.Fatalf("welcomed with %+v", w)
	}
	return p, w
}

func TestMessagesReachTheAddresseeAlone(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	ada, adaIs := come(t, url, named("Ada"))
	ada2, again := come(t, url, back(adaIs))
	if again.You.ID != adaIs.You.ID || again.Session != adaIs.Session || again.You.Name != "Ada" {
		t.Fatalf("a session gives %+v, then %+v", adaIs, again)
	}
	bob, bobIs := come(t, url, named("Bob"))
	bob2, _ := come(t, url, back(bobIs))
	eve, eveIs := come(t, url, named("Eve"))
	var u User
	for _, p := range []*webtest.Person{ada, ada2} { // one event a person, not a tab
		if p.Get("user", &u); u.Name != "Bob" || !u.Online {
			t.Errorf("came: %+v", u)
		}
		p.Get("user", &u)
	}
	bob.Get("user", &u)
	bob2.Get("user", &u)

	var sent Message
	ada.Call(&sent, "message", map[string]any{"to": bobIs.You.ID, "text": " between  us ", "from": eveIs.You.ID})
	if sent.Text != "between us" || sent.From != adaIs.You.ID || sent.To != bobIs.You.ID || sent.ID == 0 {
		t.Errorf("sent %+v", sent)
	}
	for _, p := range []*webtest.Person{bob, bob2, ada2} {
		var m Message
		if p.Get("message", &m); m != sent {
			t.Errorf("got %+v, want %+v", m, sent)
		}
	}
	// What Eve gets next is her own: nothing came between.
	bob.Call(&sent, "message", map[string]any{"to": eveIs.You.ID, "text": "to Eve"})
	var m Message
	if eve.Get("message", &m); m.Text != "to Eve" {
		t.Errorf("Eve has read %+v", m)
	}
}

func TestMessagesWait(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	ada, adaIs := come(t, url, named("Ada"))
	bob, bobIs := come(t, url, named("Bob"))
	var u User
	ada.Get("user", &u)
	bob.Close()
	if ada.Get("user", &u); u.ID != bobIs.You.ID || u.Online {
		t.Fatalf("left: %+v", u)
	}
	var sent Message
	for i := range maxMessages + 3 {
		ada.Call(&sent, "message", map[string]any{"to": bobIs.You.ID, "text": fmt.Sprint(i)})
	}
	_, w := come(t, url, back(bobIs))
	if len(w.Messages) != maxMessages || w.Messages[0].Text != "3" || w.Messages[maxMessages-1] != sent {
		t.Errorf("%d messages have waited", len(w.Messages))
	}
	if ada.Get("user", &u); !u.Online || u.Name != "Bob" {
		t.Errorf("came back: %+v", u)
	}
	for _, of := range w.Users {
		if of.ID == adaIs.You.ID && !of.Online {
			t.Error("Ada is said to be away")
		}
	}
}

func TestBadInputIsRefused(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	for _, auth := range []any{nil, named(" "), named(strings.Repeat("x", maxName+1)), map[string]any{"session": "guessed"}} {
		if why := webtest.Refused(t, url, auth); why != "a name has 1 to 24 letters" {
			t.Errorf("%v is refused with %q", auth, why)
		}
	}
	webtest.Refused(t, url, map[string]any{"session": 7})
	ada, is := come(t, url, named("Ada"))
	for _, c := range []struct{ to, text, why string }{
		{"nobody", "hello", "there is nobody of that id"},
		{is.Session, "hello", "there is nobody of that id"},
		{is.You.ID, "hello", "there is nobody of that id"},
		{"everybody", "hello", "there is nobody of that id"},
		{is.You.ID, "", "a message has 1 to 500 letters"},
		{is.You.ID, strings.Repeat("x", maxText+1), "a message has 1 to 500 letters"},
	} {
		if why := ada.Refusal("message", map[string]any{"to": c.to, "text": c.text}); why != c.why {
			t.Errorf("to %q: %q, want %q", c.to, why, c.why)
		}
	}
	if why := ada.Problem("message", "hello"); why != "that was not understood" {
		t.Error(why)
	}
	for range maxTabs - 1 {
		come(t, url, back(is))
	}
	late := webtest.Open(t, url, back(is))
	late.Get("problem", nil)
	late.Gone()
}

func TestTheStoreIsBounded(t *testing.T) {
	s := newStore()
	var all []*person
	for i := range maxPeople {
		all = append(all, s.add(fmt.Sprint(i)))
		if i != 7 && i != 9 {
			s.arrive(all[i])
		}
	}
	if s.add("new") == nil || s.people[all[7].ID] != nil || s.people[all[9].ID] == nil {
		t.Error("not the one away longest was forgotten")
	}
	if s.arrive(all[7]) {
		t.Error("who was forgotten has arrived")
	}
	s.add("new")
	for _, p := range s.people {
		s.arrive(p)
	}
	if s.add("one too many") != nil || len(s.people) != maxPeople || len(s.sessions) != maxPeople {
		t.Errorf("%d people, %d sessions", len(s.people), len(s.sessions))
	}
}
