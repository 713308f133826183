package wsframe

import (
	"crypto/sha1"
	"encoding/base64"
)

// guid is what RFC 6455, 1.3 appends to the key of a handshake.
const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// KeySize is the size of a Sec-WebSocket-Key: base64 of 16 bytes.
const KeySize = 24

// ValidKey reports whether key is a Sec-WebSocket-Key. It borrows key. Any
// goroutine. Does not allocate.
//
// RFC 6455, 4.2.1: "a base64-encoded … value that, when decoded, is 16 bytes in
// length". The last character before the padding carries only two bits, but
// clients that leave the other four set are accepted everywhere.
func ValidKey(key []byte) bool {
	if len(key) != KeySize || key[22] != '=' || key[23] != '=' {
		return false
	}
	for _, c := range key[:22] {
		switch {
		case 'A' <= c && c <= 'Z', 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '+', c == '/':
		default:
			return false
		}
	}
	return true
}

// AppendAccept appends the Sec-WebSocket-Accept for key, which it borrows. Any
// goroutine. Does not allocate while dst has room.
func AppendAccept(dst, key []byte) []byte {
	var in [KeySize + len(guid)]byte
	n := copy(in[:], key)
	n += copy(in[n:], guid)
	sum := sha1.Sum(in[:n])
	return base64.StdEncoding.AppendEncode(dst, sum[:])
}

// AppendUpgrade appends the answer 101 to a handshake with key. protocol is the
// chosen subprotocol, "" for none; extra is further header lines, each ended by
// CRLF. It borrows key and extra. Any goroutine. Does not allocate while dst
// has room.
func AppendUpgrade(dst, key []byte, protocol string, extra []byte) []byte {
	dst = append(dst, "HTTP/1.1 101 Switching Protocols\r\n"+
		"Upgrade: websocket\r\n"+
		"Connection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: "...)
	dst = AppendAccept(dst, key)
	dst = append(dst, "\r\n"...)
	if protocol != "" {
		dst = append(dst, "Sec-WebSocket-Protocol: "...)
		dst = append(dst, protocol...)
		dst = append(dst, "\r\n"...)
	}
	dst = append(dst, extra...)
	return append(dst, "\r\n"...)
}

// HandshakeError is a refused handshake: the status to answer and why.
type HandshakeError struct {
	Status int    // 400, 405 or 426
	Reason string // one line, for the body and the log
}

// Error says the reason.
func (e *HandshakeError) Error() string { return "wsframe: " + e.Reason }

// Why a handshake is refused. An answer 426 must carry the header
// "Sec-WebSocket-Version: 13".
var (
	ErrMethod     = &HandshakeError{405, "Method is not GET"}
	ErrUpgrade    = &HandshakeError{400, "Upgrade header is not websocket"}
	ErrConnection = &HandshakeError{400, "Connection header has no upgrade"}
	ErrKey        = &HandshakeError{400, "Missing or invalid Sec-WebSocket-Key header"}
	ErrVersion    = &HandshakeError{426, "Sec-WebSocket-Version is not 13"}
)

// Upgrade is what of a request decides about the handshake: the values of its
// headers as views, nil where there is none.
type Upgrade struct {
	Method     []byte
	Upgrade    []byte // Upgrade
	Connection []byte // Connection
	Key        []byte // Sec-WebSocket-Key
	Version    []byte // Sec-WebSocket-Version
}

// CheckUpgrade checks the request of a handshake as RFC 6455, 4.2.1 wants it.
// It borrows u's values and returns nil or a *[HandshakeError]. Any goroutine.
// Does not allocate.
func CheckUpgrade(u *Upgrade) error {
	switch {
	case string(u.Method) != "GET":
		return ErrMethod
	case !HasToken(u.Upgrade, "websocket"):
		return ErrUpgrade
	case !HasToken(u.Connection, "upgrade"):
		return ErrConnection
	case string(u.Version) != "13":
		return ErrVersion
	case !ValidKey(u.Key):
		return ErrKey
	}
	return nil
}

// HasToken reports whether list, the value of a header that is a list separated
// by commas, has token, which is lower case. Case does not matter in list. It
// borrows list. Any goroutine. Does not allocate.
func HasToken(list []byte, token string) bool {
	for len(list) > 0 {
		var item []byte
		item, list = cutComma(list)
		if equalFold(trim(item), token) {
			return true
		}
	}
	return false
}

func cutComma(b []byte) (item, rest []byte) {
	for i, c := range b {
		if c == ',' {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

func equalFold(b []byte, lower string) bool {
	if len(b) != len(lower) {
		return false
	}
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			c |= 0x20
		}
		if c != lower[i] {
			return false
		}
	}
	return true
}
