package eio

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestServePolling(t *testing.T) {
	for _, scheme := range []string{"http", "tls", "h2"} {
		t.Run(scheme, func(t *testing.T) {
			s := newSite(t, nil, nil, scheme, nil)
			res, body := s.do("GET", polling4, "")
			if len(body) != 118 || res.ContentLength != 118 || res.Header.Get("Content-Type") != "text/plain; charset=UTF-8" ||
				res.Header.Get("Cache-Control") != "no-store" || (res.ProtoMajor == 2) != (scheme == "h2") {
				t.Fatalf("%v %q", res, body)
			}
			sid := polling4 + "&sid=" + body[9:][:sidLen]
			res = s.want("POST", sid, "4hello\x1ebAQID", 200, "ok", "Content-Type: text/plain;charset=UTF-8")
			if res.Header.Get("Content-Type") != "text/html" || res.ContentLength != 2 {
				t.Errorf("%v", res)
			}
			s.want("GET", sid, "", 200, "4hello\x1ebAQID")
			if n := s.engine.Clients(); n != 1 {
				t.Errorf("%d clients", n)
			}
			s.want("POST", sid, "1", 200, "ok")
			s.ended(t, "transport close")
			s.want("GET", sid, "", 400, `{"code":1,"message":"Session ID unknown"}`)
		})
	}
}

func TestServeErrors(t *testing.T) {
	s := newSite(t, &Options{AllowRequest: func(r *Request) error {
		if r.Header("x-deny") != "" {
			return fmt.Errorf("no: %s", r.Header("x-deny"))
		}
		return nil
	}}, nil, "http", nil)
	sid := s.open()
	for _, c := range []struct {
		method, query, body string
		status              int
		text                string
		header              string
	}{
		{"GET", "EIO=4", "", 400, `{"code":0,"message":"Transport unknown"}`, ""},
		{"GET", "EIO=4&transport=__proto__", "", 400, `{"code":0,"message":"Transport unknown"}`, ""},
		{"GET", polling4 + "&sid=__proto__", "", 400, `{"code":1,"message":"Session ID unknown"}`, ""},
		{"POST", polling4, "40", 400, `{"code":2,"message":"Bad handshake method"}`, ""},
		{"OPTIONS", polling4, "", 400, `{"code":2,"message":"Bad handshake method"}`, ""},
		{"GET", "EIO=4&transport=websocket", "", 400, `{"code":3,"message":"Bad request"}`, ""},
		{"GET", polling4, "", 403, `{"code":4,"message":"no: y"}`, "X-Deny: y"},
		{"GET", "EIO=3&transport=polling", "", 400, `{"code":5,"message":"Unsupported protocol version"}`, ""},
		{"PUT", sid, "", 500, "", ""},
	} {
		headers := []string{"X-Any: 1"}
		if c.header != "" {
			headers = append(headers, c.header)
		}
		res := s.want(c.method, c.query, c.body, c.status, c.text, headers...)
		if c.text != "" && res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s: %v", c.query, res.Header)
		}
	}
	s.want("POST", sid, "abc", 200, "ok")
	s.ended(t, "parse error")
	s.want("POST", s.open(), "4a", 400, "", "Content-Type: application/octet-stream")
	s.ended(t, "transport error")
}

func TestServeCORS(t *testing.T) {
	s := newSite(t, &Options{CORS: &CORS{Origins: []string{"http://a.com"}, Credentials: true}, Cookie: &Cookie{}}, nil, "http", nil)
	res := s.want("OPTIONS", polling4, "", 204, "", "Origin: http://a.com")
	for name, want := range map[string]string{"Access-Control-Allow-Origin": "http://a.com", "Access-Control-Allow-Credentials": "true",
		"Vary": "Origin, Access-Control-Request-Headers", "Access-Control-Allow-Methods": "GET,HEAD,PUT,PATCH,POST,DELETE"} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	res, body := s.do("GET", polling4, "", "Origin: http://b.com")
	if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "" || res.Header.Get("Vary") != "Origin" ||
		res.Header.Get("Set-Cookie") != "io="+body[9:][:sidLen]+"; Path=/; HttpOnly; SameSite=Lax" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
}

