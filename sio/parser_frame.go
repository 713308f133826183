package sio

import (
	"sync"

	"github.com/sio-fast/sio-fast/pool"
)

// The functions of this file append a packet's frames, by the server's parser if
// it has one, else as frame.go has them. They borrow their arguments.

func (s *Server) frameEvent(dst []byte, nsp string, id int64, event string, args []byte, bins [][]byte) ([]byte, error) {
	if s.opts.Replacer != nil {
		var err error
		if args, err = s.replace(args); err != nil {
			return dst, err
		}
	}
	if s.parser == nil {
		return frameEvent(dst, nsp, id, event, args, bins), nil
	}
	x := newOutgoing(EventPacket, nsp, id, bins)
	x.data = appendQuoted(append(x.data, '['), event)
	if len(args) > 0 {
		x.data = append(append(x.data, ','), args...)
	}
	x.data = append(x.data, ']')
	return x.write(s.parser, dst)
}

func (s *Server) frameAck(dst []byte, nsp string, id int64, args []byte, bins [][]byte) ([]byte, error) {
	if s.opts.Replacer != nil {
		var err error
		if args, err = s.replace(args); err != nil {
			return dst, err
		}
	}
	if s.parser == nil {
		return frameAck(dst, nsp, id, args, bins), nil
	}
	x := newOutgoing(AckPacket, nsp, id, bins)
	x.data = append(append(append(x.data, '['), args...), ']')
	return x.write(s.parser, dst)
}

func (s *Server) frameConnect(dst []byte, nsp, sid, pid string) []byte {
	if s.parser == nil {
		return frameConnect(dst, nsp, sid, pid)
	}
	x := newOutgoing(ConnectPacket, nsp, -1, nil)
	x.data = appendQuoted(append(x.data, `{"sid":`...), sid)
	if pid != "" {
		x.data = appendQuoted(append(x.data, `,"pid":`...), pid)
	}
	x.data = append(x.data, '}')
	return x.mustWrite(s, dst)
}

func (s *Server) frameConnectError(dst []byte, nsp, message string, data []byte) []byte {
	if s.parser == nil {
		return frameConnectError(dst, nsp, message, data)
	}
	x := newOutgoing(ConnectErrorPacket, nsp, -1, nil)
	x.data = appendQuoted(append(x.data, `{"message":`...), message)
	if data != nil {
		x.data = append(append(x.data, `,"data":`...), data...)
	}
	x.data = append(x.data, '}')
	return x.mustWrite(s, dst)
}

func (s *Server) frameDisconnect(dst []byte, nsp string) []byte {
	if s.parser == nil {
		return frameDisconnect(dst, nsp)
	}
	x := newOutgoing(DisconnectPacket, nsp, -1, nil)
	return x.mustWrite(s, dst)
}

// outgoing is one packet on its way through a parser.
type outgoing struct {
	p    Packet
	m    Messages
	data []byte
}

var outgoings = sync.Pool{New: func() any { return new(outgoing) }}

func newOutgoing(typ PacketType, nsp string, id int64, bins [][]byte) *outgoing {
	x := outgoings.Get().(*outgoing)
	x.p = Packet{
		Type: typ, Namespace: s2b(nsp), ID: id, Attachments: bins, Buf: x.p.Buf[:0],
		MaxDepth: maxNesting + 2, MaxAttachments: len(bins),
	}
	x.data = x.data[:0]
	return x
}

// write takes x. What EmitRaw was given is nowhere else looked at, and a parser
// relies on it.
func (x *outgoing) write(parser Parser, dst []byte) ([]byte, error) {
	if len(x.data) > 0 {
		if x.p.Data = x.data; skipValue(x.data, 0, x.p.MaxDepth) != len(x.data) {
			x.free()
			return dst, errRawJSON
		}
	}
	x.m.b = dst
	err := encodeSafely(parser, &x.m, &x.p)
	dst = x.m.b
	x.free()
	return dst, err
}

// mustWrite is write for packets of which nobody waits to hear an error.
func (x *outgoing) mustWrite(s *Server, dst []byte) []byte {
	dst, err := x.write(s.parser, dst)
	if err != nil {
		s.opts.Logger.Error("sio: a packet cannot be encoded", "err", err)
	}
	return dst
}

func (x *outgoing) free() {
	buf, data := x.p.Buf, x.data
	if cap(buf) > pool.MaxPooled {
		buf = nil
	}
	if cap(data) > pool.MaxPooled {
		data = nil
	}
	*x = outgoing{p: Packet{Buf: buf}, data: data}
	outgoings.Put(x)
}
