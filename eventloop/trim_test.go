//go:build linux

package eventloop

import (
	"context"
	"reflect"
	"testing"
)

// conns gives gnet's own map of the loop's connections, which is nowhere to be
// had but by its name. Loop only.
func (l *loop) conns() reflect.Value {
	return reflect.ValueOf(l.el).Elem().FieldByName("connections").FieldByName("connMap")
}

// TestTrim: gnet has a new map with the same connections, which are served as
// before; the tables of blocked sockets are gone, and what was on its way for
// them finds nobody.
func TestTrim(t *testing.T) {
	s := serve(t, "127.0.0.1:0", echoMux(), &Options{Loops: 1, KeepMemory: true, Logger: discard()})
	a, b := dial(t, s, "/ws"), dial(t, s, "/ws")
	l := s.core.all()[0]
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for range 2 {
		ok := l.ask(ctx, func(l *loop) bool {
			for range trimConns + 1 {
				c := &conn{}
				c.slot = l.aux.take(c)
			}
			late := token{1, l.aux.slots[0].gen}
			for i := range l.aux.slots {
				l.aux.release(l.aux.slots[i].c)
			}
			was, n := l.conns().Pointer(), l.conns().Len()
			if !l.trim() || l.conns().Pointer() == was || l.conns().Len() != n || n < 3 {
				t.Errorf("gnet's map of %d connections: %v, now %d", n, l.conns().Pointer() == was, l.conns().Len())
			}
			if cap(l.aux.slots)+cap(l.aux.free) > 0 || l.aux.find(late) != nil {
				t.Errorf("room for %d blocked sockets was kept", cap(l.aux.slots))
			}
			c := &conn{}
			c.slot = l.aux.take(c)
			if l.aux.find(late) != nil || l.aux.find(token{1, l.aux.slots[0].gen}) != c {
				t.Error("a token of before finds a socket of after")
			}
			l.aux.release(c)
			return true
		})
		if !ok {
			t.Fatal("the loop did not answer")
		}
		a.text("still here")
		a.want("still here")
	}
	_ = b.c.Close()
	waitFor(t, "one connection", func() bool { return s.Stats().Conns == 1 })
}

// TestGiveBackAtStart: the janitor begins with what starting has left.
func TestGiveBackAtStart(t *testing.T) {
	s := serve(t, "127.0.0.1:0", echoMux(), &Options{Loops: 1, Logger: discard()})
	waitFor(t, "the janitor", func() bool { return s.core.janitor.kept.Load() > 0 })
}
