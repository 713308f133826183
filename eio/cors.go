package eio

import (
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/sio-fast/sio-fast/internal/http1"
)

// CORS says which pages of other origins may talk to the server, in the terms
// of the npm package cors, which the reference uses. A page that may not is
// served nevertheless; its browser finds no Access-Control-Allow-Origin and
// keeps the answer from it.
//
// The zero value allows every origin with "*". A function or a list member
// that matches reflects the request's origin; a single origin without
// wildcard, as the only member of Origins and with Fixed set, is sent whatever
// the request says.
type CORS struct {
	Origins     []string         // exact origins, "https://example.com"; "*" anywhere in it: every origin
	Patterns    []*regexp.Regexp // origins that match one of these
	Reflect     bool             // every origin, by its name: origin:true of the reference
	Fixed       bool             // Origins[0] alone, sent to everybody: origin:"http://x" of the reference
	OriginFunc  func(origin string) bool
	Credentials bool     // Access-Control-Allow-Credentials: true
	Methods     []string // nil: GET,HEAD,PUT,PATCH,POST,DELETE

	AllowedHeaders []string      // nil: what the preflight asks for
	ExposedHeaders []string      // nil: none
	MaxAge         time.Duration // how long a preflight may be remembered; 0: not said, negative: 0 seconds

	OptionsSuccessStatus int  // status of a preflight's answer; 0: 204
	PreflightContinue    bool // leave OPTIONS to the engine, which refuses it

	// PerRequest, if set, chooses another policy for each request: a delegate
	// of the reference. It runs on the loop and must not block. nil: no CORS
	// headers. The result's own PerRequest is ignored. It must return one of a
	// few values that do not change: each is prepared once and remembered.
	PerRequest func(r *Request) *CORS
}

var errCORS = errors.New("eio: bad CORS: a field holds a character that a header may not hold")

// cors is a compiled CORS. The nil cors adds nothing. Immutable, any goroutine.
type cors struct {
	kind        corsKind
	origins     []string
	patterns    []*regexp.Regexp
	allow       func(origin string) bool
	star        string // what goes before all else: the header line for "*" or Fixed
	simple      string // lines for every answer, after the origin's
	methods     string // lines for preflights
	headers     string // preflights; "": reflect what is asked for
	maxAge      string
	status      int
	passOptions bool
	perRequest  func(r *Request) *CORS
	prepared    sync.Map // *CORS -> *cors: what perRequest has returned
}

type corsKind uint8

const (
	corsStar    corsKind = iota // "*"
	corsFixed                   // one origin, whatever the request says
	corsMatch                   // reflect what matches
	corsReflect                 // reflect everything
)

// compile checks c and makes it ready; nil for nil.
func (c *CORS) compile() (*cors, error) {
	if c == nil {
		return nil, nil
	}
	for _, list := range [][]string{c.Origins, c.Methods, c.AllowedHeaders, c.ExposedHeaders} {
		for _, s := range list {
			if s == "" || !http1.ValidValue(s) {
				return nil, errCORS
			}
		}
	}
	for _, o := range c.Origins {
		if !plausibleOrigin(o) {
			return nil, fmt.Errorf("eio: bad CORS: no page has the origin %q; want one like https://example.com, without a slash at its end", o)
		}
	}
	p := &cors{
		origins: c.Origins, patterns: c.Patterns, allow: c.OriginFunc,
		status: c.OptionsSuccessStatus, passOptions: c.PreflightContinue, perRequest: c.PerRequest,
	}
	if p.status == 0 {
		p.status = 204
	}
	p.kind = c.kind()
	switch p.kind {
	case corsStar:
		p.star = "Access-Control-Allow-Origin: *\r\n"
	case corsFixed:
		p.star = "Access-Control-Allow-Origin: " + c.Origins[0] + "\r\n"
	}
	if c.Credentials {
		p.simple = "Access-Control-Allow-Credentials: true\r\n"
	}
	if len(c.ExposedHeaders) > 0 {
		p.simple += "Access-Control-Expose-Headers: " + strings.Join(c.ExposedHeaders, ",") + "\r\n"
	}
	methods := "GET,HEAD,PUT,PATCH,POST,DELETE"
	if c.Methods != nil {
		methods = strings.Join(c.Methods, ",")
	}
	p.methods = "Access-Control-Allow-Methods: " + methods + "\r\n"
	if len(c.AllowedHeaders) > 0 {
		p.headers = "Access-Control-Allow-Headers: " + strings.Join(c.AllowedHeaders, ",") + "\r\n"
	}
	if c.MaxAge != 0 {
		p.maxAge = "Access-Control-Max-Age: " + strconv.FormatInt(int64(max(0, c.MaxAge)/time.Second), 10) + "\r\n"
	}
	return p, nil
}

// plausibleOrigin says whether a browser may send o: "null", or a scheme, a host
// and perhaps a port. Apps have schemes of their own ("capacitor://localhost",
// "file://").
func plausibleOrigin(o string) bool {
	if o == "*" || o == "null" {
		return true
	}
	scheme, rest, ok := strings.Cut(o, "://")
	return ok && scheme != "" && (scheme == "file" || rest != "" && !strings.ContainsAny(rest, "/, "))
}

