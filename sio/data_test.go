package sio

import (
	"slices"
	"testing"
)

// TestOnData: each value that is set or deleted is told, by whatever way, once it
// is so; not before the socket is admitted, and a panic spoils nothing.
func TestOnData(t *testing.T) {
	r := newRig(t, 1, nil)
	var heard []any
	r.io.OnData(func(*Socket) { panic("listener") })
	r.io.OnData(func(s *Socket) { v, _ := s.Data().Value("a"); heard = append(heard, v) })
	r.io.Use(func(s *Socket) error { s.Data().Set("a", 0); return nil })
	r.io.OnError(func(*Socket, string, error) {})
	key := NewKey[int]("a")
	r.io.OnConnect(func(s *Socket) error {
		s.Data().Set("a", 1)
		key.Set(s, 2)
		key.Delete(s)
		s.Data().Delete("b")
		return nil
	})
	r.join(0)
	r.settle()
	if want := []any{1, 2, nil, nil}; !slices.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}
