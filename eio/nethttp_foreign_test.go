package eio

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A session may live on a loop that net/http knows nothing of, a gnet loop in
// practice. Its requests come over net/http all the same, and go there.
func TestServeForeignLoop(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	s.want("GET", "EIO=4", "", 400, `{"code":0,"message":"Transport unknown"}`) // attaches a mux
	m := s.engine.mux.Load()
	d := &driver{wake: make(chan struct{}, 1), quit: make(chan struct{}), clock: time.Now}
	d.loop = m.NewLoop(d)
	ended := make(chan struct{})
	go func() { defer close(ended); d.drive() }()

	// The handshake arrives on that loop.
	here, there := net.Pipe()
	c := &hijacked{nc: there}
	c.conn, c.host, c.fed = c, &m.host, make(chan struct{}, 1)
	c.netPeer.end = c.cut
	c.loop.Store(d.loop)
	d.post(netEvent{&c.netPeer, evAccept})
	go c.serve([]byte("GET /engine.io/?" + polling4 + " HTTP/1.1\r\nHost: a\r\n\r\n"))
	res, err := http.ReadResponse(bufio.NewReader(here), nil)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(res.Body)
	sid := polling4 + "&sid=" + string(body[9:][:sidLen])

	s.want("POST", sid, "4hello", 200, "ok")
	s.want("GET", sid, "", 200, "4hello")
	w := s.dial(fmt.Sprintf(wsHead, strings.TrimPrefix(sid, polling4)) + string(frame(1, "5")) + string(frame(1, "4hi")))
	w.head()
	if got := w.next(); got != "\x814hi" {
		t.Errorf("%q", got)
	}
	large := strings.Repeat("x", 300000) // more than the connection takes at once
	w.write(frame(1, "4"+large))
	if got := w.next(); got != "\x814"+large {
		t.Errorf("%d bytes", len(got))
	}
	_ = here.Close()
	close(d.quit) // the loop ends first, under the websocket
	<-ended
	s.ended(t, string(ReasonShutdown))
	rest, _ := io.ReadAll(w.r)
	if len(rest) > 0 && rest[0] != 0x88 {
		t.Errorf("%q", rest)
	}
	s.want("GET", sid, "", 400, `{"code":1,"message":"Session ID unknown"}`)
}

// An idle websocket costs one goroutine, its reader.
func TestServeGoroutines(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	s.open()
	s.client.CloseIdleConnections()
	before := runtime.NumGoroutine()
	const clients = 30
	for range clients {
		c := s.dial(fmt.Sprintf(wsHead, ""))
		c.head()
		c.next()
	}
	eventually(t, func() bool { return runtime.NumGoroutine() <= before+clients }, func() string {
		return fmt.Sprintf("%d goroutines for %d websockets", runtime.NumGoroutine()-before, clients)
	})
}
