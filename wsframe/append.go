package wsframe

import "github.com/gobwas/ws"

// AppendFrame appends to dst one whole unmasked frame of payload, which it
// borrows. Any goroutine. Does not allocate while dst has room.
func AppendFrame(dst []byte, op ws.OpCode, payload []byte) []byte {
	return append(AppendHeader(dst, op, true, len(payload)), payload...)
}

// Begin makes room in dst for the header of a frame whose payload is appended
// next, of about size bytes; [End] writes it.
//
//	start := len(dst)
//	dst = wsframe.Begin(dst, 11)
//	dst = append(dst, "the payload"...)
//	dst = wsframe.End(dst, start, ws.OpText)
//
// Any goroutine. Does not allocate while dst has room.
func Begin(dst []byte, size int) []byte {
	// The first byte says how many there are.
	if size < len16 {
		return append(dst, 2, 0)
	}
	return append(dst, 4, 0, 0, 0) // above 64 KiB too, where it costs the least to move
}

// End completes the frame begun at start, the length of dst before [Begin]: it
// writes the header and, where that is not as long as the room left for it,
// moves the payload. Any goroutine. Does not allocate while dst has room.
func End(dst []byte, start int, op ws.OpCode) []byte {
	room := int(dst[start])
	n := len(dst) - start - room
	size := HeaderSize(n)
	if size != room {
		if size > room {
			dst = append(dst, make([]byte, size-room)...)
		}
		copy(dst[start+size:], dst[start+room:start+room+n])
		dst = dst[:start+size+n]
	}
	AppendHeader(dst[:start], op, true, n)
	return dst
}

// Next splits the first frame off a run of whole unmasked frames, as
// [AppendFrame] and [End] write them. payload and rest are views into frames;
// ok is false when frames is empty, or not such a run. Any goroutine. Does not
// allocate.
//
//	for op, payload, rest, ok := wsframe.Next(run); ok; op, payload, rest, ok = wsframe.Next(rest) {
func Next(frames []byte) (op ws.OpCode, payload, rest []byte, ok bool) {
	h, n, err := ParseHeader(frames)
	if err != nil || n == 0 || h.Masked || h.Length > int64(len(frames)-n) {
		return 0, nil, nil, false
	}
	end := n + int(h.Length)
	return h.OpCode, frames[n:end:end], frames[end:], true
}

// Walk ranges over a run of whole unmasked frames, which it borrows. Any
// goroutine. Does not allocate.
func Walk(frames []byte) func(yield func(op ws.OpCode, payload []byte) bool) {
	return func(yield func(op ws.OpCode, payload []byte) bool) {
		op, payload, rest, ok := Next(frames)
		for ok && yield(op, payload) {
			op, payload, rest, ok = Next(rest)
		}
	}
}
