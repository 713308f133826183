package eio

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// ask parses a request with these header lines.
func ask(t *testing.T, method string, lines ...string) *http1.Request {
	t.Helper()
	head := method + " /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nHost: a\r\n"
	for _, l := range lines {
		head += l + "\r\n"
	}
	var r http1.Request
	if n, err := r.Parse([]byte(head+"\r\n"), 1<<12); n == 0 || err != nil {
		t.Fatal(err)
	}
	return &r
}

func lines(l ...string) string {
	if len(l) == 0 {
		return ""
	}
	return strings.Join(l, "\r\n") + "\r\n"
}

func TestCORS(t *testing.T) {
	const origin, other = "Origin: http://a.com", "Origin: http://b.com"
	list := &CORS{Origins: []string{"http://a.com"}, Credentials: true, Methods: []string{"GET", "POST"}, AllowedHeaders: []string{"x-my"}}
	const (
		allowA   = "Access-Control-Allow-Origin: http://a.com"
		vary     = "Vary: Origin"
		creds    = "Access-Control-Allow-Credentials: true"
		methods  = "Access-Control-Allow-Methods: GET,HEAD,PUT,PATCH,POST,DELETE"
		varyReq  = "Vary: Access-Control-Request-Headers"
		varyBoth = "Vary: Origin, Access-Control-Request-Headers"
		zero     = "Content-Length: 0"
	)
	for name, c := range map[string]struct {
		cors   *CORS
		method string
		ask    string
		want   string
	}{
		"off":        {nil, "GET", origin, ""},
		"listed":     {list, "GET", origin, lines(allowA, vary, creds)},
		"not listed": {list, "GET", other, lines(vary, creds)},
		"no origin":  {list, "GET", "X: y", lines(vary, creds)},
		"preflight": {list, "OPTIONS", origin, lines(allowA, vary, creds, "Access-Control-Allow-Methods: GET,POST",
			"Access-Control-Allow-Headers: x-my", zero)},
		"preflight not listed": {list, "OPTIONS", other, lines(vary, creds, "Access-Control-Allow-Methods: GET,POST",
			"Access-Control-Allow-Headers: x-my", zero)},
		"star":            {&CORS{}, "GET", origin, lines("Access-Control-Allow-Origin: *")},
		"star listed":     {&CORS{Origins: []string{"*"}}, "GET", origin, lines("Access-Control-Allow-Origin: *")},
		"star preflight":  {&CORS{}, "OPTIONS", origin, lines("Access-Control-Allow-Origin: *", varyReq, methods, zero)},
		"star reflecting": {&CORS{}, "OPTIONS", "Access-Control-Request-Headers: x-a, x-b", lines("Access-Control-Allow-Origin: *", varyReq, methods, "Access-Control-Allow-Headers: x-a, x-b", zero)},
		"reflect":         {&CORS{Reflect: true}, "GET", other, lines("Access-Control-Allow-Origin: http://b.com", vary)},
		"both vary":       {&CORS{Reflect: true}, "OPTIONS", origin, lines(allowA, varyBoth, methods, zero)},
		"fixed":           {&CORS{Origins: []string{"http://a.com"}, Fixed: true}, "GET", other, lines(allowA, vary)},
		"pattern":         {&CORS{Patterns: []*regexp.Regexp{regexp.MustCompile(`\.com$`)}}, "GET", origin, lines(allowA, vary)},
		"pattern no":      {&CORS{Patterns: []*regexp.Regexp{regexp.MustCompile(`\.org$`)}}, "GET", origin, lines(vary)},
		"function":        {&CORS{OriginFunc: func(o string) bool { return o == "http://a.com" }}, "GET", origin, lines(allowA, vary)},
		"function no":     {&CORS{OriginFunc: func(string) bool { return false }}, "GET", origin, lines(vary)},
		"exposed":         {&CORS{ExposedHeaders: []string{"a", "b"}}, "GET", origin, lines("Access-Control-Allow-Origin: *", "Access-Control-Expose-Headers: a,b")},
		"max age": {&CORS{MaxAge: time.Minute, AllowedHeaders: []string{"x"}}, "OPTIONS", origin, lines("Access-Control-Allow-Origin: *", methods,
			"Access-Control-Allow-Headers: x", "Access-Control-Max-Age: 60", zero)},
		"status 200": {&CORS{OptionsSuccessStatus: 200, AllowedHeaders: []string{"x"}}, "OPTIONS", origin, lines("Access-Control-Allow-Origin: *", methods,
			"Access-Control-Allow-Headers: x")},
	} {
		p, err := c.cors.compile()
		if err != nil {
			t.Fatal(name, err)
		}
		r := ask(t, c.method, c.ask)
		if got := string(p.append(nil, r)); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", name, got, c.want)
		}
		status, ok := p.preflight(r)
		want := 204
		if c.cors != nil && c.cors.OptionsSuccessStatus != 0 {
			want = c.cors.OptionsSuccessStatus
		}
		if ok != (c.method == "OPTIONS") || ok && status != want {
			t.Errorf("%s: preflight %d %v", name, status, ok)
		}
	}
}

func TestCORSContinue(t *testing.T) {
	p, err := (&CORS{PreflightContinue: true}).compile()
	if err != nil {
		t.Fatal(err)
	}
	r := ask(t, "OPTIONS", "Origin: x")
	if _, ok := p.preflight(r); ok {
		t.Error("a preflight that was to go on was answered")
	}
	if got := string(p.append(nil, r)); strings.Contains(got, "Content-Length") || !strings.Contains(got, "Allow-Methods") {
		t.Error(got)
	}
}

func TestCORSPerRequest(t *testing.T) {
	a, bad := &CORS{Origins: []string{"http://a.com"}, Fixed: true}, &CORS{Origins: []string{"a\r\nb"}}
	p, err := (&CORS{PerRequest: func(r *Request) *CORS {
		switch r.Header("x") {
		case "a":
			return a
		case "bad":
			return bad
		}
		return nil
	}}).compile()
	if err != nil || !p.dynamic() {
		t.Fatal(err)
	}
	for range 2 {
		for x, want := range map[string]string{"a": "Access-Control-Allow-Origin: http://a.com\r\nVary: Origin\r\n", "bad": "", "b": ""} {
			raw := ask(t, "GET", "X: "+x)
			r := newRequest(raw, addr("1.2.3.4:5"), false, time.Now())
			if got := string(p.pick(&r).append(nil, raw)); got != want {
				t.Errorf("%s: %q", x, got)
			}
		}
	}
}

func TestCORSRefuses(t *testing.T) {
	for _, o := range []string{"localhost:3000", "example.com", "http://a.com/", "http://a.com, http://b.com", "http://", "://a"} {
		if _, err := (&CORS{Origins: []string{o}}).compile(); err == nil || !strings.Contains(err.Error(), o) {
			t.Errorf("%q: %v", o, err)
		}
	}
	for _, o := range []string{"*", "null", "http://localhost:3000", "https://[::1]:80", "capacitor://localhost", "file://"} {
		if _, err := (&CORS{Origins: []string{o}}).compile(); err != nil {
			t.Error(err)
		}
	}
	for _, c := range []*CORS{{Origins: []string{"a\r\nX: y"}}, {Methods: []string{"GET\n"}}, {AllowedHeaders: []string{""}}, {ExposedHeaders: []string{"a\x00"}}} {
		if _, err := c.compile(); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
