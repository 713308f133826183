package eio

import (
	"bufio"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

const storedRequest = "GET /socket.io/?EIO=4&a=1&a=x+y%20z&t=%zz HTTP/1.1\r\nHost: h:1\r\nX-Custom: \t v \r\nCookie: a=b\r\nx-custom: w\r\nEmpty:\r\n\r\n"

func TestRequest(t *testing.T) {
	var raw http1.Request
	src := []byte(storedRequest)
	if n, err := raw.Parse(src, 1<<12); n == 0 || err != nil {
		t.Fatal(err)
	}
	now := time.UnixMilli(1792000000123)
	for _, remote := range []netip.AddrPort{addr("1.2.3.4:65535"), addr("[::1]:80"), addr("[::ffff:1.2.3.4]:9"), {}} {
		for _, secure := range []bool{false, true} {
			r := newRequest(&raw, remote, secure, now)
			if r.RemoteAddr() != remote || r.Secure() != secure || !r.Issued().Equal(now) {
				t.Errorf("%v %v %v", r.RemoteAddr(), r.Secure(), r.Issued())
			}
			checkStored(t, &r)
		}
	}
	r := newRequest(&raw, addr("1.2.3.4:5"), true, now)
	clear(src) // a copy it is
	checkStored(t, &r)
	if r.Size() > len(storedRequest)+reqFixed {
		t.Errorf("%d bytes for a request of %d", r.Size(), len(storedRequest))
	}
}

func checkStored(t *testing.T, r *Request) {
	t.Helper()
	for what, got := range map[string][2]string{
		"method": {r.Method(), "GET"},
		"url":    {r.URL(), "/socket.io/?EIO=4&a=1&a=x+y%20z&t=%zz"},
		"path":   {r.Path(), "/socket.io/"},
		"raw":    {r.RawQuery(), "EIO=4&a=1&a=x+y%20z&t=%zz"},
		"query":  {r.Query("a"), "x y z"},
		"bad":    {r.Query("t"), "%zz"},
		"none":   {r.Query("b"), ""},
		"header": {r.Header("x-CUSTOM"), "v"},
		"no":     {r.Header("X-Cust"), ""},
		"empty":  {r.Header("Empty"), ""},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %q, want %q", what, got[0], got[1])
		}
	}
	var all []string
	for name, value := range r.Headers() {
		all = append(all, name+"="+value)
	}
	if !slices.Equal(all, []string{"Host=h:1", "X-Custom=v", "Cookie=a=b", "x-custom=w", "Empty="}) {
		t.Errorf("%q", all)
	}
	all = nil
	for name, value := range r.Queries() {
		all = append(all, name+"="+value)
	}
	if !slices.Equal(all, []string{"EIO=4", "a=1", "a=x y z", "t=%zz"}) {
		t.Errorf("%q", all)
	}
}

func TestRequestEmpty(t *testing.T) {
	var r Request
	for range r.Headers() {
		t.Error("a header")
	}
	for range r.Queries() {
		t.Error("a query")
	}
	if !r.Empty() || r.Method()+r.URL()+r.Path()+r.RawQuery()+r.Query("a")+r.Header("a") != "" ||
		r.RemoteAddr().IsValid() || r.Secure() || !r.Issued().IsZero() || r.Size() != 0 {
		t.Error("not empty")
	}
}

func TestNewRequest(t *testing.T) {
	h, err := http.ReadRequest(bufio.NewReader(strings.NewReader(storedRequest)))
	if err != nil {
		t.Fatal(err)
	}
	h.RemoteAddr = "1.2.3.4:5"
	h.Header["Bad"] = []string{"a\r\nX: y"}
	h.Header["Bad Name"] = []string{"x"}
	r := NewRequest(h)
	if r.Header("host") != "h:1" || r.Header("x-custom") != "v" || r.Query("a") != "x y z" || r.Header("bad") != "" ||
		r.URL() != h.RequestURI || r.RemoteAddr() != addr("1.2.3.4:5") || time.Since(r.Issued()) > time.Minute {
		t.Errorf("%q", r.b)
	}
	// Below http.StripPrefix the path is what is left of it.
	http.StripPrefix("/socket.io/", http.HandlerFunc(func(_ http.ResponseWriter, h *http.Request) {
		if r := NewRequest(h); r.Path() != "/" || r.Query("EIO") != "4" {
			t.Errorf("%q", r.URL())
		}
	})).ServeHTTP(nil, h)
}

func TestCookie(t *testing.T) {
	const id = "8hvYWeD2-6l4-W26AAAA"
	for _, c := range []struct {
		cookie *Cookie
		want   string
	}{
		{nil, ""},
		{&Cookie{}, "io=" + id + "; Path=/; HttpOnly; SameSite=Lax"},
		{&Cookie{Name: "woot", Path: "/custom"}, "woot=" + id + "; Path=/custom; HttpOnly; SameSite=Lax"},
		{&Cookie{Name: "woot", NoPath: true}, "woot=" + id + "; SameSite=Lax"},
		{&Cookie{NoHTTPOnly: true, SameSite: http.SameSiteStrictMode}, "io=" + id + "; Path=/; SameSite=Strict"},
		{&Cookie{SameSite: http.SameSiteNoneMode, Secure: true, Partitioned: true, Domain: "a.com", MaxAge: time.Hour, Priority: "high",
			Expires: time.Unix(0, 0)}, "io=" + id + "; Max-Age=3600; Domain=a.com; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; HttpOnly; Secure; Partitioned; Priority=High; SameSite=None"},
	} {
		p, err := c.cookie.compile()
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if c.want != "" {
			want = "Set-Cookie: " + c.want + "\r\n"
		}
		if got := string(p.append(nil, id)); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	p, _ := (&Cookie{}).compile()
	if got := string(p.append(nil, "a\r\n;é-_.!~*'()")); !strings.HasPrefix(got, "Set-Cookie: io=a%0D%0A%3B%C3%A9-_.!~*'(); ") {
		t.Errorf("%q", got)
	}
	for _, c := range []*Cookie{{Name: "a b"}, {Name: "a\r\n"}, {Path: "/;x"}, {Domain: "a\nb"}, {Priority: "x\r\n"}} {
		if _, err := c.compile(); err == nil {
			t.Errorf("%+v was accepted", c)
		}
	}
}
