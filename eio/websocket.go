package eio

import (
	"errors"

	"github.com/sio-fast/sio-fast/internal/debuglog"
	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// maxControl is the largest payload of a control frame (RFC 6455, 5.5).
const maxControl = 125

// feedWebsocket takes b as websocket frames.
func (p *Peer) feedWebsocket(b []byte) {
	for p.state <= stClosing {
		m, n, err := p.dec.Next(b)
		if err != nil {
			p.violation(err)
			return
		}
		if m.Op == 0 {
			return
		}
		b = b[n:]
		p.onMessage(&m)
	}
}

// onMessage handles one websocket message or control frame.
func (p *Peer) onMessage(m *wsframe.Message) {
	if m.Compressed {
		p.onCompressed(m)
		return
	}
	switch m.Op {
	case wsframe.OpPing:
		// RFC 6455, 5.5.3: an endpoint "MAY elect to send a Pong frame for only
		// the most recently processed Ping frame": one that does not read ours
		// gets no more of them.
		if p.leaveBurst(); p.state != stClosing && p.flags&pfBlocked == 0 {
			var pong [2 + maxControl]byte
			p.write(wsframe.AppendFrame(pong[:0], wsframe.OpPong, m.Payload))
		}
		return
	case wsframe.OpPong:
		return
	case wsframe.OpClose:
		p.onClose(m.Code)
		return
	}
	switch p.state {
	case stWebsocket:
		p.onSessionMessage(m)
	case stProbe:
		p.onProbe(m.Op, m.Payload)
	case stRaw:
		p.loop.timed = true
		p.raw.serve((*RawPeer)(p), m.Payload, m.Op == wsframe.OpBinary)
	}
}

func (p *Peer) onSessionMessage(m *wsframe.Message) {
	s := p.sess
	if debugWS.On() {
		debugWS.Print("received", "sid", s.ID(), "data", debuglog.Text(m.Payload))
	}
	if s.flags&sfRevision3 != 0 {
		s.onMessage3(m)
		return
	}
	if m.Op == wsframe.OpBinary {
		s.onPacket(PacketMessage, m.Payload, true)
		return
	}
	if len(m.Payload) > 0 && m.Payload[0] == binaryPrefix {
		data, err := decodeBase64(m.Payload[1:])
		if err != nil {
			s.end(ReasonParseError, err.Error(), endOrderly)
			return
		}
		s.onPacket(PacketMessage, data, true)
		return
	}
	t, data, ok := parsePacket(m.Payload)
	if !ok {
		s.end(ReasonParseError, "", endOrderly)
		return
	}
	s.onPacket(t, data, false)
}

// onClose handles the client's close frame: it is answered with its code, or it
// answers ours.
func (p *Peer) onClose(code wsframe.StatusCode) {
	if p.state != stClosing {
		var frame [4]byte
		p.write(wsframe.AppendClose(frame[:0], code, ""))
	}
	p.detach(ReasonTransportClose, "")
	p.endAfter(false)
}

// violation ends a websocket that broke the protocol or the size limit.
func (p *Peer) violation(err error) {
	code := wsframe.StatusProtocolError
	var c *wsframe.CloseError
	if errors.As(err, &c) {
		code = c.Code
	}
	if p.state != stClosing {
		var frame [4]byte
		p.write(wsframe.AppendClose(frame[:0], code, ""))
	}
	p.detach(ReasonTransportError, err.Error())
	p.endAfter(true)
}

// serveEndpoint opens a bare websocket.
func (p *Peer) serveEndpoint(ep *endpoint, r *http1.Request) {
	if !r.Upgrade {
		p.x.lines = append(p.x.lines, "Upgrade: websocket\r\n"...)
		p.reply(r, 426, "", nil)
		return
	}
	if !p.checkWebsocket(ep.deflate, r) {
		return
	}
	p.raw = ep
	p.switchProtocols(r, stRaw, ep.maxMessage)
	if p.flags&pfCut == 0 {
		p.loop.watch.set(p, -1) // so that the loop knows it when it stops
	}
}

// RawPeer is the peer of a bare websocket endpoint.
type RawPeer Peer

// Send sends one message. It borrows data. false: dropped, because the client
// reads too slowly, which ends it, or has gone. Loop only. Does not allocate.
func (r *RawPeer) Send(data []byte, binary bool) bool {
	p := (*Peer)(r)
	op := wsframe.OpText
	if binary {
		op = wsframe.OpBinary
	}
	if p.leaveBurst(); p.state != stRaw {
		return false
	}
	if p.out != nil && p.flags&pfBlocked != 0 && p.out.bytes > max(p.raw.maxMessage, 1<<20) {
		p.cut(true)
		return false
	}
	if d := p.raw.deflate; p.flags&pfDeflate != 0 && len(data) >= d.threshold {
		f := pool.NewShared()
		f.B = wsframe.AppendFrame(f.B, op, data)
		p.send(p.deflated(d, f))
		f.Release()
		return true
	}
	n := wsframe.HeaderSize(len(data)) + len(data)
	if p.corks(n) {
		l := p.loop
		l.cork = wsframe.AppendFrame(l.cork, op, data)
		return true
	}
	q := p.queue()
	f := q.tail()
	at := len(f.B)
	f.B = wsframe.AppendFrame(f.B, op, data)
	q.count(len(f.B) - at)
	p.queued()
	return true
}

// Close ends the connection with a close frame. Loop only.
func (r *RawPeer) Close() {
	if p := (*Peer)(r); p.state == stRaw {
		p.closeFrame(wsframe.Close)
	}
}
