package eio_test

import (
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
)

// rawRefusal is the answer to a refused upgrade.
func rawRefusal(message string) string {
	return fmt.Sprintf("HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: %d\r\n\r\n%s", len(message), message)
}

func method(m, target string) string {
	return m + " " + target + " HTTP/1.1\r\nHost: x\r\n\r\n"
}

func TestRequestErrors(t *testing.T) {
	const root = "/engine.io/?"
	for _, tc := range []struct {
		name, request string
		code          int
		message       string
		context       map[string]string
	}{
		{"no transport", get(root + "EIO=4"), 0, "Transport unknown", map[string]string{"transport": ""}},
		{"unknown transport", get(root + "EIO=4&transport=tobi"), 0, "Transport unknown", map[string]string{"transport": "tobi"}},
		{"proto", get(root + "EIO=4&transport=__proto__"), 0, "Transport unknown", map[string]string{"transport": "__proto__"}},
		{"transport before sid", get(root + "EIO=3&transport=x&sid=y"), 0, "Transport unknown", map[string]string{"transport": "x"}},
		{"unknown sid", get(base + "polling&sid=tobi"), 1, "Session ID unknown", map[string]string{"sid": "tobi"}},
		{"unknown sid of our form", get(base + "polling&sid=8hvYWeD2-6l4-W26AAAA"), 1, "Session ID unknown", map[string]string{"sid": "8hvYWeD2-6l4-W26AAAA"}},
		{"sid before method", method("PUT", base+"polling&sid=x"), 1, "Session ID unknown", map[string]string{"sid": "x"}},
		{"method", method("POST", base+"polling"), 2, "Bad handshake method", map[string]string{"method": "POST"}},
		{"OPTIONS without CORS", method("OPTIONS", base+"polling"), 2, "Bad handshake method", map[string]string{"method": "OPTIONS"}},
		{"websocket without upgrade", get(base + "websocket"), 3, "Bad request", map[string]string{"name": "TRANSPORT_HANDSHAKE_ERROR"}},
		{"EIO 3", get(root + "EIO=3&transport=polling"), 5, "Unsupported protocol version", map[string]string{"protocol": "3"}},
		{"no EIO", get(root + "transport=polling"), 5, "Unsupported protocol version", map[string]string{"protocol": "3"}},
		{"EIO abc", get(root + "EIO=abc&transport=polling"), 5, "Unsupported protocol version", map[string]string{"protocol": "3"}},
		{"last of two", get(root + "EIO=4&transport=polling&transport=x"), 0, "Transport unknown", map[string]string{"transport": "x"}},
		{"bad origin", strings.Replace(get(base+"polling"), "\r\n\r\n", "\r\nOrigin: http://\xe4.example\r\n\r\n", 1), 3, "Bad request", map[string]string{"name": "INVALID_ORIGIN"}},
		{"ws: unknown sid", upgrade(base + "websocket&sid=x"), 1, "Session ID unknown", map[string]string{"sid": "x"}},
		{"ws: unknown transport", upgrade(base + "x"), 0, "Transport unknown", map[string]string{"transport": "x"}},
		{"ws: EIO 3", upgrade(root + "EIO=3&transport=websocket"), 5, "Unsupported protocol version", map[string]string{"protocol": "3"}},
		{"ws: method", strings.Replace(upgrade(base+"websocket"), "GET", "PUT", 1), 2, "Bad handshake method", map[string]string{"method": "PUT"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var heard *eio.ConnectionError
			w := newWorld(t, &eio.Options{OnConnectionError: func(e *eio.ConnectionError) {
				if e.Request.URL() == "" {
					t.Error("no request")
				}
				heard = e
			}})
			c := w.d.Dial()
			c.WriteString(tc.request)
			if strings.Contains(tc.request, "Upgrade") {
				expect(t, c, rawRefusal(tc.message))
				if !c.HalfClosed() {
					t.Error("the connection stays open")
				}
			} else {
				expect(t, c, refused(400, fmt.Sprintf(`{"code":%d,"message":"%s"}`, tc.code, tc.message)))
			}
			if heard == nil || heard.Code != tc.code || heard.Message != tc.message || !reflect.DeepEqual(heard.Context, tc.context) {
				t.Errorf("connection_error heard %+v", heard)
			}
			w.heard("")
		})
	}
}

