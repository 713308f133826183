//go:build !race && !pooldebug && !purego

package bench

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/sio"
)

// budget is what each operation may allocate, in objects: an operation that
// exceeds it fails. README.md beside it has the same as a table.
var budget = []struct {
	name   string
	allocs float64
	answer bool // client 0 is sent something
	op     func(w *world) func()
}{
	{"frame and packet in, raw event", 0, false, func(w *world) func() { return w.clients[0].says(`42["none",` + payload + `]`) }},
	{"event nobody handles", 0, false, func(w *world) func() { return w.clients[0].says(`42["unknown",` + payload + `]`) }},
	{"string argument: the string itself", 1, false, func(w *world) func() { return w.clients[0].says(`42["string",` + payload + `]`) }},
	{"echo, read to write", 0, true, func(w *world) func() { return w.clients[0].says(`42["raw",` + payload + `]`) }},
	{"ack out", 0, true, func(w *world) func() { return w.clients[0].says(`427["ack",` + payload + `]`) }},
	{"ten echoes in one read", 0, true, func(w *world) func() {
		p := `42["raw",` + payload + `]`
		return w.clients[0].says(p, p, p, p, p, p, p, p, p, p)
	}},
	{"typed echo", 0, true, func(w *world) func() { return w.clients[0].says(`42["echo",` + payload + `]`) }},
	{"typed echo by ack", 0, true, func(w *world) func() { return w.clients[0].says(`427["echo",` + payload + `]`) }},
	{"typed echo with an escape: the text", 1, true, func(w *world) func() { return w.clients[0].says(`42["echo","one\ntwo"]`) }},
	{"typed event to a room of 1,000", 0, false, func(w *world) func() {
		return w.clients[0].says(`42["room","room",` + payload + `]`)
	}},
	{"typed event to all 1,000", 0, true, func(w *world) func() { return w.clients[0].says(`42["all",` + payload + `]`) }},
	{"emit raw", 0, true, func(w *world) func() {
		args := []byte(payload)
		return w.does(func() { _ = w.sockets[0].EmitRaw("x", args) })
	}},
	{"emit raw, volatile", 0, true, func(w *world) func() {
		args := []byte(payload)
		return w.does(func() { _ = w.sockets[0].Volatile().EmitRaw("x", args) })
	}},
	{"emit raw, to be told when slow", 0, true, func(w *world) func() {
		args := []byte(payload)
		return w.does(func() { _ = w.sockets[0].WhenSlow(sio.Refuse).EmitRaw("x", args) })
	}},
	{"emit raw, refused", 0, false, func(w *world) func() {
		args := []byte(payload)
		s := w.sockets[0].WhenSlow(sio.Refuse)
		w.clients[0].conn.SetRoom(0)
		for s.EmitRaw("x", args) == nil {
			w.d.Run()
		}
		return w.does(func() {
			if !errors.Is(s.EmitRaw("x", args), sio.ErrSlow) {
				panic("taken")
			}
		})
	}},
	{"broadcast to 1,000, one of them refuses", 0, false, func(w *world) func() {
		args := []byte(payload)
		w.clients[0].conn.SetRoom(0)
		for w.sockets[0].WhenSlow(sio.Refuse).EmitRaw("x", args) == nil {
			w.d.Run()
		}
		return w.does(func() { _ = w.io.WhenSlow(sio.Refuse).EmitRaw("x", args) })
	}},
	{"eight broadcasts at once to 1,000, may be refused", 0, true, func(w *world) func() {
		args := []byte(payload)
		return w.does(func() {
			for range 8 {
				_ = w.io.WhenSlow(sio.Refuse).EmitRaw("x", args)
			}
		})
	}},
	{"join and leave a room", 0, false, func(w *world) func() {
		return w.does(func() { w.sockets[0].Join("other"); w.sockets[0].Leave("other") })
	}},
	{"broadcast to 1,000", 0, true, func(w *world) func() {
		args := []byte(payload)
		return w.does(func() { _ = w.io.EmitRaw("x", args) })
	}},
	{"broadcast from a handler to a room of 1,000", 0, false, func(w *world) func() {
		return w.clients[0].says(`42["map",` + payload + `]`)
	}},
	{"eight broadcasts at once to 1,000", 0, true, func(w *world) func() {
		args := []byte(payload)
		return w.does(func() {
			for range 8 {
				_ = w.io.EmitRaw("x", args)
			}
		})
	}},
	{"1,000 pings and pongs", 0, true, func(w *world) func() {
		pongs := make([]func(), len(w.clients))
		for i, c := range w.clients {
			pongs[i] = c.says("3")
		}
		return func() {
			w.d.Advance(25*time.Second + 100*time.Millisecond)
			for _, pong := range pongs {
				pong()
			}
		}
	}},
}

func TestBudget(t *testing.T) {
	for _, b := range budget {
		t.Run(b.name, func(t *testing.T) {
			w := newWorld(t, 1000)
			w.sockets[1].Join("other") // so that the room exists
			op := b.op(w)
			for range 3 {
				op() // warm the pools
			}
			sent := w.clients[0].conn.Bytes
			n := testing.AllocsPerRun(50, op)
			if n > b.allocs {
				t.Errorf("%v objects, budget %v", n, b.allocs)
			}
			if got := w.clients[0].conn.Bytes - sent; b.answer != (got > 0) {
				t.Errorf("%d bytes sent: the operation does not do what it says", got)
			}
			for i, c := range w.clients {
				if c.conn.Closing() {
					t.Fatalf("client %d was disconnected", i)
				}
			}
		})
	}
}

// TestDeflateBudget holds that compressing costs no objects either, whoever
// negotiated it.
func TestDeflateBudget(t *testing.T) {
	args := record()
	for _, compress := range []bool{false, true} {
		w := newDeflateWorld(t, 1000, compress)
		op := w.does(func() { _ = w.io.EmitRaw("x", args) })
		for range 3 {
			op()
		}
		sent := w.clients[0].conn.Bytes
		if n := testing.AllocsPerRun(50, op); n > 0 {
			t.Errorf("compress %v: %v objects", compress, n)
		}
		if got := (w.clients[0].conn.Bytes - sent) / 51; (got < 1500) != compress || got == 0 {
			t.Errorf("compress %v: %d bytes for %d", compress, got, len(args))
		}
	}
}

// TestBudgetTable holds the table of README.md to the budget: whoever reads it
// reads what is tested.
func TestBudgetTable(t *testing.T) {
	var want strings.Builder
	want.WriteString("| operation | objects |\n|---|---:|\n")
	for _, b := range budget {
		fmt.Fprintf(&want, "| %s | %v |\n", b.name, b.allocs)
	}
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "\n\n"+want.String()+"\n") {
		t.Errorf("README.md has another table than the budget:\n%s", want.String())
	}
}
