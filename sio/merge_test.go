package sio

import (
	"fmt"
	"slices"
	"testing"
)

// Broadcasts that stand behind each other reach each socket complete, in order,
// without what it sent itself, and in one send.
func TestFloodIsMerged(t *testing.T) {
	r := newRig(t, 1, nil)
	r.io.Inline().On("in", func(e *Event) error { e.Socket().Join("room"); return nil })
	var clients []*rigClient
	var sockets []*Socket
	for range 5 {
		c := r.join(0)
		c.send(`42["in"]`)
		r.settle()
		c.read()
		clients = append(clients, c)
		sockets = append(sockets, r.socket(c))
	}
	for name, send := range map[string]func(i int) error{
		"all":  func(i int) error { return r.io.Emit("n", i) },
		"room": func(i int) error { return r.io.To("room").Emit("n", i) },
		"but":  func(i int) error { return sockets[i%5].To("room").Emit("n", i) },
	} {
		before := clients[0].sends
		for i := range 12 {
			if err := send(i); err != nil {
				t.Fatal(err)
			}
		}
		r.settle()
		for k, c := range clients {
			var want []string
			for i := range 12 {
				if name != "but" || i%5 != k {
					want = append(want, fmt.Sprintf(`42["n",%d]`, i))
				}
			}
			if got := c.read(); !slices.Equal(got, want) {
				t.Errorf("%s: client %d got %q, want %q", name, k, got, want)
			}
		}
		if n := clients[0].sends - before; name != "but" && n != 1 {
			t.Errorf("%s: %d sends for 12 broadcasts, want 1", name, n)
		}
	}
}

// What stands between two broadcasts is not overtaken by a merge.
func TestMergeKeepsOrder(t *testing.T) {
	r := newRig(t, 1, nil)
	a, b := r.join(0), r.join(0)
	sa, sb := r.socket(a), r.socket(b)
	_ = r.io.Emit("n", 1)
	_ = sa.Emit("own")
	_ = r.io.Emit("n", 2)
	sb.Join("room")
	_ = r.io.To("room").Emit("n", 3)
	_ = r.io.To("room").Emit("n", 4)
	sb.Leave("room")
	_ = r.io.To("room").Emit("n", 5)
	_ = r.io.Volatile().Emit("n", 6)
	_ = r.io.Except("room").Emit("n", 7)
	_ = r.io.Emit("n", 8)
	a.expect(`42["n",1]`, `42["own"]`, `42["n",2]`, `42["n",6]`, `42["n",7]`, `42["n",8]`)
	b.expect(`42["n",1]`, `42["n",2]`, `42["n",3]`, `42["n",4]`, `42["n",6]`, `42["n",7]`, `42["n",8]`)
}

// A flood that is too large for one walk is cut, not lost.
func TestMergeIsBounded(t *testing.T) {
	r := newRig(t, 1, nil)
	c := r.join(0)
	text := make([]byte, 20<<10)
	for i := range text {
		text[i] = 'x'
	}
	for range 3 * maxMerged {
		_ = r.io.Emit("n")
	}
	for range 10 {
		_ = r.io.Emit("big", string(text))
	}
	r.settle()
	if got := len(c.read()); got != 3*maxMerged+10 {
		t.Errorf("%d events, want %d", got, 3*maxMerged+10)
	}
	if got := r.io.Stats().Delivered; got != uint64(3*maxMerged+10) {
		t.Errorf("%d counted, want %d", got, 3*maxMerged+10)
	}
}

// socket finds the server's side of c.
func (r *rig) socket(c *rigClient) *Socket {
	for _, l := range r.io.Namespace.each() {
		if s := l.byID(c.sid); s != nil {
			return s
		}
	}
	r.t.Fatalf("no socket %q", c.sid)
	return nil
}
