package http1

// Chunks decodes a chunked body in place, in whatever pieces it arrives. The
// zero value is ready, but Limit should be set. Loop only.
type Chunks struct {
	Limit int64 // most body bytes accepted; 0 or less: no limit

	total  int64 // body bytes announced so far
	left   int64 // of the current chunk
	excess int64 // bytes spent on framing, less what honest framing costs
	size   uint64
	digits uint8
	state  chunkState
}

type chunkState uint8

const (
	inSize      chunkState = iota // hex digits of a chunk's size
	inExt                         // after ";", ignored
	inSizeLF                      // the LF after a size line
	inData                        // body bytes
	inDataCR                      // the CR after a chunk
	inDataLF                      // and its LF
	inTrailer                     // at the start of a trailer line, or of the end
	inName                        // in a trailer's name
	inValue                       // in a trailer's value
	inTrailerLF                   // the LF after a trailer
	inEndLF                       // the LF that ends the body
	chunksDone
)

const (
	// maxChunkDigits bounds a chunk's size to 60 bits.
	maxChunkDigits = 15
	// maxExcess is what a body may spend on framing beyond 16 bytes plus twice
	// its data per chunk (the allowance of net/http): a flood of long chunk
	// extensions or trailers is refused.
	maxExcess    = 16 << 10
	chunkAllowed = 16
)

// Decode consumes n bytes of p, the next piece of the body, and moves the body
// bytes among them to p[:m]. It consumes all of p unless the body ends in it:
// then done is true, and p[n:] is the next request. It writes into p, which it
// borrows. The error is always an *Error, and the decoder is useless after it.
// Does not allocate.
func (c *Chunks) Decode(p []byte) (m, n int, done bool, err error) {
	for n < len(p) {
		if c.state == inData {
			k := min(c.left, int64(len(p)-n))
			m += copy(p[m:], p[n:n+int(k)])
			n += int(k)
			if c.left -= k; c.left == 0 {
				c.state = inDataCR
			}
			continue
		}
		if e := c.step(p[n]); e != nil {
			return m, n, false, e
		}
		n++
		if c.state == chunksDone {
			return m, n, true, nil
		}
	}
	return m, n, false, nil
}

// step takes one byte of framing.
func (c *Chunks) step(b byte) *Error {
	if c.excess++; c.excess > maxExcess {
		return ErrChunk
	}
	switch c.state {
	case inSize:
		return c.sizeByte(b)
	case inExt:
		if b == '\r' {
			c.state = inSizeLF
		} else if !isValue(b) {
			return ErrChunk
		}
	case inSizeLF:
		if b != '\n' {
			return ErrChunk
		}
		return c.begin()
	case inDataCR:
		return c.expect(b, '\r', inDataLF)
	case inDataLF:
		return c.expect(b, '\n', inSize)
	case inTrailer, inName, inValue:
		return c.trailerByte(b)
	case inTrailerLF:
		return c.expect(b, '\n', inTrailer)
	case inEndLF:
		return c.expect(b, '\n', chunksDone)
	}
	return nil
}

func (c *Chunks) expect(b, want byte, next chunkState) *Error {
	if b != want {
		return ErrChunk
	}
	c.state = next
	return nil
}

func (c *Chunks) sizeByte(b byte) *Error {
	switch {
	case isHex(b):
		if c.digits++; c.digits > maxChunkDigits {
			return ErrChunk
		}
		c.size = c.size<<4 | uint64(unhex(b))
	case c.digits == 0:
		return ErrChunk
	case b == '\r':
		c.state = inSizeLF
	case b == ';':
		c.state = inExt
	default:
		return ErrChunk
	}
	return nil
}

// begin starts the chunk whose size line has just ended.
func (c *Chunks) begin() *Error {
	size := int64(c.size)
	c.size, c.digits = 0, 0
	if size == 0 {
		c.state = inTrailer
		return nil
	}
	if c.total += size; c.Limit > 0 && c.total > c.Limit {
		return ErrBodyTooLarge
	}
	c.excess = max(0, c.excess-chunkAllowed-2*size)
	c.left, c.state = size, inData
	return nil
}

// trailerByte takes a byte of the trailer section, whose fields are checked
// and dropped: none of them may change how a request is understood.
func (c *Chunks) trailerByte(b byte) *Error {
	switch {
	case c.state == inTrailer && b == '\r':
		c.state = inEndLF
	case c.state == inName && b == ':':
		c.state = inValue
	case c.state != inValue:
		if !isToken(b) {
			return ErrChunk
		}
		c.state = inName
	case b == '\r':
		c.state = inTrailerLF
	case !isValue(b):
		return ErrChunk
	}
	return nil
}
