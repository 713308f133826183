//go:build linux

package eventloop

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/sio"
)

// TestHost gives connections that net/http has read a request from to a loop.
func TestHost(t *testing.T) {
	m := echoMux()
	h := NewHost(&Options{Loops: 2, Logger: quiet(t)})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		buffered, _ := rw.Reader.Peek(rw.Reader.Buffered())
		if err := h.Adopt(m, c, append([]byte("GET /ws"+upgradeHead), buffered...)); err != nil {
			t.Error(err)
		}
	})}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	s := &Server{at: ln.Addr()}
	for range 10 {
		c := connect(t, s)
		x := wrap(t, c)
		// Frames in the same write as the request end up in net/http's buffer.
		x.raw(masked([]byte("GET /ws"+upgradeHead), 1, []byte("early")))
		x.upgraded()
		x.want("early")
		big := strings.Repeat("b", 200_000)
		go x.text(big)
		x.want(big)
	}
	if n := h.Stats().Conns; n != 10 {
		t.Errorf("%d connections", n)
	}
	if err := h.Adopt(eio.NewMux(), connect(t, s), nil); !errors.Is(err, errOtherMux) {
		t.Error(err)
	}
	if err := h.Adopt(m, tls.Client(connect(t, s), nil), nil); !errors.Is(err, errNotPlain) {
		t.Error(err)
	}
	if err := h.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if n := h.Stats().Conns; n != 0 {
		t.Errorf("%d connections left", n)
	}
	c := connect(t, s)
	if err := h.Adopt(m, c, nil); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := h.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	_, _ = io.WriteString(c, "")
}

// TestHostTLS: websockets over TLS and polls, which net/http keeps, live on a loop
// of ours like its own connections, and get what is sent to all.
func TestHostTLS(t *testing.T) {
	h := NewHost(&Options{Loops: 1, Logger: quiet(t)})
	srv, err := sio.New(&sio.Options{Logger: quiet(t), Host: h})
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewUnstartedServer(srv)
	web.EnableHTTP2 = true
	web.StartTLS()
	defer web.Close()
	const clients, rounds = 8, 10
	var xs []*client
	var polls []string
	for range clients {
		c, err := tls.Dial("tcp", web.Listener.Addr().String(), &tls.Config{InsecureSkipVerify: true})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = c.Close() }()
		x := wrap(t, c)
		_, _ = io.WriteString(c, "GET /socket.io/?EIO=4&transport=websocket"+upgradeHead)
		x.upgraded()
		_, _, _ = x.frame()
		x.text("40")
		_, _, _ = x.frame()
		xs = append(xs, x)

		url := web.URL + "/socket.io/?EIO=4&transport=polling"
		_, rest, _ := strings.Cut(ask(t, web.Client(), url, ""), `"sid":"`)
		url += "&sid=" + rest[:20]
		ask(t, web.Client(), url, "40")
		ask(t, web.Client(), url, "")
		polls = append(polls, url)
	}
	for round := range rounds {
		want := fmt.Sprintf(`42["all",%d]`, round)
		got := make(chan string, clients)
		for _, url := range polls {
			go func() { got <- ask(t, web.Client(), url, "") }()
		}
		if err := srv.Emit("all", round); err != nil {
			t.Fatal(err)
		}
		for _, x := range xs {
			x.want(want)
		}
		for range polls {
			if g := <-got; g != want {
				t.Errorf("a poll got %q, want %q", g, want)
			}
		}
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := srv.Close(ctx); err != nil {
		t.Error(err)
	}
	if err := h.Shutdown(ctx); err != nil {
		t.Error(err)
	}
}

// ask makes a GET, or with a body a POST, and gives the answer's body.
func ask(t *testing.T, c *http.Client, url, body string) string {
	method := "GET"
	if body != "" {
		method = "POST"
	}
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Error(err)
		return ""
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer func() { _ = resp.Body.Close() }()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}
