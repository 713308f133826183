// Package greetertest checks a served greeter over both transports.
package greetertest

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
)

// Server is where and how a greeter is served.
type Server struct {
	URL  string                                                   // http://host or https://host
	TLS  *tls.Config                                              // for https
	Dial func(ctx context.Context, _, _ string) (net.Conn, error) // nil: TCP
}

// Run connects to s by websocket and by polling, is greeted, and asks for a
// greeting.
func Run(t *testing.T, s Server) {
	t.Helper()
	t.Run("websocket", s.websocket)
	t.Run("polling", s.polling)
}

// Mounted is Run for a greeter mounted on a router, whose own page must still
// be there.
func Mounted(t *testing.T, h http.Handler) {
	t.Helper()
	s := httptest.NewServer(h)
	defer s.Close()
	Run(t, Server{URL: s.URL})
	r, err := http.Get(s.URL + "/")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); err != nil || !strings.Contains(string(b), "on one port") {
		t.Errorf("the router's own page: %q, %v", b, err)
	}
}

func (s Server) websocket(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	d := ws.Dialer{TLSConfig: s.TLS}
	if s.Dial != nil {
		d.NetDial = s.Dial
	}
	url := "ws" + strings.TrimPrefix(s.URL, "http") + "/socket.io/?EIO=4&transport=websocket"
	conn, early, _, err := d.Dial(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	var in io.Reader = conn
	if early != nil { // the open packet came with the answer to the upgrade
		in = io.MultiReader(io.LimitReader(early, int64(early.Buffered())), conn)
	}
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second)) // a TCP connection has deadlines
	send := func(p string) {
		if err := wsutil.WriteClientText(conn, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	talk(t, send, func() string {
		b, err := wsutil.ReadServerText(struct {
			io.Reader
			io.Writer
		}{in, conn})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	})
}

func (s Server) polling(t *testing.T) {
	transport := &http.Transport{TLSClientConfig: s.TLS, DialContext: s.Dial, ForceAttemptHTTP2: true}
	defer transport.CloseIdleConnections()
	c := &http.Client{Transport: transport, Timeout: 10 * time.Second}
	url := s.URL + "/socket.io/?EIO=4&transport=polling"
	var queue []string
	poll := func() string {
		for len(queue) == 0 {
			queue = strings.Split(body(t)(c.Get(url)), "\x1e")
		}
		p := queue[0]
		queue = queue[1:]
		if sid := openID(p); sid != "" {
			url += "&sid=" + sid
		}
		return p
	}
	talk(t, func(p string) {
		if ok := body(t)(c.Post(url, "text/plain;charset=UTF-8", strings.NewReader(p))); ok != "ok" {
			t.Fatalf("a post is answered %q", ok)
		}
	}, poll)
	body(t)(c.Post(url, "text/plain;charset=UTF-8", strings.NewReader("1")))
}

func openID(packet string) string {
	var open struct{ SID string }
	if !strings.HasPrefix(packet, "0{") || json.Unmarshal([]byte(packet[1:]), &open) != nil {
		return ""
	}
	return open.SID
}

func body(t *testing.T) func(*http.Response, error) string {
	return func(r *http.Response, err error) string {
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		b, err := io.ReadAll(r.Body)
		if err != nil || r.StatusCode != http.StatusOK {
			t.Fatalf("status %d, body %q, error %v", r.StatusCode, b, err)
		}
		return string(b)
	}
}

// talk is the whole story, packet by packet.
func talk(t *testing.T, send func(string), receive func() string) {
	expect := func(prefix string) {
		t.Helper()
		if p := receive(); !strings.HasPrefix(p, prefix) {
			t.Fatalf("received %q, want %q", p, prefix)
		}
	}
	expect(`0{"sid":`)
	send("40")
	expect(`40{"sid":`)
	expect(`42["welcome","hello from Go"]`)
	send(`427["greet","Ada"]`)
	expect(`437["hello Ada"]`)
	send(fmt.Sprintf(`42["shout",%q]`, "all of you"))
	expect(`42["shout","all of you"]`)
}
