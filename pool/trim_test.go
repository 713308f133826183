package pool

import "testing"

func TestSlabTrim(t *testing.T) {
	var s Slab[[64]byte]
	for range 3 { // as often as one likes
		var out []*[64]byte
		for range 500 {
			out = append(out, s.Get())
		}
		for _, v := range out {
			s.Put(v)
		}
		s.Trim(10)
		if len(s.free) > 10 || cap(s.free) > 10 {
			t.Errorf("%d free values, room for %d", len(s.free), cap(s.free))
		}
	}
	s.Trim(0)
	if cap(s.free) != 0 {
		t.Error("room for none was kept")
	}
	s.Put(s.Get())
}

func TestInboxTrim(t *testing.T) {
	var q Inbox[int]
	for i := range 100 {
		q.Post(i)
	}
	q.Trim()
	if len(q.Take()) != 100 {
		t.Fatal("Trim lost entries")
	}
	q.Trim() // they are lent now
	if q.out == nil {
		t.Fatal("Trim took what is lent")
	}
	q.Take()
	q.Trim()
	if cap(q.in)+cap(q.out) != 0 {
		t.Error("the room was kept")
	}
	if !q.Post(1) || len(q.Take()) != 1 {
		t.Error("it does not work any more")
	}
}

// TestRoom: a table grows in steps, loses nothing, and costs nothing while it
// has room.
func TestRoom(t *testing.T) {
	var tab []int
	var steps []int
	for i := range 20_000 {
		if tab = append(Room(tab), i); len(steps) == 0 || steps[len(steps)-1] != cap(tab) {
			steps = append(steps, cap(tab))
		}
	}
	for i, v := range tab {
		if v != i {
			t.Fatalf("entry %d is %d", i, v)
		}
	}
	if len(steps) < 3 || steps[0] != TableFirst || steps[1] != tableSecond || len(steps) > 8 || cap(tab) > 26_000 {
		t.Errorf("steps %v", steps)
	}
}
