package eio

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
)

// Close ends what waits in an orderly way: a close packet, a close frame.
func TestServeClose(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	sid := s.open()
	get := make(chan string, 1)
	go func() {
		_, text, err := s.try(context.Background(), "GET", sid, nil)
		get <- fmt.Sprint(text, err)
	}()
	s.waits()
	c := s.dial(fmt.Sprintf(wsHead, ""))
	c.head()
	c.next()
	if err := s.engine.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := <-get; got != "1<nil>" {
		t.Errorf("the GET ended with %q", got)
	}
	if got := c.next(); got != "\x88" {
		t.Errorf("%q", got)
	}
	c.closed()
	s.ended(t, "server shutting down")
	s.want("GET", sid, "", 503, "Service Unavailable\n")
}

func TestServeMux(t *testing.T) {
	m := NewMux()
	e, err := NewEngine(nil, new(echoer))
	if err != nil {
		t.Fatal(err)
	}
	m.Handle(e)
	m.HandleWebsocket("/wsecho", 1<<20, func(p *RawPeer, data []byte, binary bool) { p.Send(data, binary) })
	goroutines := runtime.NumGoroutine()
	server := httptest.NewServer(m)
	get := func(path string) int {
		res, err := server.Client().Get(server.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	if a, b := get("/x"), get("/engine.io/?EIO=4&transport=polling"); a != 404 || b != 200 {
		t.Errorf("%d %d", a, b)
	}
	m.Fallback = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	if a := get("/x"); a != http.StatusTeapot {
		t.Errorf("%d", a)
	}
	s := &site{t: t, server: server, client: server.Client()}
	c := s.dial(strings.Replace(fmt.Sprintf(wsHead, ""), "/engine.io/?EIO=4&transport=websocket", "/wsecho", 1) + string(frame(2, "hi")))
	c.head()
	if got := c.next(); got != "\x82hi" {
		t.Errorf("%q", got)
	}
	if err := e.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if a := get("/engine.io/?EIO=4&transport=polling"); a != 503 {
		t.Errorf("%d after Close", a)
	}
	_, _ = io.ReadAll(c.r) // the bare websocket has ended too
	s.client.CloseIdleConnections()
	server.Close()
	eventually(t, func() bool { return runtime.NumGoroutine() <= goroutines }, func() string { return "goroutines are left" })
}
