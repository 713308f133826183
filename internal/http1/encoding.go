package http1

import (
	"bytes"
	"strconv"
)

// PreferredEncoding is the index among offered of the content coding that
// accept, the value of Accept-Encoding, likes best; -1: it accepts none of them.
// It borrows accept. Any goroutine. Does not allocate.
//
// The reference's library decides so: of two with the same quality the one that
// is named, not meant by `*`, and then the one named first. It never answers
// that identity is liked better.
func PreferredEncoding(accept []byte, offered ...string) int {
	best, at := preference{}, -1
	for i, name := range offered {
		p := preferenceFor(accept, name)
		if p.q > 0 && (at < 0 || p.before(best)) {
			best, at = p, i
		}
	}
	return at
}

// preference is how much a coding is liked.
type preference struct {
	q     float64
	named bool // by its name, not by `*`
	place int  // among those of the header
}

func (p preference) before(o preference) bool {
	switch {
	case p.q != o.q:
		return p.q > o.q
	case p.named != o.named:
		return p.named
	}
	return p.place < o.place
}

// preferenceFor is what accept says about the coding called name: the last word
// about the name itself, if there is one, else about `*`. Of words about the same
// the one that likes it better counts.
func preferenceFor(accept []byte, name string) (p preference) {
	for place, found := 0, false; len(accept) > 0; place++ {
		var item []byte
		item, accept = cutByte(accept, ',')
		coding, params := cutByte(item, ';')
		coding = trimOWS(coding)
		named := EqualFold(coding, name)
		if !named && string(coding) != "*" {
			continue
		}
		o := preference{quality(params), named, place}
		if !found || named && !p.named || named == p.named && (o.q > p.q || o.q == p.q) {
			p, found = o, true
		}
	}
	return p
}

// quality reads the parameter q, 1 without one, 0 where it is no number.
func quality(params []byte) float64 {
	for len(params) > 0 {
		var param []byte
		param, params = cutByte(params, ';')
		key, value := cutByte(trimOWS(param), '=')
		if string(key) != "q" {
			continue
		}
		var text [16]byte
		q, err := strconv.ParseFloat(string(append(text[:0], value[:min(len(value), len(text))]...)), 64)
		if err != nil {
			return 0
		}
		return q
	}
	return 1
}

func cutByte(b []byte, sep byte) (before, after []byte) {
	if i := bytes.IndexByte(b, sep); i >= 0 {
		return b[:i], b[i+1:]
	}
	return b, nil
}
