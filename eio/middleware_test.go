package eio_test

import (
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

// TestMiddlewareAnswers: a function of Use answers for itself, before anything is
// checked, and what it has set is on the answer.
func TestMiddlewareAnswers(t *testing.T) {
	told := 0
	w := newWorld(t, &eio.Options{
		OnConnectionError: func(*eio.ConnectionError) { told++ },
		Use: []func(*eio.Request, http.Header) error{
			func(r *eio.Request, h http.Header) error {
				switch r.Query("ask") {
				case "login":
					h.Set("Location", "/login")
					return &eio.Answer{Status: 302}
				case "busy":
					return &eio.Answer{Status: 503, Body: "later"}
				case "odd":
					return &eio.Answer{Status: 100}
				}
				return nil
			},
			func(r *eio.Request, _ http.Header) error {
				if r.Query("ask") != "" {
					t.Errorf("asked although %q was answered", r.URL())
				}
				return nil
			},
		},
	})
	c := w.d.Dial()
	c.WriteString(get("/engine.io/?ask=login")) // nothing else in it is right
	expect(t, c, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /login\r\n\r\n")
	c.WriteString(get(base + "polling&ask=odd"))
	expect(t, c, "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n")
	c.WriteString(post(base+"polling&ask=busy", "4a") + get(base+"polling&ask=odd"))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.Contains(got, "\r\n\r\nlaterHTTP/1.1 500 ") {
		t.Errorf("got %q", got)
	}
	c.WriteString(upgrade(base+"websocket&ask=busy") + text("4a"))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 503 ") || !strings.HasSuffix(got, "\r\n\r\nlater") {
		t.Errorf("got %q", got)
	}
	if w.heard(""); told != 0 {
		t.Errorf("%d errors told", told)
	}
	w.openWS()
}

// TestErrorContexts: what OnConnectionError is told of requests that name a
// session, of middlewares and of ids.
func TestErrorContexts(t *testing.T) {
	var heard *eio.ConnectionError
	fails := false
	w := newWorld(t, &eio.Options{
		OnConnectionError: func(e *eio.ConnectionError) { heard = e },
		Use: []func(*eio.Request, http.Header) error{func(r *eio.Request, _ http.Header) error {
			if r.Query("blocked") != "" {
				return errors.New("blocked")
			}
			return nil
		}},
		GenerateID: func(r *eio.Request) (string, error) {
			if fails {
				return "", errors.New("none left")
			}
			return r.Query("id"), nil
		},
	})
	c := w.d.Dial()
	c.WriteString(get(base + "polling&id=a"))
	c.Take()
	d := w.d.Dial()
	d.WriteString(upgrade(base + "websocket&id=b"))
	d.Take()
	fails = true
	for _, tc := range []struct {
		request string
		context map[string]string
	}{
		{get("/engine.io/?EIO=3&transport=polling&sid=a"),
			map[string]string{"name": "PROTOCOL_MISMATCH", "protocol": "3", "previousProtocol": "4"}},
		{get(base + "polling&sid=b"),
			map[string]string{"name": "TRANSPORT_MISMATCH", "transport": "polling", "previousTransport": "websocket"}},
		{get(base + "polling&blocked=1"), map[string]string{"name": "MIDDLEWARE_FAILURE"}},
		{get(base + "polling"), map[string]string{"name": "ID_GENERATION_ERROR"}},
	} {
		heard = nil
		c.WriteString(tc.request)
		expect(t, c, refused(400, `{"code":3,"message":"Bad request"}`))
		if heard == nil || heard.Code != eio.CodeBadRequest || !reflect.DeepEqual(heard.Context, tc.context) {
			t.Errorf("%.60q: heard %+v", tc.request, heard)
		}
	}
}

// TestFramesAreNoHeartbeat: pings and pongs of the websocket's own are answered,
// and neither count as the session's nor put its timeout off.
func TestFramesAreNoHeartbeat(t *testing.T) {
	w := newWorld(t, fastPings())
	c := w.openWS()
	w.d.Advance(300 * time.Millisecond)
	expect(t, c, sent("2"))
	w.d.Advance(150 * time.Millisecond)
	c.WriteString(frame(9, true, "alive") + frame(10, true, "alive"))
	expect(t, c, "\x8a\x05alive")
	w.d.Advance(40 * time.Millisecond)
	w.heard("")
	w.d.Advance(20 * time.Millisecond)
	w.heard("close ping timeout")
}

// TestWebsocketIgnores: what only a server sends, or only a probe, has no effect.
func TestWebsocketIgnores(t *testing.T) {
	w := newWorld(t, nil)
	w.h.echo = true
	c := w.openWS()
	c.WriteString(text("0") + text("5") + text("6") + text("3") + text("4alive"))
	expect(t, c, sent("4alive"))
	w.heard(`text "alive"`)
}
