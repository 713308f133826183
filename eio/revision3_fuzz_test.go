package eio_test

import (
	"io"
	"log/slog"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/pool"
)

// FuzzRevision3 feeds hostile bytes as bodies and messages of older and of JSONP
// clients. None of it may panic, disturb the session beside it, or leave
// anything behind; and it must not matter in which pieces it comes.
func FuzzRevision3(f *testing.F) {
	for _, seed := range []string{
		"6:4hello1:2", "2:4€6:b4AQL/", "1:1", "1:3", "99999999999:2", "2:4😀", "\x00\x04\xff4€\x01\x04\xff\x04\x01\x02\xff",
		"\x00\x09\x09\x09\x09\xff", "\x01", "\x04abc", "2", "b4AQ==", "d=6%3A4hello", "d=%", "d=\\n\\\\n", "4hello\x1ebAQ==",
	} {
		f.Add(seed, uint8(0))
		f.Add(seed, uint8(3))
	}
	logger := slog.New(slog.NewTextHandler(io.Discard, nil))
	f.Fuzz(func(t *testing.T, data string, cut uint8) {
		before := pool.Outstanding()
		w := newWorld3(t, &eio.Options{MaxPayload: 1000, MaxPacketsPerPayload: 100})
		w.mux.Logger = logger
		w.h.echo = true
		healthy := w.openWS3("")
		var first string
		for _, size := range []int{1 << 20, int(cut) + 1} {
			w.h.take()
			for _, query := range []string{"", "&b64=1", "&j=1"} {
				poll, target := w.openPolling3(query)
				for _, request := range []string{post(target, data), octets(target, data), form(target, data), rawForm(target, data)} {
					c := w.d.Dial()
					for rest := request; rest != ""; {
						n := min(size, len(rest))
						c.WriteString(rest[:n])
						rest = rest[n:]
					}
				}
				poll.WriteString(get(target))
			}
			for _, message := range []string{text(data), bin(data)} {
				c := w.openWS3("")
				for rest := message; rest != ""; {
					n := min(size, len(rest))
					c.WriteString(rest[:n])
					rest = rest[n:]
				}
				c.Close()
			}
			if heard := w.h.take(); first == "" {
				first = heard
			} else if heard != first {
				t.Fatalf("in pieces of %d: %q, whole: %q", size, heard, first)
			}
		}
		healthy.Take()
		healthy.WriteString(text("4still here"))
		expect(t, healthy, sent("4still here"))
		for _, s := range w.h.sessions {
			s.Terminate()
		}
		w.d.Loop(0).Flush()
		w.d.Settle()
		w.d.Stop()
		w.d.Settle()
		if n := w.e.Clients(); n != 0 {
			t.Errorf("%d clients left", n)
		}
		if n := pool.Outstanding(); n != before {
			t.Errorf("%d pooled values not put back: %v", n-before, pool.Leaks())
		}
	})
}
