package wsframe

import (
	"unicode/utf8"

	"github.com/gobwas/ws"

	"github.com/sio-fast/sio-fast/pool"
)

// What permessage-deflate (RFC 7692) puts on the wire for one message:
//
//	plain ──► DEFLATE, sync flush ──► …data… 00 00 ff ff ──► the last four bytes go
//	                                                         RSV1 on the first frame
const flushTail = "\x00\x00\xff\xff"

// inflateTail is what a message needs to be a whole stream: the bytes its sender
// cut off, and an empty final block.
var inflateTail = []byte(flushTail + "\x01\x00\x00\xff\xff")

// AppendDeflated appends frames, a run of whole unmasked frames, with every data
// message of at least threshold bytes compressed, unless that would make it
// longer. changed is false where none was: the run is then as it was. level is
// as for [pool.GetDeflater]. It borrows frames. Any goroutine. Does not allocate
// while dst has room, once the pool is warm.
//
// Messages are compressed each by itself, so whoever negotiated the extension
// can read them, whatever was sent before.
func AppendDeflated(dst, frames []byte, threshold, level int) (_ []byte, changed bool) {
	d := pool.GetDeflater(level)
	defer pool.PutDeflater(d)
	for len(frames) > 0 {
		op, payload, rest, ok := Next(frames)
		if !ok {
			break
		}
		whole := frames[:len(frames)-len(rest)]
		frames = rest
		start := len(dst)
		if op.IsData() && len(payload) >= threshold {
			dst = Begin(dst, len(payload)/2)
			room := len(dst)
			dst = d.Append(dst, payload, false)
			dst = dst[:len(dst)-len(flushTail)]
			if len(dst)-room < len(payload) {
				dst = End(dst, start, op)
				dst[start] |= bitRsv1
				changed = true
				continue
			}
		}
		dst = append(dst[:start], whole...)
	}
	return dst, changed
}

// Longest is the length of the longest data message in a run of whole unmasked
// frames, which it borrows. Any goroutine. Does not allocate.
func Longest(frames []byte) (n int) {
	for op, payload := range Walk(frames) {
		if op.IsData() {
			n = max(n, len(payload))
		}
	}
	return n
}

// Inflate replaces the payload of a compressed message by what it was
// compressed from, a view of buf, whose content it replaces. It is bounded as
// any message: what would be longer than d.Max ends as soon as that shows, and
// holds no more than that meanwhile. The error is a *[CloseError]. Loop only.
// Does not allocate once the pools are warm, except to grow buf.
func (d *Decoder) Inflate(m *Message, buf *pool.Buf) error {
	buf.B = buf.B[:0]
	if len(m.Payload) > 0 { // else nothing was compressed, as the reference has it
		f := pool.GetInflater()
		more, err := f.Append(buf, m.Payload, inflateTail, int(d.max()))
		pool.PutInflater(f)
		switch {
		case more:
			return d.fail(errTooBig)
		case err != nil:
			return d.fail(errDeflate)
		}
	}
	if m.Op == ws.OpText && !utf8.Valid(buf.B) {
		return d.fail(errUTF8)
	}
	m.Payload, m.Compressed = buf.B[:len(buf.B):len(buf.B)], false
	return nil
}
