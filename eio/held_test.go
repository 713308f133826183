package eio_test

import (
	"runtime"
	"testing"

	"github.com/sio-fast/sio-fast/eio/eiotest"
	"github.com/sio-fast/sio-fast/pool"
)

// TestHeldMemory: a client that does not read holds about what its backlog
// counts, also where small messages come in buffers that large ones have grown.
func TestHeldMemory(t *testing.T) {
	const messages, room = 4000, 32 << 10 // 128 MB, if the buffers were kept
	roomy := func() *pool.Shared {
		f := pool.NewShared()
		f.B = append(make([]byte, 0, room), sent("4hello")...)
		return f
	}
	for name, start := range map[string]func(w *world) *eiotest.Conn{
		"blocked": func(w *world) *eiotest.Conn {
			c := w.openWS()
			c.SetRoom(0)
			return c
		},
		"polling": func(w *world) *eiotest.Conn {
			c, _ := w.openPolling()
			return c
		},
	} {
		for _, posted := range []bool{false, true} { // posted: held up only when flushed
			w := newWorld(t, nil)
			c := start(w)
			s := w.h.sessions[0]
			if !posted {
				first := roomy()
				s.Send(first, 0)
				first.Release()
				c.Settle()
			}
			before := heap()
			for range messages {
				f := roomy()
				if posted {
					w.d.Loop(0).PostSend(s, f, 0)
					continue
				}
				s.Send(f, 0)
				f.Release()
			}
			w.d.Run()
			if s.Backlog() < messages*len(sent("4hello")) {
				t.Fatalf("%s: backlog of %d", name, s.Backlog())
			}
			if held := heap() - before; held > 8<<20 {
				t.Errorf("%s, posted %v: %d bytes are held for a backlog of %d", name, posted, held, s.Backlog())
			}
			c.SetRoom(-1)
			if name == "blocked" && c.Bytes < messages*len(sent("4hello")) {
				t.Errorf("%s: %d bytes came", name, c.Bytes)
			}
			c.Close()
		}
	}
}

func heap() int {
	runtime.GC()
	runtime.GC() // the pools let go with the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
