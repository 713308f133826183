//go:build !race

package eio

import (
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/wsframe"
)

func TestPureAllocs(t *testing.T) {
	dst := make([]byte, 0, 4096)
	frames := wsframe.AppendFrame(nil, wsframe.OpText, []byte("4hello"))
	frames = wsframe.AppendFrame(frames, wsframe.OpBinary, []byte{1, 2, 3})
	body := []byte("4hello\x1e2\x1ebAQID")
	scratch := make([]byte, len(body))
	var source sidSource
	id := source.next(7)
	text := []byte(id.String())
	policy, _ := (&CORS{Origins: []string{"http://a.com"}, Credentials: true}).compile()
	jar, _ := (&Cookie{}).compile()
	raw := ask(t, "GET", "Origin: http://a.com", "X-Custom: v")
	stored := newRequest(raw, addr("1.2.3.4:5"), true, time.Now())
	open := openPacket{upgrade: true, pingInterval: 1, pingTimeout: 2, maxPayload: 3}
	for name, op := range map[string]func(){
		"payload out": func() { appendPayload(dst, frames, false); payloadSize(frames) },
		"payload in": func() {
			l, _ := newPayload(scratch[:copy(scratch, body)], 10)
			for _, ok, _ := l.next(); ok; _, ok, _ = l.next() {
			}
		},
		"sid":       func() { id = source.next(9); id.append(dst) },
		"parse sid": func() { parseSID(text) },
		"cors":      func() { policy.append(dst, raw); policy.preflight(raw) },
		"cookie":    func() { jar.append(dst, "8hvYWeD2-6l4-W26AAAA") },
		"open":      func() { open.append(dst, "8hvYWeD2-6l4-W26AAAA") },
		"stored": func() {
			if stored.Header("x-custom") != "v" || stored.Path() == "" || !stored.RemoteAddr().IsValid() || stored.Issued().IsZero() {
				t.Error("not found")
			}
		},
		"query": func() { http1.QueryValue(raw.RawQuery, "transport", dst) },
	} {
		op()
		if n := testing.AllocsPerRun(100, op); n != 0 {
			t.Errorf("%s: %v allocs, want 0", name, n)
		}
	}
	if n := testing.AllocsPerRun(100, func() { stored = newRequest(raw, addr("1.2.3.4:5"), true, time.Time{}) }); n != 1 {
		t.Errorf("storing a request: %v allocs, want 1", n)
	}
}