func (c *CORS) kind() corsKind {
	switch {
	case c.Reflect:
		return corsReflect
	case len(c.Origins)+len(c.Patterns) == 0 && c.OriginFunc == nil:
		return corsStar
	case c.Fixed && len(c.Origins) == 1:
		return corsFixed
	}
	for _, o := range c.Origins {
		if o == "*" {
			return corsStar
		}
	}
	return corsMatch
}

// dynamic says that the policy is chosen anew for each request, by pick.
func (p *cors) dynamic() bool { return p != nil && p.perRequest != nil }

// pick returns the policy for r, which is p itself unless dynamic. A policy
// that cannot be used counts as none. Any goroutine.
func (p *cors) pick(r *Request) *cors {
	if !p.dynamic() {
		return p
	}
	c := p.perRequest(r)
	if c == nil {
		return nil
	}
	if known, ok := p.prepared.Load(c); ok {
		return known.(*cors)
	}
	fresh, err := c.compile()
	if err != nil {
		fresh = nil
	} else {
		fresh.perRequest = nil
	}
	p.prepared.Store(c, fresh)
	return fresh
}

// preflight says whether r is a preflight, and with which status it is to be
// answered, with an empty body and the lines of append. It borrows r. Any
// goroutine.
func (p *cors) preflight(r *http1.Request) (status int, ok bool) {
	if p == nil || p.passOptions || string(r.Method) != "OPTIONS" {
		return 0, false
	}
	return p.status, true
}

// append appends the header lines for the answer to r, a preflight or not,
// with one Vary line at most. It borrows r. Any goroutine. Does not allocate
// if dst has room and no function of the user's is asked.
func (p *cors) append(dst []byte, r *http1.Request) []byte {
	if p == nil {
		return dst
	}
	dst, vary := p.appendOrigin(dst, r)
	preflight := string(r.Method) == "OPTIONS"
	asks := preflight && p.headers == "" // the answer repeats what r asks for
	switch {
	case vary && asks:
		dst = append(dst, "Vary: Origin, Access-Control-Request-Headers\r\n"...)
	case vary:
		dst = append(dst, "Vary: Origin\r\n"...)
	case asks:
		dst = append(dst, "Vary: Access-Control-Request-Headers\r\n"...)
	}
	dst = append(dst, p.simple...)
	if !preflight {
		return dst
	}
	dst = append(dst, p.methods...)
	dst = append(dst, p.headers...)
	if asked := r.Header("Access-Control-Request-Headers"); asks && len(asked) > 0 {
		dst = append(dst, "Access-Control-Allow-Headers: "...)
		dst = append(dst, asked...) // came through the parser: holds no CR or LF
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, p.maxAge...)
	// A 204 has no Content-Length by the RFC, but the npm package sends one:
	// "Safari (and potentially other browsers) need content-length 0, for 204 or
	// they just hang waiting for a body".
	if !p.passOptions && p.status == 204 && !r.Upgrade { // an upgrade is no preflight
		dst = append(dst, "Content-Length: 0\r\n"...)
	}
	return dst
}

// CORSHeaders adds to h what [Options].CORS adds to the answers of the engine, for
// what is served beside it. It borrows r. Any goroutine.
func (e *Engine) CORSHeaders(h http.Header, r *http.Request) {
	policy := e.cors
	if policy.dynamic() {
		q := NewRequest(r)
		policy = policy.pick(&q)
	}
	if policy == nil {
		return
	}
	raw := http1.Request{Method: []byte(r.Method)}
	for _, name := range []string{"Origin", "Access-Control-Request-Headers"} {
		if v := r.Header.Get(name); v != "" && http1.ValidValue(v) {
			raw.Headers = append(append(append(append(raw.Headers, name...), ": "...), v...), "\r\n"...)
		}
	}
	for line := range strings.SplitSeq(string(policy.append(nil, &raw)), "\r\n") {
		if name, value, ok := strings.Cut(line, ": "); ok {
			h.Add(name, value)
		}
	}
}

// appendOrigin appends Access-Control-Allow-Origin if the origin is allowed;
// vary says whether the answer depends on the origin.
func (p *cors) appendOrigin(dst []byte, r *http1.Request) (_ []byte, vary bool) {
	switch p.kind {
	case corsStar:
		return append(dst, p.star...), false
	case corsFixed:
		return append(dst, p.star...), true
	}
	origin := r.Header("Origin")
	if len(origin) == 0 || !p.allowed(origin) {
		return dst, true
	}
	dst = append(dst, "Access-Control-Allow-Origin: "...)
	dst = append(dst, origin...)
	return append(dst, "\r\n"...), true
}

func (p *cors) allowed(origin []byte) bool {
	if p.kind == corsReflect {
		return true
	}
	for _, o := range p.origins {
		if string(origin) == o {
			return true
		}
	}
	for _, re := range p.patterns {
		if re.Match(origin) {
			return true
		}
	}
	return p.allow != nil && p.allow(string(origin))
}
