package eio

import (
	"crypto/rand"
	"encoding/base64"
)

// sidLen is the length of a session id in text. Intermediaries such as
// @socket.io/sticky look for exactly that many characters.
const sidLen = 20

// sid is a session id as bytes: twelve random ones, then a 24-bit number that
// leads to the session's place without a map. In text it is base64url.
//
//	8hvYWeD2-6l4-W26 AAAB
//	└─ 96 bits random └─ number, big endian
type sid [15]byte

// sidSource makes session ids. It draws from the system's generator for many
// at once: the call costs more than the bytes. Loop only.
type sidSource struct {
	random [64 * sidRandom]byte
	left   int // bytes at the end of random not used yet
}

const sidRandom = 12

// next makes an id that carries number. Does not allocate.
func (s *sidSource) next(number uint32) (id sid) {
	if s.left < sidRandom {
		_, _ = rand.Read(s.random[:]) // documented never to fail
		s.left = len(s.random)
	}
	fresh := s.random[len(s.random)-s.left:][:sidRandom]
	copy(id[:], fresh)
	clear(fresh) // what was handed out is nowhere else
	s.left -= sidRandom
	id[12], id[13], id[14] = byte(number>>16), byte(number>>8), byte(number)
	return id
}

// number is what next was given. Any goroutine.
func (id *sid) number() uint32 {
	return uint32(id[12])<<16 | uint32(id[13])<<8 | uint32(id[14])
}

// append appends the id as text. Any goroutine. Does not allocate if dst has
// room.
func (id *sid) append(dst []byte) []byte {
	return base64.RawURLEncoding.AppendEncode(dst, id[:])
}

// String gives the id as text. Any goroutine.
func (id *sid) String() string {
	var b [sidLen]byte
	return string(id.append(b[:0]))
}

// parseSID reads an id back; ok is false for what next cannot have made. It
// borrows text. Any goroutine. Does not allocate.
func parseSID(text []byte) (id sid, ok bool) {
	if len(text) != sidLen {
		return id, false
	}
	n, err := base64.RawURLEncoding.Decode(id[:], text)
	return id, err == nil && n == len(id)
}
