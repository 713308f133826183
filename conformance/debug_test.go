package conformance

import (
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/conformance/client"
)

// TestDebugVariable runs the server with the environment variable that users of
// the reference know (S19).
func TestDebugVariable(t *testing.T) {
	t.Setenv("DEBUG", "engine*,-engine:ws")
	p := start(t, "main")
	for _, transport := range []string{"upgrade", "polling"} {
		c := p.dial(t, client.Options{Transport: transport})
		if _, err := c.Ask(soon(t), "echo", "hello"); err != nil {
			t.Fatal(err)
		}
		c.Close()
	}
	p.stop(t)
	got := p.errs.String()
	for _, want := range []string{
		`level=DEBUG msg="handling request" component=engine method=GET path=/socket.io/`,
		`msg="handshaking client" component=engine sid=`,
		`msg=open component=engine:socket`,
		`msg="setting request" component=engine:polling`,
		`msg="upgrading existing transport" component=engine`,
		`msg="got probe ping packet, sending pong" component=engine:socket`,
		`msg="got upgrade packet, upgrading" component=engine:socket`,
		`msg="received packet" component=engine:socket`,
		`msg="sending packet" component=engine:socket`,
		`msg=close component=engine:socket`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no line with %s", want)
		}
	}
	if strings.Contains(got, "component=engine:ws") || strings.Contains(got, "component=socket.io") {
		t.Error("what is off is heard")
	}
	if t.Failed() {
		t.Log(got)
	}
}
