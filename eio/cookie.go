package eio

import (
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// Cookie describes the cookie that carries the session id, for balancers that
// keep a client on one server by it. It is set on the answer that opens a
// session, on polling and (other than by the reference) on websocket. The zero
// value is "io=<sid>; Path=/; HttpOnly; SameSite=Lax".
type Cookie struct {
	Name        string        // "": "io"
	Path        string        // "": "/"
	NoPath      bool          // leave Path out, and with it HttpOnly, as path:false of the reference does
	NoHTTPOnly  bool          // let scripts read it
	SameSite    http.SameSite // 0: Lax
	Secure      bool
	Partitioned bool
	Domain      string
	MaxAge      time.Duration // 0: none; negative: 0 seconds
	Expires     time.Time     // zero: none
	Priority    string        // "", "low", "medium" or "high"
}

// cookie is a compiled Cookie: the header's text around the session id. The
// nil cookie sets none.
type cookie struct{ before, after string }

var errCookie = errors.New("eio: bad Cookie: a field holds a character that a cookie may not hold")

// compile checks c and makes it ready; nil for nil. The order of the
// attributes is that of the npm package cookie.
func (c *Cookie) compile() (*cookie, error) {
	if c == nil {
		return nil, nil
	}
	name := c.Name
	if name == "" {
		name = "io"
	}
	if !http1.ValidName(name) || !cookieText(c.Path) || !cookieText(c.Domain) {
		return nil, errCookie
	}
	after := ""
	switch {
	case c.MaxAge > 0:
		after += "; Max-Age=" + strconv.FormatInt(int64(c.MaxAge/time.Second), 10)
	case c.MaxAge < 0:
		after += "; Max-Age=0"
	}
	if c.Domain != "" {
		after += "; Domain=" + c.Domain
	}
	switch {
	case c.NoPath:
	case c.Path == "":
		after += "; Path=/"
	default:
		after += "; Path=" + c.Path
	}
	if !c.Expires.IsZero() {
		after += "; Expires=" + c.Expires.UTC().Format(http.TimeFormat)
	}
	if !c.NoHTTPOnly && !c.NoPath {
		after += "; HttpOnly"
	}
	if c.Secure {
		after += "; Secure"
	}
	if c.Partitioned {
		after += "; Partitioned"
	}
	tail, err := c.tail()
	return &cookie{before: "Set-Cookie: " + name + "=", after: after + tail + "\r\n"}, err
}

// tail is the attributes with a fixed set of values.
func (c *Cookie) tail() (string, error) {
	after := ""
	switch c.Priority {
	case "":
	case "low", "Low":
		after += "; Priority=Low"
	case "medium", "Medium":
		after += "; Priority=Medium"
	case "high", "High":
		after += "; Priority=High"
	default:
		return "", errCookie
	}
	switch c.SameSite {
	case http.SameSiteStrictMode:
		after += "; SameSite=Strict"
	case http.SameSiteNoneMode:
		after += "; SameSite=None"
	default:
		after += "; SameSite=Lax"
	}
	return after, nil
}

func cookieText(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f || s[i] == ';' {
			return false
		}
	}
	return true
}

// append appends the header line that sets the cookie to id, encoded as
// encodeURIComponent does it. Any goroutine. Does not allocate if dst has room.
func (c *cookie) append(dst []byte, id string) []byte {
	if c == nil {
		return dst
	}
	const hex = "0123456789ABCDEF"
	dst = append(dst, c.before...)
	for i := 0; i < len(id); i++ {
		if b := id[i]; uriPlain(b) {
			dst = append(dst, b)
		} else {
			dst = append(dst, '%', hex[b>>4], hex[b&15])
		}
	}
	return append(dst, c.after...)
}

// uriPlain is what encodeURIComponent leaves alone.
func uriPlain(c byte) bool {
	switch {
	case c|0x20 >= 'a' && c|0x20 <= 'z', c >= '0' && c <= '9':
		return true
	}
	switch c {
	case '-', '_', '.', '!', '~', '*', '\'', '(', ')':
		return true
	}
	return false
}
