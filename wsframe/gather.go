package wsframe

import (
	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/pool"
)

// header takes from p what is missing of a header. The frame is open once it
// is whole; until then n is len(p).
func (d *Decoder) header(p []byte) (n int, err error) {
	s := d.s
	had := int(s.nhdr)
	src := s.hdr[:had+copy(s.hdr[had:], p)]
	if len(src) >= 2 {
		if err := d.check(src[0], src[1], s.msgOp != 0); err != nil {
			return 0, err
		}
	}
	h, size, err := ParseHeader(src)
	if err != nil {
		return 0, err
	}
	if size == 0 {
		s.nhdr = uint8(len(src))
		return len(src) - had, nil
	}
	s.nhdr = 0
	if h.OpCode.IsData() {
		have := 0
		if s.buf != nil {
			have = len(s.buf.B)
		}
		if h.Length > d.max()-int64(have) {
			return 0, errTooBig
		}
		if h.OpCode != ws.OpContinuation {
			s.msgOp = h.OpCode
			s.rsv1 = h.Rsv != 0
		}
	}
	s.op, s.fin, s.key = h.OpCode, h.Fin, h.Mask
	s.left, s.off = h.Length, 0
	s.open = true
	return size - had, nil
}

// payload takes from p what is missing of the open frame's payload. m.Op is
// set if that completes a message.
func (d *Decoder) payload(p []byte) (m Message, n int, err error) {
	s := d.s
	k := int(min(int64(len(p)), s.left))
	p = p[:k:k]
	if len(p) == 0 && s.left > 0 {
		return m, 0, nil // nothing is held for what a header merely claims
	}
	whole := s.off == 0 && int64(len(p)) == s.left
	switch {
	case s.op.IsControl():
		m, err = s.control(p, whole)
	case whole && s.fin && s.op != ws.OpContinuation:
		m, err = s.single(p)
	default:
		m, err = s.gather(p)
	}
	return m, len(p), err
}

// control takes a piece of a control frame.
func (s *state) control(p []byte, whole bool) (m Message, err error) {
	if whole {
		Mask(p, s.key, 0)
		m.Payload = p
	} else {
		piece := s.ctl[s.off : s.off+len(p)]
		copy(piece, p)
		Mask(piece, s.key, s.off)
		s.off += len(p)
		s.left -= int64(len(p))
		if s.left > 0 {
			return m, nil
		}
		m.Payload = s.ctl[:s.off]
	}
	s.open = false
	m.Op = s.op
	if m.Op == ws.OpClose {
		if m.Code, err = parseClose(m.Payload); err != nil {
			return Message{}, err
		}
		s.shut = true
	}
	return m, nil
}

// single takes a whole data message of one frame, of which only the header was
// cut.
func (s *state) single(p []byte) (m Message, err error) {
	if !unmask(p, s.key, s.msgOp == ws.OpText && !s.rsv1) {
		return m, errUTF8
	}
	m = Message{Op: s.msgOp, Compressed: s.rsv1, Payload: p}
	s.open, s.msgOp = false, 0
	return m, nil
}

// gather takes a piece of a data message.
func (s *state) gather(p []byte) (m Message, err error) {
	if s.buf == nil {
		s.buf = pool.Get()
	}
	b := s.buf
	at := len(b.B)
	if s.fin {
		b.Grow(len(p), at+int(s.left))
	} else {
		b.Grow(len(p), 0)
	}
	b.B = append(b.B, p...)
	Mask(b.B[at:], s.key, s.off)
	s.off += len(p)
	s.left -= int64(len(p))
	text := s.msgOp == ws.OpText && !s.rsv1
	if text {
		n, ok := validPrefix(b.B[s.valid:])
		if !ok {
			return m, errUTF8
		}
		s.valid += n
	}
	if s.left > 0 {
		return m, nil
	}
	s.open = false
	if !s.fin {
		return m, nil
	}
	if text && s.valid != len(b.B) {
		return m, errUTF8 // the last character is not whole
	}
	m = Message{Op: s.msgOp, Compressed: s.rsv1, Payload: b.B[:len(b.B):len(b.B)]}
	s.msgOp = 0
	return m, nil
}
