package eio

import (
	"slices"
	"strconv"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// What waits to be sent is always a run of frames of revision 4. What other
// clients want instead is made of that when it is sent:
//
//	          websocket                 polling
//	4         as it is                  joined by separators
//	4, b64    binary as base64          the same
//	3         type byte before binary   lengths before packets, or binary payload
//	3, b64    binary as base64          lengths before packets
//	JSONP     –                         either, as a string of a script

// other gives f as s's websocket has it: f itself where it holds nothing binary.
// It borrows f, which lends what it gives.
func (s *Session) other(f *pool.Shared) *pool.Shared {
	switch {
	case !hasBinary(f.B):
		return f
	case s.flags&sfRevision3 == 0:
		return f.Variant(pool.Base64, appendBase64Frames)
	case s.flags&sfBase64 == 0:
		return f.Variant(pool.Typed, appendTypedFrames)
	}
	return f.Variant(pool.TypedBase64, appendTypedBase64Frames)
}

func appendBase64Frames(dst, frames []byte) ([]byte, bool) {
	for op, data := range wsframe.Walk(frames) {
		if op != wsframe.OpBinary {
			dst = wsframe.AppendFrame(dst, op, data)
			continue
		}
		at := len(dst)
		dst = wsframe.End(appendBase64(wsframe.Begin(dst, 4*len(data)/3), data), at, wsframe.OpText)
	}
	return dst, true
}

func appendTypedFrames(dst, frames []byte) ([]byte, bool) {
	for op, data := range wsframe.Walk(frames) {
		if op != wsframe.OpBinary {
			dst = wsframe.AppendFrame(dst, op, data)
			continue
		}
		dst = wsframe.AppendHeader(dst, op, true, len(data)+1)
		dst = append(append(dst, byte(PacketMessage-PacketOpen)), data...)
	}
	return dst, true
}

func appendTypedBase64Frames(dst, frames []byte) ([]byte, bool) {
	for op, data := range wsframe.Walk(frames) {
		if op != wsframe.OpBinary {
			dst = wsframe.AppendFrame(dst, op, data)
			continue
		}
		at := len(dst)
		dst = wsframe.End(appendBase64v3(wsframe.Begin(dst, 4*len(data)/3), data), at, wsframe.OpText)
	}
	return dst, true
}

// onMessage3 takes a websocket message of revision 3.
func (s *Session) onMessage3(m *wsframe.Message) {
	var p payloadPacket
	var ok bool
	if m.Op == wsframe.OpBinary {
		p.binary = true
		p.typ, p.data, ok = parseBinaryPacket(m.Payload)
	} else {
		p, ok = parsePacket3(m.Payload)
	}
	if !ok {
		s.end(ReasonParseError, "", endOrderly)
		return
	}
	s.onPacket(p.typ, p.data, p.binary)
}

// pongFrame is the frame of a pong packet.
var pongFrame = []byte{0x81, 0x01, byte(PacketPong)}

// pong answers a ping of revision 3. It counts like a message: a client that
// pings without end and reads nothing is a slow one.
func (s *Session) pong() {
	p := s.peer
	switch {
	case s.state != ssOpen:
	case p == nil:
		if s.admit(s.q, 0) {
			s.queue().append(pongFrame)
			s.pollDirty()
		}
	case s.joins(p, 0):
		p.write(pongFrame)
	}
}

// receiveOther handles the body of a POST that is a form, or of revision 3. A
// form without a payload says nothing, as in the reference.
func (s *Session) receiveOther(body []byte, x *exchange) {
	octets := x.octets && !x.form
	if x.form {
		var ok bool
		if body, ok = formPayload(body); !ok {
			return
		}
	}
	if s.revision == 4 {
		s.receive(body)
		return
	}
	if s.state == ssClosed {
		return
	}
	pay, err := newPayload3(body, octets, s.engine.opts.MaxPacketsPerPayload)
	for err == nil && s.state != ssClosed {
		var pk payloadPacket
		var ok bool
		if pk, ok, err = pay.next(); !ok {
			break
		}
		s.onPacket(pk.typ, pk.data, pk.binary)
	}
	if err != nil {
		s.end(ReasonParseError, err.Error(), endOrderly)
	}
}

// sayOther sends the packets of q as the answer of a poll, as a script where
// there is a head for one, or in revision 3.
func (p *Peer) sayOther(s *Session, head string, q *outq, packs bool) {
	l, x := p.loop, p.x
	items := q.items[q.head:]
	h := http1.Response{Status: 200, ContentType: textType, Headers: x.lines, Minor: int(x.minor), KeepAlive: x.keepAlive}
	binary := false
	if head == "" && s.flags&sfBase64 == 0 {
		for _, f := range items {
			binary = binary || hasBinary(f.B)
		}
	}
	body := pool.Get()
	for i, f := range items {
		if s.revision == 3 {
			body.B = appendPayload3(body.B, f.B, binary)
		} else {
			body.B = appendPayload(body.B, f.B, i > 0)
		}
	}
	if binary {
		h.ContentType = "application/octet-stream"
	}
	if head != "" {
		script := pool.Get()
		script.B = appendJSONP(script.B, head, body.B)
		pool.Put(body)
		body = script
	}
	if d := s.engine.gzip; packs && x.coding != identity && len(body.B) >= d.threshold {
		small := pool.Get()
		small.B = appendCoded(small.B, x.coding, d.level, body.B)
		x.lines = append(x.lines, codings[x.coding]...)
		h.Headers = x.lines
		pool.Put(body)
		body = small
	}
	if len(body.B)+1024 <= corkSize {
		l.scratch = http1.AppendResponse(l.scratch[:0], &h, body.B)
		p.write(l.scratch)
	} else {
		f := pool.NewShared()
		f.B = http1.AppendResponse(f.B, &h, body.B)
		p.send(f)
		f.Release()
	}
	pool.Put(body)
}

// payload gives the payload of one packet: the packet itself, unless the client
// wants something around it. It borrows packet.
func (pl *polling) payload(packet []byte) []byte { return pl.openPayload(packet, "") }

// openPayload is payload for a packet and the message that follows it, "" for
// none.
func (pl *polling) openPayload(packet []byte, message string) []byte {
	var first []byte
	if message != "" {
		first = appendPacket(nil, message)
	}
	if pl.s.revision == 3 {
		packet = appendPacket3(nil, packet)
		if first != nil {
			packet = append(packet, appendPacket3(nil, first)...)
		}
	} else if first != nil {
		packet = append(append(slices.Clip(packet), separator), first...)
	}
	if pl.jsonp != "" {
		packet = appendJSONP(nil, pl.jsonp, packet)
	}
	return packet
}

// appendPacket3 appends a text packet behind its length.
func appendPacket3(dst, packet []byte) []byte {
	dst = strconv.AppendInt(dst, int64(utf16Len(packet)), 10)
	return append(append(dst, ':'), packet...)
}
