package sio

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
)

// idLen is the length of a socket's id, the reference's. Its text is base64url
// of fifteen bytes: eleven from the system's random source, then a number that
// says where the socket is, so that "the room of this id" needs no table. The
// number is hidden behind four of the random bytes, so that ids do not tell how
// many clients there are.
//
//	11 random bytes │ (slot << 10 | loop) XOR the first 4 of them
const (
	idLen    = 20
	idRandom = 11
	loopBits = 10
	maxLoops = 1 << loopBits
	maxSlots = 1 << (32 - loopBits)
)

// idSource hands out random bytes in batches: one system call for many ids.
// Loop only.
type idSource struct {
	buf  [64 * idRandom]byte
	left int
}

// newID writes the id of the socket in slot of the loop with that index.
func (r *idSource) newID(dst *[idLen]byte, slot uint32, loop int) {
	if r.left < idRandom {
		_, _ = rand.Read(r.buf[:]) // never fails (crypto/rand)
		r.left = len(r.buf)
	}
	var raw [15]byte
	copy(raw[:], r.buf[r.left-idRandom:r.left])
	r.left -= idRandom
	place := slot<<loopBits | uint32(loop)
	binary.BigEndian.PutUint32(raw[idRandom:], place^binary.BigEndian.Uint32(raw[:]))
	base64.RawURLEncoding.Encode(dst[:], raw[:])
}

// slotOf reads the slot out of an id that was made on that loop. ok says only
// that it may be one: compare the whole id.
func slotOf(id string, loop int) (slot uint32, ok bool) {
	if len(id) != idLen {
		return 0, false
	}
	var text [idLen]byte
	var raw [15]byte
	copy(text[:], id)
	if n, err := base64.RawURLEncoding.Decode(raw[:], text[:]); err != nil || n != len(raw) {
		return 0, false
	}
	place := binary.BigEndian.Uint32(raw[idRandom:]) ^ binary.BigEndian.Uint32(raw[:])
	return place >> loopBits, int(place&(maxLoops-1)) == loop
}