// A body over the limit is refused, whether its length is said or not; the
// session lives.
func TestServeTooLarge(t *testing.T) {
	for _, scheme := range []string{"http", "h2"} {
		t.Run(scheme, func(t *testing.T) {
			s := newSite(t, &Options{MaxPayload: 50000}, nil, scheme, nil)
			sid := s.open()
			large := strings.Repeat("x", 60000)
			s.want("POST", sid, large, 413, "")
			res, text, err := s.try(context.Background(), "POST", sid, io.MultiReader(strings.NewReader(large)))
			if err != nil || res.StatusCode != 413 || text != "" {
				t.Errorf("chunked: %v %v %q", err, res, text)
			}
			fits := "4" + large[:49999]
			s.want("POST", sid, fits, 200, "ok")
			s.want("GET", sid, "", 200, fits)
			res, text, err = s.try(context.Background(), "POST", sid, io.MultiReader(strings.NewReader(fits)))
			if err != nil || res.StatusCode != 200 || text != "ok" {
				t.Errorf("chunked: %v %v %q", err, res, text)
			}
			s.want("GET", sid, "", 200, fits)
		})
	}
}

func TestServeOverlap(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	sid := s.open()
	first := make(chan string, 1)
	go func() {
		_, text, err := s.try(context.Background(), "GET", sid, nil)
		first <- fmt.Sprint(text, err)
	}()
	s.waits()
	s.want("GET", sid, "", 400, "")
	if got := <-first; got != "1<nil>" {
		t.Errorf("the first GET got %q", got)
	}
	s.ended(t, "transport error")
}

// The first of two POSTs at once is cut off without an answer.
func TestServeOverlappingPosts(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	sid := s.open()
	c := s.dial("POST /engine.io/?" + sid + " HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n4he")
	s.waits()
	s.want("POST", sid, "4b", 400, "")
	if all, _ := io.ReadAll(c.r); len(all) > 0 { // the end may be a reset
		t.Errorf("the first POST was answered: %q", all)
	}
	s.ended(t, "transport error")
}

func TestServeOverlappingPostsHTTP2(t *testing.T) {
	s := newSite(t, nil, nil, "h2", nil)
	sid := s.open()
	slow, feed := io.Pipe()
	first := make(chan error, 1)
	go func() {
		_, _, err := s.try(context.Background(), "POST", sid, slow)
		first <- err
	}()
	_, _ = feed.Write([]byte("4he"))
	s.waits()
	s.want("POST", sid, "4b", 400, "")
	if err := <-first; err == nil {
		t.Error("the first POST was answered")
	}
	_ = feed.Close()
	s.ended(t, "transport error")
}

func TestServeAborted(t *testing.T) {
	for _, scheme := range []string{"http", "h2"} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(scheme+" "+method, func(t *testing.T) { testAborted(t, scheme, method) })
		}
	}
}

func testAborted(t *testing.T, scheme, method string) {
	s := newSite(t, nil, nil, scheme, nil)
	sid := s.open()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	never, end := io.Pipe()
	go func() {
		defer close(done)
		var body io.Reader
		if method == "POST" {
			body = never
		}
		_, _, _ = s.try(ctx, method, sid, body)
	}()
	s.waits()
	cancel()
	_ = end.CloseWithError(context.Canceled) // or the client waits for it
	<-done
	s.ended(t, "transport error")
	s.want("GET", sid, "", 400, `{"code":1,"message":"Session ID unknown"}`)
}

func TestServeWebsocket(t *testing.T) {
	for _, scheme := range []string{"http", "tls"} {
		t.Run(scheme, func(t *testing.T) {
			s := newSite(t, nil, nil, scheme, nil)
			// Frames right behind the request are in net/http's buffer by then.
			c := s.dial(fmt.Sprintf(wsHead, "") + string(frame(1, "4early")))
			if h := c.head(); !strings.HasPrefix(h, switching) || !strings.Contains(h, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") {
				t.Fatal(h)
			}
			if open := c.next(); !strings.HasPrefix(open, "\x810{\"sid\":\"") || !strings.Contains(open, `"upgrades":[]`) {
				t.Fatal(open)
			}
			for _, size := range []int{0, 1, 125, 126, 500, 512, 600, 20000, 70000, 900000} {
				data := strings.Repeat("x", size)
				c.write(frame(1, "4"+data))
				c.write(frame(2, data))
			}
			if got := c.next(); got != "\x814early" {
				t.Fatalf("%q", got)
			}
			for _, size := range []int{0, 1, 125, 126, 500, 512, 600, 20000, 70000, 900000} {
				if got := c.next(); len(got) != size+2 || got[:2] != "\x814" {
					t.Fatalf("%.40q of %d", got, size)
				}
				if got := c.next(); len(got) != size+1 || got[:1] != "\x82" {
					t.Fatalf("%.40q of %d", got, size)
				}
			}
			c.write(frame(8, "\x03\xe8"))
			if got := c.next(); got != "\x88\x03\xe8" {
				t.Errorf("%q", got)
			}
			c.closed()
			s.ended(t, "transport close")
		})
	}
}

