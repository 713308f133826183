package eio

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
)

// A page below an engine's path is served in its place, and nothing else there.
func TestPagesComeBeforeEngines(t *testing.T) {
	m := NewMux()
	e, err := NewEngine(&Options{Path: "/socket.io/"}, silent{})
	if err != nil {
		t.Fatal(err)
	}
	m.Handle(e)
	t.Cleanup(func() { m.host.stop(context.Background()) })
	m.HandleHTTP("/socket.io/socket.io.js", http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTeapot)
	}))
	for path, want := range map[string]int{
		"/socket.io/socket.io.js?v=1": http.StatusTeapot,
		"/socket.io/socket.io.jsx":    http.StatusBadRequest, // the engine: no transport
		"/elsewhere":                  http.StatusNotFound,
	} {
		w := httptest.NewRecorder()
		m.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s: status %d, want %d", path, w.Code, want)
		}
	}
}

// silent is a handler that does nothing.
type silent struct{}

func (silent) OnOpen(*Session) error            { return nil }
func (silent) OnMessage(*Session, []byte, bool) {}
func (silent) OnClose(*Session, Reason, string) {}
