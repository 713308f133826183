package wsframe

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"github.com/gobwas/ws"
)

// transcript is what a Decoder makes of in, cut by next, and its state at the
// end.
func transcript(t *testing.T, in []byte, d Decoder, next func(left int) int) (all []string, end string) {
	t.Helper()
	defer func() { d.Release() }()
	in = bytes.Clone(in)
	for len(in) > 0 {
		piece := bytes.Clone(in[:min(next(len(in)), len(in))])
		in = in[len(piece):]
		for {
			m, n, err := d.Next(piece)
			if n < 0 || n > len(piece) {
				t.Fatalf("Next took %d of %d bytes", n, len(piece))
			}
			if err != nil {
				return append(all, err.Error()), "violation"
			}
			if m.Op == 0 {
				if n != len(piece) {
					t.Fatalf("no message, but %d bytes left", len(piece)-n)
				}
				break
			}
			all = append(all, fmt.Sprintf("%x %v %d %x", m.Op, m.Compressed, m.Code, m.Payload))
			piece = piece[n:]
		}
	}
	return all, fmt.Sprint("busy ", d.Busy(), " dead ", d.Dead())
}

// FuzzDecoder: no panic, n within bounds, the same result however the bytes are
// cut, and the same as a naive reader makes of them. That accepted input costs
// no allocation is in FuzzDecoderAllocs.
func FuzzDecoder(f *testing.F) {
	for _, c := range autobahnCases() {
		if len(c.in) < 500 {
			f.Add(c.in, uint16(7), false)
		}
	}
	f.Add(frames("41 \xff", "89 ping", "80 \xfe", "c2 x", bye), uint16(3), true)
	f.Fuzz(func(t *testing.T, in []byte, seed uint16, deflate bool) {
		d := Decoder{Max: 4096, Deflate: deflate}
		whole, end := transcript(t, in, d, func(left int) int { return left })
		single, end1 := transcript(t, in, d, func(int) int { return 1 })
		x := uint32(seed)
		cut, end2 := transcript(t, in, d, func(int) int {
			x = x*1664525 + 1013904223
			return 1 + int(x>>24)%40
		})
		if !slices.Equal(whole, single) || !slices.Equal(whole, cut) || end != end1 || end != end2 {
			t.Fatalf("whole %q (%s), byte by byte %q (%s), cut %q (%s)", whole, end, single, end1, cut, end2)
		}
		if !deflate {
			if naive := naiveDecode(in, 4096); !slices.Equal(whole, naive) {
				t.Fatalf("got %q, the naive reader %q", whole, naive)
			}
		}
	})
}

// naiveDecode is the twin of Decoder: it reads whole frames by gobwas's means
// and gathers without haste. A stream that ends within a frame, or in a
// violation, ends its list; the violation itself is judged as far as whole
// frames show it.
func naiveDecode(in []byte, limit int) (all []string) {
	var msg []byte
	var op ws.OpCode
	for {
		state := ws.StateServerSide
		if op != 0 {
			state = state.Set(ws.StateFragmented)
		}
		if len(in) >= 2 {
			// The length does not matter here, but for control frames.
			h := ws.Header{Fin: in[0]&0x80 != 0, Rsv: in[0] & 0x70 >> 4, OpCode: ws.OpCode(in[0] & 15), Masked: in[1]&0x80 != 0, Length: int64(in[1] & 0x7f)}
			if ws.CheckHeader(h, state) != nil {
				return append(all, naiveReason(h, op))
			}
		}
		h, n, err := ParseHeader(in)
		switch {
		case err != nil:
			return append(all, err.Error())
		case n == 0:
			return all
		case h.OpCode.IsData() && h.Length > int64(limit-len(msg)):
			return append(all, errTooBig.Error())
		}
		part := bytes.Clone(in[n:min(len(in), n+int(h.Length))])
		naiveMask(part, h.Mask, 0)
		in = in[n+len(part):]
		complete := len(part) == int(h.Length)
		if h.OpCode.IsControl() {
			if !complete {
				return all
			}
			code, err := naiveClose(h.OpCode, part)
			if err != nil {
				return append(all, err.Error())
			}
			all = append(all, fmt.Sprintf("%x false %d %x", h.OpCode, code, part))
			if h.OpCode == ws.OpClose {
				return all
			}
			continue
		}
		if h.OpCode != ws.OpContinuation {
			op = h.OpCode
		}
		msg = append(msg, part...)
		if op == ws.OpText && !naivePrefix(msg) {
			return append(all, errUTF8.Error())
		}
		if !complete {
			return all
		}
		if h.Fin {
			if op == ws.OpText && !bytes.Equal(bytes.ToValidUTF8(msg, []byte("?")), msg) {
				return append(all, errUTF8.Error())
			}
			all = append(all, fmt.Sprintf("%x false 0 %x", op, msg))
			msg, op = nil, 0
		}
	}
}

func naiveClose(op ws.OpCode, p []byte) (code int, err error) {
	switch {
	case op != ws.OpClose:
		return 0, nil
	case len(p) == 0:
		return 1005, nil
	case len(p) == 1:
		return 0, errClosePayload
	}
	code = int(p[0])<<8 | int(p[1])
	known := []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013}
	switch {
	case code/1000 != 3 && code/1000 != 4 && !slices.Contains(known, code):
		return 0, errCloseCode
	case !bytes.Equal(bytes.ToValidUTF8(p[2:], []byte("?")), p[2:]):
		return 0, errCloseReason
	}
	return code, nil
}

// naiveReason names what gobwas found, in the order in which we look.
func naiveReason(h ws.Header, msg ws.OpCode) string {
	switch {
	case !h.Masked:
		return errUnmasked.Error()
	case h.OpCode.IsReserved():
		return errReserved.Error()
	case h.Rsv != 0:
		return errRsv.Error()
	case h.OpCode.IsControl() && !h.Fin:
		return errControlFin.Error()
	case h.OpCode.IsControl():
		return errControlLong.Error()
	case msg == 0:
		return errContinuation.Error()
	}
	return errInterleaved.Error()
}