func TestServeWebsocketRefused(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	c := s.dial(fmt.Sprintf(wsHead, "&sid=__proto__"))
	all, err := io.ReadAll(c.r)
	const want = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-type: text/html\r\nContent-Length: 18\r\n\r\nSession ID unknown"
	if string(all) != want || err != nil {
		t.Errorf("%q %v", all, err)
	}
	// An upgrade with a body is refused before it is one.
	c = s.dial(strings.Replace(fmt.Sprintf(wsHead, ""), "Host: a\r\n", "Host: a\r\nContent-Length: 3\r\n", 1) + "abc")
	if h := c.head(); !strings.HasPrefix(h, "HTTP/1.1 400 Bad Request\r\n") {
		t.Error(h)
	}
}

func TestServeUpgrade(t *testing.T) {
	s := newSite(t, nil, nil, "http", nil)
	for range 2 * runtime.GOMAXPROCS(0) { // sessions on every loop, connections as well
		sid := s.open()
		get := make(chan string, 1)
		go func() {
			_, text, err := s.try(context.Background(), "GET", sid, nil)
			get <- fmt.Sprint(text, err)
		}()
		s.waits()
		c := s.dial(fmt.Sprintf(wsHead, strings.TrimPrefix(sid, polling4)))
		if h := c.head(); !strings.HasPrefix(h, switching) {
			t.Fatal(h)
		}
		c.write(frame(1, "2probe"))
		if got := c.next(); got != "\x813probe" {
			t.Fatalf("%q", got)
		}
		if got := <-get; got != "6<nil>" {
			t.Errorf("the GET ended with %q", got)
		}
		c.write(frame(1, "5"))
		c.write(frame(1, "4hi"))
		if got := c.next(); got != "\x814hi" {
			t.Errorf("%q", got)
		}
		s.want("GET", sid, "", 400, `{"code":3,"message":"Bad request"}`)
		_ = c.Close()
		s.ended(t, "transport close")
	}
}

// A client that does not read holds up nobody, and gets everything in order
// once it reads.
func TestServeSlowReader(t *testing.T) {
	const count, size = 400, 32 << 10
	h := &echoer{message: func(s *Session, _ []byte, _ bool) {
		for i := range count {
			s.SendText(bytes.Repeat([]byte{byte('a' + i%26)}, size))
		}
	}}
	s := newSite(t, &Options{MaxBacklog: 2 * count * size}, h, "http", nil)
	c := s.dial(fmt.Sprintf(wsHead, ""))
	c.head()
	c.next()
	c.write(frame(1, "4go"))
	s.until(func(x *Session) bool { return x.Backlog() > 1<<20 })
	s.open() // others are served meanwhile
	for i := range count {
		if got := c.next(); len(got) != size+2 || got[2] != byte('a'+i%26) || got[size+1] != got[2] {
			t.Fatalf("message %d: %.20q", i, got)
		}
	}
}

func TestServeSlowReaderCut(t *testing.T) {
	h := &echoer{message: func(s *Session, _ []byte, _ bool) {
		for range 1000 {
			s.SendText(make([]byte, 32<<10))
		}
	}}
	s := newSite(t, &Options{MaxBacklog: 1 << 20}, h, "http", nil)
	c := s.dial(fmt.Sprintf(wsHead, ""))
	c.write(frame(1, "4go"))
	s.ended(t, string(ReasonSlow))
}

// hider is a middleware's ResponseWriter.
type hider struct{ http.ResponseWriter }

type unwrapper struct{ hider }

func (u unwrapper) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func TestServeWrapped(t *testing.T) {
	s := newSite(t, nil, nil, "http", func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(unwrapper{hider{w}}, r) })
	})
	c := s.dial(fmt.Sprintf(wsHead, ""))
	if h := c.head(); !strings.HasPrefix(h, switching) {
		t.Error(h)
	}
	s = newSite(t, nil, nil, "http", func(h http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(hider{w}, r) })
	})
	c = s.dial(fmt.Sprintf(wsHead, ""))
	if h := c.head(); !strings.HasPrefix(h, "HTTP/1.1 400 Bad Request\r\n") {
		t.Error(h)
	}
}

// The server's own time limits do not end a poll.
func TestServeTimeouts(t *testing.T) {
	s := newSite(t, &Options{PingInterval: 1200 * time.Millisecond}, nil, "timeouts", nil)
	sid := s.open()
	s.want("GET", sid, "", 200, "2")
	s.want("POST", sid, "3", 200, "ok")
	c := s.dial(fmt.Sprintf(wsHead, ""))
	c.head()
	c.next()
	if got := c.next(); got != "\x812" {
		t.Errorf("%q", got)
	}
}
