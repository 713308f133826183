package wsframe

import (
	"sync"
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/pool"
)

// DefaultMax is the largest message a Decoder takes unless told otherwise, in
// bytes: the reference's maxHttpBufferSize.
const DefaultMax = 1e6

// Message is a whole message, or a control frame.
type Message struct {
	// Op is OpText, OpBinary, OpPing, OpPong or OpClose; 0 means that there is
	// no message yet.
	Op ws.OpCode
	// Compressed says that the payload is deflated (RSV1); its UTF-8 is then
	// not checked. Only where Decoder.Deflate is set.
	Compressed bool
	// Code is what a close frame carries, 1005 if nothing.
	Code ws.StatusCode
	// Payload is lent until the next call of the Decoder. For a close frame it
	// includes the two bytes of the code.
	Payload []byte
}

// Decoder turns the bytes of one connection into messages. The zero value is
// ready; 16 bytes are all it needs while no frame is half here. It belongs to
// one goroutine.
type Decoder struct {
	s *state
	// Max is the largest message in bytes, all its fragments together; 0 means
	// DefaultMax. It is held against the header: what is too big is refused
	// before any of it is gathered.
	Max uint32
	// Deflate allows RSV1 on the first frame of a data message, as the
	// extension permessage-deflate wants.
	Deflate bool
}

// state is what a Decoder holds while a frame or a message is half here.
type state struct {
	buf   *pool.Buf // payload of the data message so far, unmasked
	valid int       // so much of buf is whole characters
	left  int64     // payload of this frame still to come
	off   int       // and so much has come
	key   [4]byte
	op    ws.OpCode // of this frame
	msgOp ws.OpCode // of the data message under way, 0 if none
	fin   bool
	open  bool // a header is read, its payload is not
	rsv1  bool // of the message
	lent  bool // the last call gave a message
	shut  bool // and it was a close frame
	nhdr  uint8
	hdr   [MaxHeader]byte
	ctl   [ws.MaxControlFramePayloadSize]byte
}

var states = sync.Pool{New: func() any { return new(state) }}

// dead marks a Decoder that met a close frame or a violation. It is never
// written.
var dead = new(state)

// Next takes bytes from p, unmasks them in place, and lends the first message
// that is complete; n is how many bytes it took. Without a message, m.Op is 0
// and n is len(p): the decoder keeps what it needs. So a caller goes on until
// there is none:
//
//	for {
//		m, n, err := d.Next(p)
//		if err != nil || m.Op == 0 {
//			break
//		}
//		p = p[n:] // m.Payload is lent until the next call
//	}
//
// That last call, with p empty, also gives back the buffer of a message that
// came in pieces. A violation is a *[CloseError]: send AppendClose(dst, e.Code,
// "") and close. After it, and after a close frame, the decoder discards all
// that comes. Loop only. Does not allocate once the pools are warm, except to
// grow the buffer of a message larger than those before, and that only as its
// bytes come.
func (d *Decoder) Next(p []byte) (m Message, n int, err error) {
	if d.s == nil && len(p) >= 6 {
		// Most frames by far are whole, masked, one message and under 126
		// bytes. This repeats what view does for them, in half the time.
		if n := int(p[1]) - bitMask; 0 <= n && n < len16 && n <= len(p)-6 && (p[0] == textFin || p[0] == binaryFin) && int64(n) <= d.max() {
			body := p[6 : 6+n : 6+n]
			if !mask(body, [4]byte(p[2:6]), 0) && p[0] == textFin && !utf8.Valid(body) {
				return m, 0, d.fail(errUTF8)
			}
			m.Op = ws.OpCode(p[0] & bitsOp)
			m.Payload = body
			return m, 6 + n, nil
		}
	}
	return d.next(p)
}

// next is Next for all the other frames.
func (d *Decoder) next(p []byte) (m Message, n int, err error) {
	if d.s != nil && d.s.lent {
		d.settle()
	}
	switch {
	case d.s == dead:
		return m, len(p), nil
	case d.s == nil:
		if len(p) == 0 {
			return m, 0, nil
		}
		m, n, err = d.view(p)
		if n > 0 || err != nil {
			return m, n, err
		}
		d.s = states.Get().(*state)
	}
	for n < len(p) {
		if !d.s.open {
			k, err := d.header(p[n:])
			if err != nil {
				return m, n, d.fail(err)
			}
			n += k
			if !d.s.open {
				break
			}
		}
		var k int
		m, k, err = d.payload(p[n:])
		if err != nil {
			return Message{}, n, d.fail(err)
		}
		n += k
		if m.Op != 0 {
			d.s.lent = true
			break
		}
	}
	return m, n, nil
}