func TestSessionErrors(t *testing.T) {
	w := newWorld(t, nil)
	_, target := w.openPolling()
	ws := w.openWS()
	wsTarget := base + "websocket&sid=" + w.h.sessions[1].ID()
	bad := refused(400, `{"code":3,"message":"Bad request"}`)
	for name, request := range map[string]string{
		"EIO of the session":      get(strings.Replace(target, "EIO=4", "EIO=3", 1)),
		"plain websocket request": get(asWebsocket(target)),
		"polling a websocket":     get(strings.Replace(wsTarget, "websocket", "polling", 1)),
		"plain, of a websocket":   get(wsTarget),
	} {
		c := w.d.Dial()
		c.WriteString(request)
		t.Log(name)
		expect(t, c, bad)
	}
	c := w.d.Dial()
	c.WriteString(upgrade(strings.Replace(asWebsocket(target), "EIO=4", "EIO=3", 1)))
	expect(t, c, rawRefusal("Bad request"))
	expect(t, ws, "")
	w.heard("")
}

func TestAllowRequest(t *testing.T) {
	deny := errors.New("denied by allowRequest")
	w := newWorld(t, &eio.Options{AllowRequest: func(r *eio.Request) error {
		switch r.Header("x-deny") {
		case "":
			return nil
		case "plain":
			return eio.ErrForbidden
		}
		return deny
	}})
	with := func(request, value string) string {
		return strings.Replace(request, "Host: x\r\n", "Host: x\r\nX-Deny: "+value+"\r\n", 1)
	}
	c := w.d.Dial()
	c.WriteString(with(get(base+"polling"), "yes"))
	expect(t, c, refused(403, `{"code":4,"message":"denied by allowRequest"}`))
	c.WriteString(with(get(base+"polling"), "plain"))
	expect(t, c, refused(403, `{"code":4,"message":"Forbidden"}`))
	c.WriteString(with(upgrade(base+"websocket"), "yes"))
	expect(t, c, rawRefusal("denied by allowRequest"))
	w.openWS()
}

func TestHeaders(t *testing.T) {
	n := 0
	w := newWorld(t, &eio.Options{
		Cookie: &eio.Cookie{},
		CORS:   &eio.CORS{Origins: []string{"http://a.example"}, Credentials: true},
		Use: []func(*eio.Request, http.Header) error{func(r *eio.Request, h http.Header) error {
			if r.Query("blocked") != "" {
				return errors.New("blocked")
			}
			h.Set("X-Use", "1")
			return nil
		}},
		InitialHeaders: func(_ *eio.Request, h http.Header) { h.Set("X-Initial", "2") },
		Headers:        func(_ *eio.Request, h http.Header) { n++; h.Set("X-Each", "3") },
	})
	from := func(request string) string {
		return strings.Replace(request, "Host: x\r\n", "Host: x\r\nOrigin: http://a.example\r\n", 1)
	}
	const cors = "Access-Control-Allow-Origin: http://a.example\r\nVary: Origin\r\nAccess-Control-Allow-Credentials: true\r\n"
	for _, request := range []string{get(base + "polling"), upgrade(base + "websocket")} {
		c := w.d.Dial()
		c.WriteString(from(request))
		got := c.String()
		for _, want := range []string{"\r\nX-Use: 1\r\n", cors, "Set-Cookie: io=" + w.h.sessions[len(w.h.sessions)-1].ID() + "; Path=/; HttpOnly; SameSite=Lax\r\n", "X-Initial: 2\r\n", "X-Each: 3\r\n"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in %q", want, got)
			}
		}
	}
	c := w.d.Dial()
	c.WriteString(from(post(base+"polling&sid="+w.h.sessions[0].ID(), "4a")))
	got := c.String()
	if strings.Contains(got, "Set-Cookie") || strings.Contains(got, "X-Initial") || !strings.Contains(got, "X-Each: 3\r\n") || !strings.Contains(got, cors) {
		t.Errorf("second answer: %q", got)
	}
	if n != 3 {
		t.Errorf("%d calls of Headers", n)
	}
	c.WriteString(from(method("OPTIONS", base+"polling")))
	if got := c.String(); !strings.HasPrefix(got, "HTTP/1.1 204 No Content\r\n") || !strings.Contains(got, "Allow-Origin: http://a.example\r\n") {
		t.Errorf("preflight: %q", got)
	}
	c.WriteString(from(get(base + "polling&blocked=1")))
	if got := c.String(); !strings.HasSuffix(got, `{"code":3,"message":"Bad request"}`) || !strings.Contains(got, " 400 ") {
		t.Errorf("refused by Use: %q", got)
	}
}

