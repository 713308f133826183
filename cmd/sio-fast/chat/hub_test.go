package chat

import (
	"strings"
	"testing"
)

func TestNamesAreKeptApart(t *testing.T) {
	h := newHub()
	a, b := h.enter("1", "Ada"), h.enter("2", "Ada")
	if a.Name != "Ada" || b.Name != "Ada 2" {
		t.Errorf("names %q and %q", a.Name, b.Name)
	}
	h.leaveAll(a)
	h.leaveAll(b)
	if c := h.enter("3", "Ada"); c.Name != "Ada" {
		t.Errorf("a name that is free again became %q", c.Name)
	}
	if len(h.names) != 1 || len(h.users) != 1 {
		t.Errorf("left over: names %v, users %v", h.names, h.users)
	}
}

func TestRoomsAreForgottenWhenEmpty(t *testing.T) {
	h := newHub()
	a, b := h.enter("1", "Ada"), h.enter("2", "Bob")
	h.join(a, "go")
	if _, members, ok := h.join(b, "go"); !ok || members != 2 {
		t.Fatalf("members %d, %v", members, ok)
	}
	if !h.keep(a, &Message{Room: "go", Text: "hi"}) {
		t.Fatal("a member may not write")
	}
	if h.keep(h.enter("3", "Eve"), &Message{Room: "go", Text: "hi"}) {
		t.Fatal("a stranger may write")
	}
	h.leave(a, "go")
	h.leave(a, "go") // twice is harmless
	if history, members, _ := h.join(a, "go"); members != 2 || len(history) != 1 {
		t.Errorf("members %d, history %v", members, history)
	}
	h.leaveAll(a)
	h.leaveAll(b)
	if len(h.rooms) != 0 {
		t.Errorf("left over: %v", h.rooms)
	}
}

func TestRoomsOfOnePersonAreLimited(t *testing.T) {
	h := newHub()
	u := h.enter("1", "Ada")
	for i := range maxRooms {
		if _, _, ok := h.join(u, strings.Repeat("x", i+1)); !ok {
			t.Fatalf("room %d refused", i)
		}
	}
	if _, _, ok := h.join(u, "one too many"); ok {
		t.Error("one room too many")
	}
	if _, _, ok := h.join(u, "x"); !ok {
		t.Error("a room joined before is refused")
	}
}

func TestHistoryIsBounded(t *testing.T) {
	h := newHub()
	u := h.enter("1", "Ada")
	h.join(u, Lobby)
	for range historyLen + 10 {
		h.keep(u, &Message{Room: Lobby, Text: "x"})
	}
	if n := len(h.rooms[Lobby].history); n != historyLen {
		t.Errorf("%d messages kept, want %d", n, historyLen)
	}
	image := make([]byte, maxImage)
	for range 10 {
		h.keep(u, &Message{Room: Lobby, Image: image})
	}
	r := h.rooms[Lobby]
	sum := 0
	for i := range r.history {
		sum += r.history[i].size()
	}
	if sum != r.bytes || sum > historyBytes {
		t.Errorf("%d bytes kept, counted %d, limit %d", sum, r.bytes, historyBytes)
	}
}

func TestChangesAreToldOnce(t *testing.T) {
	h := newHub()
	a := h.enter("1", "Ada")
	h.join(a, "go")
	joined, _, rooms, online := h.changes()
	if len(joined) != 1 || len(rooms) != 1 || rooms[0] != (RoomCount{"go", 1}) || online != 1 {
		t.Errorf("joined %v, rooms %v, online %d", joined, rooms, online)
	}
	h.leaveAll(a)
	joined, left, rooms, online := h.changes()
	if len(joined) != 0 || len(left) != 1 || len(rooms) != 0 || online != 0 {
		t.Errorf("joined %v, left %v, rooms %v, online %d", joined, left, rooms, online)
	}
}

func TestPostsAreRefused(t *testing.T) {
	for why, p := range map[string]Post{
		"an empty message":                   {Room: Lobby},
		"that image is too large":            {Room: Lobby, Image: make([]byte, maxImage+1), Type: "image/png"},
		"only images can be sent":            {Room: Lobby, Image: []byte{1}, Type: "text/html"},
		"a message has at most 2000 letters": {Room: Lobby, Text: strings.Repeat("é", maxText+1)},
	} {
		if got := p.refuse(); got != why {
			t.Errorf("refused with %q, want %q", got, why)
		}
	}
	if why := (&Post{Room: Lobby, Text: strings.Repeat("é", maxText)}).refuse(); why != "" {
		t.Errorf("the longest message is refused: %s", why)
	}
}
