package sio

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/internal/debuglog"
)

// TestDebugLog holds what the components of Socket.IO tell (S19), one line each,
// whatever a client sends.
func TestDebugLog(t *testing.T) {
	var out bytes.Buffer
	t.Cleanup(func() { debuglog.Set("", io.Discard) })
	debuglog.Set("socket.io*,-socket.io:broadcast-operator", &out)
	r := newRig(t, 1, nil)
	r.io.OfPattern(regexp.MustCompile("^/dyn"))
	r.io.OnConnect(func(s *Socket) error { s.Join("room"); return nil })
	c := r.join(0)
	_ = r.io.To("room").Emit("hello", 1)
	c.send(`42["evil\n\u001b[2J` + "\x7f\u2028" + `level=ERROR"]`)
	c.send("40/dyn-1", "40/\x1b[2J")
	r.settle()
	c.send("4x")
	r.settle()
	got := out.String()
	for _, want := range []string{
		`msg="creating engine" component=socket.io:server path=/socket.io/`,
		`msg="connecting to namespace" component=socket.io:client namespace=/`,
		`msg="adding socket" component=socket.io:namespace namespace=/ sid=` + c.sid,
		`msg="socket connected, sending packet" component=socket.io:socket`,
		`msg="joined room" component=socket.io-adapter namespace=/ room=room`,
		`msg="encoding event" component=socket.io-parser namespace=/ event=hello`,
		`msg=decoded component=socket.io-parser`,
		`msg="creating child namespace" component=socket.io:parent-namespace`,
		`msg="connection refused" component=socket.io:client namespace="/\x1b[2J"`,
		`msg="invalid packet" component=socket.io:client`,
		`msg="client close" component=socket.io:client`,
		`msg="closing socket" component=socket.io:socket`,
		`msg="left room" component=socket.io-adapter`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line with %s", want)
		}
	}
	for line := range strings.Lines(got) {
		if !strings.HasPrefix(line, "time=") || strings.ContainsAny(line, "\x1b\x7f\u2028") {
			t.Errorf("a line is broken: %q", line)
		}
	}
	if strings.Contains(got, "broadcast-operator") || strings.Contains(got, "component=engine") {
		t.Error("what is off is heard")
	}
	if t.Failed() {
		t.Log(got)
	}
}
