package wsframe

import (
	"errors"
	"strconv"
)

// ErrExtensions is a Sec-WebSocket-Extensions header that cannot be read, or an
// offer of permessage-deflate with parameters that there are not.
var ErrExtensions = &HandshakeError{400, "Invalid or unacceptable Sec-WebSocket-Extensions header"}

// Deflate is what was negotiated for permessage-deflate (RFC 7692).
type Deflate struct {
	// Window is the logarithm, 8 to 15, of how far back in bytes a reference in
	// what the server sends may reach. 0: the extension is not in use.
	Window uint8
	// answer, in the order of the offer
	params [4]deflateParam
	n      int
}

// deflateParam is one parameter; bits is 0 for one that has none.
type deflateParam struct {
	name string
	bits int
}

const (
	deflateName      = "permessage-deflate"
	serverNoTakeover = "server_no_context_takeover"
	clientNoTakeover = "client_no_context_takeover"
	serverMaxWindow  = "server_max_window_bits"
	clientMaxWindow  = "client_max_window_bits"

	minWindow = 8
	maxWindow = 15
	hint      = -1 // client_max_window_bits without a value
)

// NegotiateDeflate reads the value of Sec-WebSocket-Extensions and accepts the
// first offer of permessage-deflate. Neither side is to keep its window from one
// message to the next: so a connection needs no memory for it, and one
// compressed message serves any number of them. It borrows header. The error is
// [ErrExtensions]. Any goroutine. Does not allocate.
//
// It answers what the reference's library does with serverNoContextTakeover and
// clientNoContextTakeover: every offer is checked, not only the first.
func NegotiateDeflate(header []byte) (d Deflate, err error) {
	s := extensions{rest: header}
	for {
		offer, ok, err := s.offer()
		if err != nil {
			return Deflate{}, ErrExtensions
		}
		if ok && d.Window == 0 {
			d = offer
		}
		if len(s.rest) == 0 {
			break
		}
		if s.rest[0] != ',' {
			return Deflate{}, ErrExtensions
		}
		s.rest = s.rest[1:]
		s.space()
	}
	if d.Window == 0 {
		return Deflate{}, nil
	}
	d.ensure(serverNoTakeover)
	d.ensure(clientNoTakeover)
	return d, nil
}

// AppendLine appends the header line of the answer, CRLF included. Any
// goroutine. Does not allocate while dst has room.
func (d *Deflate) AppendLine(dst []byte) []byte {
	dst = append(dst, "Sec-WebSocket-Extensions: "+deflateName...)
	for _, p := range d.params[:d.n] {
		if p.bits == hint { // RFC 7692, 7.1.2.2: the answer may leave it out
			continue
		}
		dst = append(dst, "; "...)
		dst = append(dst, p.name...)
		if p.bits > 0 {
			dst = append(dst, '=')
			dst = strconv.AppendInt(dst, int64(p.bits), 10)
		}
	}
	return append(dst, "\r\n"...)
}

func (d *Deflate) has(name string) bool {
	for _, p := range d.params[:d.n] {
		if p.name == name {
			return true
		}
	}
	return false
}

func (d *Deflate) ensure(name string) {
	if !d.has(name) {
		d.params[d.n] = deflateParam{name: name}
		d.n++
	}
}

var errOffer = errors.New("wsframe: bad extension offer")

// set takes a parameter of an offer; valued says that it has a value.
func (d *Deflate) set(name, value []byte, valued bool) error {
	p := deflateParam{}
	switch string(name) {
	case serverNoTakeover:
		p.name = serverNoTakeover
	case clientNoTakeover:
		p.name = clientNoTakeover
	case serverMaxWindow:
		p.name, p.bits = serverMaxWindow, windowBits(value)
		d.Window = uint8(max(p.bits, 0))
	case clientMaxWindow:
		p.name, p.bits = clientMaxWindow, windowBits(value)
		if !valued {
			p.bits = hint
		}
	default:
		return errOffer
	}
	takesBits := p.name == serverMaxWindow || p.name == clientMaxWindow
	if d.has(p.name) || takesBits && p.bits == 0 || !takesBits && valued {
		return errOffer
	}
	d.params[d.n] = p
	d.n++
	return nil
}

// windowBits reads 8 to 15; 0 is anything else.
func windowBits(value []byte) int {
	n := 0
	for _, c := range value {
		if c < '0' || c > '9' || n > maxWindow {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	if n < minWindow || n > maxWindow {
		return 0
	}
	return n
}

// extensions reads a Sec-WebSocket-Extensions header (RFC 6455, 9.1).
type extensions struct{ rest []byte }

// offer reads one offer; ok says that it is one of permessage-deflate.
func (s *extensions) offer() (d Deflate, ok bool, err error) {
	name := s.token()
	if len(name) == 0 {
		return d, false, errOffer
	}
	ok = string(name) == deflateName
	d.Window = maxWindow
	s.space()
	for len(s.rest) > 0 && s.rest[0] == ';' {
		s.rest = s.rest[1:]
		s.space()
		name := s.token()
		if len(name) == 0 {
			return d, false, errOffer
		}
		var value []byte
		valued := len(s.rest) > 0 && s.rest[0] == '='
		if valued {
			if value = s.value(); value == nil {
				return d, false, errOffer
			}
		}
		s.space()
		if ok {
			if err := d.set(name, value, valued); err != nil {
				return d, false, err
			}
		}
	}
	return d, ok, nil
}

func (s *extensions) space() {
	for len(s.rest) > 0 && (s.rest[0] == ' ' || s.rest[0] == '\t') {
		s.rest = s.rest[1:]
	}
}

func (s *extensions) token() []byte {
	n := 0
	for n < len(s.rest) && tokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// value reads `=token` or `="token"`; nil: it is neither. RFC 6455, 9.1: "the
// value after quoted-string unescaping MUST conform to the 'token' ABNF", so a
// number, the only value there is, needs no escapes.
func (s *extensions) value() []byte {
	s.rest = s.rest[1:]
	quoted := len(s.rest) > 0 && s.rest[0] == '"'
	if quoted {
		s.rest = s.rest[1:]
	}
	v := s.token()
	if quoted {
		if len(s.rest) == 0 || s.rest[0] != '"' {
			return nil
		}
		s.rest = s.rest[1:]
	}
	if len(v) == 0 {
		return nil
	}
	return v
}

// tokenByte says whether c may stand in a token of RFC 9110, 5.6.2.
func tokenByte(c byte) bool {
	switch {
	case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9':
		return true
	}
	switch c {
	case '!', '#', '$', '%', '&', '\'', '*', '+', '-', '.', '^', '_', '`', '|', '~':
		return true
	}
	return false
}
