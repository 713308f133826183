package sio

import (
	"fmt"
	"testing"
)

// TestTrim: when a crowd has left, the tables of sockets and rooms get smaller;
// who stays keeps its place, its rooms and its messages.
func TestTrim(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.OnConnect(func(s *Socket) error {
		s.Join("all")
		return nil
	})
	crowd := make([]*rigClient, 3000)
	for i := range crowd {
		crowd[i] = r.join(0)
	}
	var stays *rigClient
	for i, c := range crowd {
		if i == 5 {
			stays = c
			continue
		}
		c.hangUp()
	}
	r.until(func() bool { return r.io.Len() == 1 })
	nl := r.io.Namespace.each()[0]
	for i := range 2 * keepFree {
		ls := nl.ls
		a, b := ls.rooms.Get(), ls.rooms.Get()
		a.name, b.name = fmt.Sprint(i), fmt.Sprint(-i)
		ls.rooms.Put(a)
		ls.rooms.Put(b)
	}
	r.loops[0].l.Trim()
	if len(nl.slots) != 6 || cap(nl.slots) > 8 || cap(nl.free) > 8 {
		t.Errorf("%d slots, room for %d, %d of them free, room for %d", len(nl.slots), cap(nl.slots), len(nl.free), cap(nl.free))
	}
	stays.read()
	if err := r.io.To("all").Emit("hello"); err != nil {
		t.Fatal(err)
	}
	stays.expect(`42["hello"]`)
	next := r.join(0)
	if nl.slots[0] == nil {
		t.Error("the lowest slot was not taken first")
	}
	next.hangUp()
}
