package eio

import (
	"fmt"

	"github.com/sio-fast/sio-fast/internal/http1"
	"github.com/sio-fast/sio-fast/pool"
	"github.com/sio-fast/sio-fast/wsframe"
)

// Deflate says what is worth compressing, and how hard to try.
type Deflate struct {
	// Threshold is the length in bytes from which on a websocket message, or
	// the answer to a poll, is compressed. 0 means 1024.
	Threshold int
	// Level is from 1, the fastest, to 9, the smallest. 0 means 1: on JSON it
	// saves nearly as much as level 6 in half to a third of the time, and the
	// time is the loop's.
	Level int
}

// defaultThreshold is the reference's.
const defaultThreshold = 1024

// deflate is a Deflate with its defaults; nil is off.
type deflate struct{ threshold, level int }

// compile checks d, the option called name; off gives nil.
func (d *Deflate) compile(name string, off bool) (*deflate, error) {
	var c Deflate
	if d != nil {
		c = *d
	}
	if c.Threshold < 0 {
		return nil, fmt.Errorf("eio: Options.%s.Threshold is negative: %d", name, c.Threshold)
	}
	if c.Level < 0 || c.Level > pool.MaxDeflateLevel {
		return nil, fmt.Errorf("eio: Options.%s.Level is %d; want 1 to %d", name, c.Level, pool.MaxDeflateLevel)
	}
	if off {
		return nil, nil
	}
	return c.clamp(), nil
}

// clamp is d with its defaults, and with what is out of range brought into it;
// nil for nil.
func (d *Deflate) clamp() *deflate {
	if d == nil {
		return nil
	}
	c := deflate{max(d.Threshold, 0), min(max(d.Level, 0), pool.MaxDeflateLevel)}
	orInt(&c.threshold, defaultThreshold)
	orInt(&c.level, pool.MinDeflateLevel)
	return &c
}

// The window that a websocket negotiated for what it is sent, by its logarithm,
// stands in four bits of Peer.flags; none: it did not negotiate compression.
const (
	windowShift = 12
	pfDeflate   = 0xf << windowShift
	fullWindow  = 15
)

// negotiate answers an offer of permessage-deflate in the upgrade r. false: the
// header is bad, which refuses the upgrade, as in the reference.
func (p *Peer) negotiate(d *deflate, r *http1.Request) bool {
	if d == nil {
		return true
	}
	offers, ok := p.loop.extensions(r)
	if !ok {
		return true
	}
	n, err := wsframe.NegotiateDeflate(offers)
	if err != nil {
		return false
	}
	if n.Window > 0 {
		p.x.lines = n.AppendLine(p.x.lines)
		p.dec.Deflate = true
		p.flags = p.flags&^pfDeflate | uint16(n.Window)<<windowShift
	}
	return true
}

// extensions lends the extensions that r offers, of all lines together; ok is
// false if there is none.
func (l *Loop) extensions(r *http1.Request) (offers []byte, ok bool) {
	offers = l.body[:0]
	for lines := r.Headers; ; {
		name, value, rest, more := http1.NextHeader(lines)
		if !more {
			l.body = offers
			return offers, ok
		}
		lines = rest
		if http1.EqualFold(name, "Sec-WebSocket-Extensions") {
			if ok {
				offers = append(offers, ',')
			}
			offers, ok = append(offers, value...), true
		}
	}
}

// deflated lends f as p's connection is to have it: compressed, by whoever of
// those that f goes to came first. It borrows f.
func (p *Peer) deflated(d *deflate, f *pool.Shared) *pool.Shared {
	if len(f.B) < d.threshold {
		return f
	}
	// RFC 7692, 7.1.2.1: a client may ask for a smaller window than compressors
	// look back. No message that fits into it looks back further.
	if w := p.flags >> windowShift; w < fullWindow && wsframe.Longest(f.B) > 1<<w {
		return f
	}
	return d.of(f)
}

// sendForm sends f, which it borrows, in the form that p's connection has
// negotiated.
func (p *Peer) sendForm(d *deflate, f *pool.Shared, fl SendFlags) {
	if p.flags&pfDeflate != 0 && fl&NoCompress == 0 {
		f = p.deflated(d, f)
	}
	p.send(f)
}

// of lends f with its messages compressed.
func (d *deflate) of(f *pool.Shared) *pool.Shared {
	return f.Variant(pool.Deflated, func(dst, src []byte) ([]byte, bool) {
		return wsframe.AppendDeflated(dst, src, d.threshold, d.level)
	})
}

// Deflates reports that Send compresses what it sends to s, in the way that all
// sessions share. Loop only. Does not allocate.
func (s *Session) Deflates() bool {
	return s.peer != nil && !s.engine.watched &&
		s.peer.flags&pfDeflate == fullWindow<<windowShift && s.flags&(sfBase64|sfRevision3) == 0
}

// Deflated lends f with its messages compressed: for a session that Deflates,
// with [NoCompress], so that it goes as it is. It lives as long as f, is made
// once, and is f itself where nothing in it is worth compressing, or where the
// engine does not compress. It borrows f. Any goroutine. Does not allocate once
// the pools are warm.
func (e *Engine) Deflated(f *pool.Shared) *pool.Shared {
	if e.deflate == nil || len(f.B) < e.deflate.threshold {
		return f
	}
	return e.deflate.of(f)
}

// onCompressed handles a compressed message.
func (p *Peer) onCompressed(m *wsframe.Message) {
	if p.state == stClosing {
		return
	}
	buf := pool.Get()
	defer pool.Put(buf)
	if err := p.dec.Inflate(m, buf); err != nil {
		p.violation(err)
		return
	}
	p.onMessage(m)
}
