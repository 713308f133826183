// Package webtest starts an example and drives it as its page does.
package webtest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/conformance/client"
	"github.com/sio-fast/sio-fast/examples/web"
	"github.com/sio-fast/sio-fast/sio"
)

// patience is how long something may take. Only a failure waits for it.
const patience = 30 * time.Second

// Start serves what make gives, for the time of the test, and says where. The
// page must be there, and nothing else.
func Start(t *testing.T, server *sio.Server, err error) (url string) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- web.Serve(ctx, server, "127.0.0.1:0", func(url string) { ready <- url }) }()
	select {
	case url = <-ready:
	case err := <-done:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for path, want := range map[string]string{"/": "<!doctype html>", "/app.js": "socket", "/common.js": "problem", "/style.css": ":root"} {
		if body := get(t, url+path); !strings.Contains(body, want) {
			t.Errorf("%s is %.80q, want %q in it", path, body, want)
		}
	}
	return url
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: status %d, %v", url, r.StatusCode, err)
	}
	return string(b)
}

// Person is one tab of somebody's browser.
type Person struct {
	*client.Client
	t *testing.T
}

func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// Open connects with auth.
func Open(t *testing.T, url string, auth any) *Person {
	t.Helper()
	c, err := client.Dial(within(t), url, client.Options{Auth: auth})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return &Person{c, t}
}

// Refused connects with auth, which the server must refuse, and gives its reason.
func Refused(t *testing.T, url string, auth any) string {
	t.Helper()
	c, err := client.Dial(within(t), url, client.Options{Auth: auth})
	if err == nil {
		c.Close()
		t.Fatalf("%v was let in", auth)
	}
	refused, ok := errors.AsType[*client.RefusedError](err)
	if !ok {
		t.Fatal(err)
	}
	return refused.Message
}

// Get waits for the next event, which must be this one, and decodes its first
// argument into v; nil: it has none.
func (p *Person) Get(event string, v any) {
	p.t.Helper()
	e, err := p.Next(within(p.t))
	if err != nil {
		p.t.Fatalf("instead of %q: %v", event, err)
	}
	if e.Name != event {
		p.t.Fatalf("got %q %s, want %q", e.Name, e.Args, event)
	}
	if v != nil {
		p.decode(e, v)
	}
}

// Call emits event and decodes the first argument of the answer into v.
func (p *Person) Call(v any, event string, args ...any) {
	p.t.Helper()
	e, err := p.Ask(within(p.t), event, args...)
	if err != nil {
		p.t.Fatal(err)
	}
	p.decode(e, v)
}

// Refusal emits event, which must be refused, and gives the reason.
func (p *Person) Refusal(event string, args ...any) string {
	p.t.Helper()
	var answer struct{ Error string }
	p.Call(&answer, event, args...)
	return answer.Error
}

// Problem emits event and gives what the server has against it.
func (p *Person) Problem(event string, args ...any) (why string) {
	p.t.Helper()
	p.Tell(event, args...)
	p.Get("problem", &why)
	return why
}

// Tell emits event.
func (p *Person) Tell(event string, args ...any) {
	p.t.Helper()
	if err := p.Emit(event, args...); err != nil {
		p.t.Fatal(err)
	}
}

// Gone waits until the connection has ended.
func (p *Person) Gone() {
	p.t.Helper()
	select {
	case <-p.Done():
	case <-within(p.t).Done():
		p.t.Fatal("still connected")
	}
}

func (p *Person) decode(e client.Event, v any) {
	p.t.Helper()
	if len(e.Args) == 0 {
		p.t.Fatalf("%q has no argument", e.Name)
	}
	if err := json.Unmarshal(e.Args[0], v); err != nil {
		p.t.Fatal(err)
	}
}