func TestSubprotocol(t *testing.T) {
	w := newWorld(t, nil)
	for list, want := range map[string]string{"foo, bar": "foo", "foo": "foo", " a b": ""} {
		c := w.d.Dial()
		c.WriteString(strings.Replace(upgrade(base+"websocket"), "Host: x\r\n", "Host: x\r\nSec-WebSocket-Protocol: "+list+"\r\n", 1))
		got := c.String()
		if want != "" && !strings.Contains(got, "\r\nSec-WebSocket-Protocol: "+want+"\r\n") || want == "" && strings.Contains(got, "Protocol:") {
			t.Errorf("%q: %q", list, got)
		}
	}
}

func TestBadWebsocketHandshake(t *testing.T) {
	w := newWorld(t, nil)
	for old, want := range map[string]string{
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n": "HTTP/1.1 400 ",
		"Sec-WebSocket-Version: 13\r\n":                   "HTTP/1.1 426 ",
	} {
		c := w.d.Dial()
		c.WriteString(strings.Replace(upgrade(base+"websocket"), old, "", 1))
		if got := c.String(); !strings.HasPrefix(got, want) {
			t.Errorf("without %q: %q", old, got)
		}
	}
	w.heard("")
}

func TestGenerateID(t *testing.T) {
	id := "one"
	w := newWorldLoops(t, &eio.Options{GenerateID: func(*eio.Request) (string, error) {
		if id == "" {
			return "", errors.New("none left")
		}
		return id, nil
	}}, 2)
	c := w.d.Dial()
	c.WriteString(get(base + "polling"))
	if !strings.Contains(c.String(), `0{"sid":"one"`) {
		t.Error("not our id")
	}
	bad := refused(400, `{"code":3,"message":"Bad request"}`)
	c.WriteString(get(base + "polling")) // taken
	expect(t, c, bad)
	id = ""
	c.WriteString(get(base + "polling"))
	expect(t, c, bad)
	other := w.d.DialLoop(1) // the connection moves to the session
	other.WriteString(post(base+"polling&sid=one", "4a"))
	expect(t, other, posted)
	w.h.sessions[0].Terminate()
	w.d.Loop(0).Flush()
	c.WriteString(get(base + "polling&sid=one"))
	expect(t, c, refused(400, `{"code":1,"message":"Session ID unknown"}`))
}

func TestBadOptions(t *testing.T) {
	h := &recorder{}
	for names, o := range map[string]*eio.Options{
		"Options.Path":           {Path: "engine.io"},
		"Options.Transports":     {Transports: []string{"webtransport"}},
		"Options.Transports ":    {Transports: []string{}},
		"Options.PingTimeout":    {PingTimeout: -1},
		"Options.PingInterval":   {PingInterval: 25000}, // meant as milliseconds
		"Options.MaxBacklog":     {MaxBacklog: -1},
		"bad Cookie":             {Cookie: &eio.Cookie{Name: "a b"}},
		"bad CORS: no page has ": {CORS: &eio.CORS{Origins: []string{"example.com"}}},
	} {
		if _, err := eio.NewEngine(o, h); err == nil || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v", names, err)
		}
	}
	if _, err := eio.NewEngine(nil, nil); err == nil {
		t.Error("no handler: no error")
	}
}

// TestCORSUpgrade: an upgrade with the method of a preflight is refused, and its
// answer says its length once.
func TestCORSUpgrade(t *testing.T) {
	w := newWorld(t, &eio.Options{CORS: &eio.CORS{}})
	_, target := w.openPolling()
	for _, target := range []string{asWebsocket(target), base + "websocket"} {
		c := w.d.Dial()
		c.WriteString(strings.Replace(upgrade(target), "GET", "OPTIONS", 1))
		if got := c.String(); strings.Count(strings.ToLower(got), "content-length:") != 1 || !strings.HasPrefix(got, "HTTP/1.1 4") {
			t.Errorf("got %q", got)
		}
	}
}
