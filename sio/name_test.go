package sio

import (
	"fmt"
	"testing"
)

// TestNames: a declared name serves both directions and every kind of target.
func TestNames(t *testing.T) {
	const (
		one Name[[]int]              = "one"
		two Name2[string, bool]      = "two"
		thr Name3[int, int, string]  = "three"
		ask Question[string, []byte] = "ask"
	)
	r := newRig(t, 1, nil)
	On(r.io, one, func(s *Socket, v []int) error { return one.Emit(s, v) })
	On2(r.io, two, func(s *Socket, a string, b bool) error { return two.Emit(s.Volatile(), a, b) })
	On3(r.io, thr, func(_ *Socket, a, b int, c string) error { return thr.Emit(r.io, a, b, c) })
	OnCall(r.io, ask, func(_ *Socket, v string) ([]byte, error) { return []byte(v), nil })
	c := r.join(0)
	for _, packet := range []string{`42["one",[1,2]]`, `42["two","a",true]`, `42["three",1,2,"c"]`} {
		c.send(packet)
		r.settle()
		c.expect(packet)
	}
	socket := r.socket(c)
	answer := make(chan string, 1)
	go func() {
		got, err := Question[string, string]("q").Ask(t.Context(), socket, "x")
		answer <- fmt.Sprint(got, err)
	}()
	r.until(func() bool { return len(c.out) > 0 })
	c.expect(`420["q","x"]`)
	c.send(`430["y"]`)
	r.off(func() {
		if got := <-answer; got != "y<nil>" {
			t.Errorf("asked: %s", got)
		}
	})
}