// Release gives back what the decoder holds, and ends the loan of the last
// message. The decoder is then as new. Loop only.
func (d *Decoder) Release() {
	d.free()
	d.s = nil
}

// Busy reports whether a frame or a message is half here. Loop only.
func (d *Decoder) Busy() bool { return d.s != nil && d.s != dead && !d.s.lent }

// Dead reports whether a close frame or a violation has come. Loop only.
func (d *Decoder) Dead() bool { return d.s == dead || d.s != nil && d.s.shut }

func (d *Decoder) free() {
	if s := d.s; s != nil && s != dead {
		pool.Put(s.buf)
		*s = state{}
		states.Put(s)
	}
}

func (d *Decoder) fail(err error) error {
	d.free()
	d.s = dead
	return err
}

// settle ends the loan of the last message.
func (d *Decoder) settle() {
	s := d.s
	s.lent = false
	switch {
	case s.shut:
		d.free()
		d.s = dead
	case s.msgOp == 0: // else a control frame came between fragments
		d.free()
		d.s = nil
	}
}

func (d *Decoder) max() int64 {
	if d.Max == 0 {
		return DefaultMax
	}
	return int64(d.Max)
}

// view reads a whole frame that is a whole message from p without any state.
// n == 0 with a nil error means that p does not start with such a one.
func (d *Decoder) view(p []byte) (m Message, n int, err error) {
	if len(p) < 6 {
		return m, 0, nil
	}
	if err := d.check(p[0], p[1], false); err != nil {
		return m, 0, d.fail(err)
	}
	h, n, err := ParseHeader(p)
	if err != nil {
		return m, 0, d.fail(err)
	}
	if n == 0 {
		return m, 0, nil
	}
	if h.Length > d.max() {
		return m, 0, d.fail(errTooBig)
	}
	if !h.Fin || h.Length > int64(len(p)-n) {
		return m, 0, nil
	}
	end := n + int(h.Length)
	m.Op = h.OpCode
	m.Payload = p[n:end:end]
	if h.OpCode.IsControl() {
		Mask(m.Payload, h.Mask, 0)
		if h.OpCode == ws.OpClose {
			if m.Code, err = parseClose(m.Payload); err != nil {
				return Message{}, 0, d.fail(err)
			}
			d.s = dead
		}
		return m, end, nil
	}
	m.Compressed = h.Rsv != 0
	if !unmask(m.Payload, h.Mask, h.OpCode == ws.OpText && !m.Compressed) {
		return Message{}, 0, d.fail(errUTF8)
	}
	return m, end, nil
}

// check judges the first two bytes of a frame, which say all but the length.
func (d *Decoder) check(b0, b1 byte, fragmented bool) error {
	// RFC 6455, 5.1: "The server MUST close the connection upon receiving a
	// frame that is not masked."
	if b1&bitMask == 0 {
		return errUnmasked
	}
	op := ws.OpCode(b0 & bitsOp)
	if op.IsReserved() {
		return errReserved
	}
	if rsv := b0 & bitsRsv; rsv != 0 {
		// RFC 6455, 5.2: "MUST be 0 unless an extension is negotiated"; RFC
		// 7692, 6: "MUST NOT set the 'Per-Message Compressed' bit of control
		// frames and non-first fragments".
		first := op == ws.OpText || op == ws.OpBinary
		if rsv != bitRsv1 || !d.Deflate || !first {
			return errRsv
		}
	}
	if op.IsControl() {
		// RFC 6455, 5.5: "All control frames MUST have a payload length of 125
		// bytes or less and MUST NOT be fragmented."
		if b0&bitFin == 0 {
			return errControlFin
		}
		if b1&bitsLen > ws.MaxControlFramePayloadSize {
			return errControlLong
		}
		return nil
	}
	if op == ws.OpContinuation && !fragmented {
		return errContinuation
	}
	if op != ws.OpContinuation && fragmented {
		return errInterleaved
	}
	return nil
}
