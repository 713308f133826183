package sio

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/eio"
)

// Parser says how packets look on the wire. [Options].Parser sets one for a
// server, and its clients have to use the same. There are two: [MsgpackParser]
// and [JSONPacketParser]; nil means the protocol's own. A Parser of one's own has
// to be safe for concurrent use; a panic of it is an error of that packet.
type Parser interface {
	// Encode writes the messages of p to m. It borrows p, whose Data is valid
	// JSON and whose Attachments are those it names. Its error becomes that of
	// the emit. Any goroutine, the loops among them: it must not block.
	Encode(m *Messages, p *Packet) error
	// Decode reads message, which it borrows, into p. Loop only; it must not
	// block. whole says that p is complete: it is checked by the rules of
	// [Packet.Check], and what it holds may be views into message. If more
	// messages are to come, the next one finds p as this one has left it, so it
	// must then hold copies only; how much of them is for the parser to bound.
	// An error ends the connection with [ReasonForced].
	Decode(p *Packet, message []byte, binary bool) (whole bool, err error)
}

// PacketType is what a packet is for. Packets with attachments have no types of
// their own here.
type PacketType uint8

// The types of packets, by their numbers on the wire.
const (
	ConnectPacket PacketType = iota
	DisconnectPacket
	EventPacket
	AckPacket
	ConnectErrorPacket
)

// Packet is one packet as a [Parser] writes and reads it. A decoder gets it with
// ID -1, empty Namespace, Data and Attachments, and the three last fields set.
type Packet struct {
	Type PacketType
	// Namespace is its name, "/" for the main one.
	Namespace []byte
	// ID is that of the acknowledgement; negative: none.
	ID int64
	// Data is the payload as one JSON value; nil: none. That of an event is an
	// array that begins with its name. Binary data in it is a placeholder,
	// {"_placeholder":true,"num":0}, which counts through Attachments.
	Data []byte
	// Attachments are borrowed by an encoder. A decoder appends to it.
	Attachments [][]byte

	// Buf is room to work in, which stays with p's memory: use Buf[:0], and
	// set Buf to what it has grown to. Data may lie in it.
	Buf []byte
	// MaxDepth and MaxAttachments are the limits that Options have set: a
	// packet beyond them will be refused, so a decoder may stop there. 0 means
	// 512 and 10.
	MaxDepth, MaxAttachments int
}

var (
	errPacketNamespace = errors.New("sio: illegal namespace")
	errParserPanic     = errors.New("sio: panic in parser")
)

// Check says whether p is a packet at all: its type is known, its namespace
// UTF-8, its id none or one that a JavaScript client can hold, its data JSON and
// of the kind that belongs to the type, its attachments within the limits. That
// is the reference's isPacketValid, and done with every packet that a [Parser]
// has decoded. Reserved names of events are not looked for. It trims the space
// around Data. Any goroutine. Does not allocate.
func (p *Packet) Check() error {
	orInt(&p.MaxDepth, 512)
	orInt(&p.MaxAttachments, 10)
	if p.Type > ConnectErrorPacket {
		return errPacketType
	}
	if !utf8.Valid(p.Namespace) {
		return errPacketNamespace
	}
	if p.ID > maxID {
		return errPacketID
	}
	if p.Data != nil {
		begin := skipSpace(p.Data, 0)
		end := skipValue(p.Data, begin, p.MaxDepth)
		if end < 0 || skipSpace(p.Data, end) != len(p.Data) {
			return errPacketJSON
		}
		p.Data = p.Data[begin:end:end]
	}
	if !p.dataFits() {
		return errPayload
	}
	n := len(p.Attachments)
	switch {
	case n == 0:
		return nil
	case n > p.MaxAttachments:
		return errTooMany
	case p.Data == nil:
		return errAttachmentCount
	case !fewPlaceholders(p.Data, maxRepeats*n):
		return errRepeated
	}
	return checkPlaceholders(p.Data, n)
}

func (p *Packet) dataFits() bool {
	switch p.Type {
	case ConnectPacket:
		return p.Data == nil || p.Data[0] == '{'
	case DisconnectPacket:
		return p.Data == nil
	case ConnectErrorPacket:
		return p.Data != nil && (p.Data[0] == '{' || p.Data[0] == '"')
	}
	return p.Data != nil && p.Data[0] == '['
}

// first is where the name of an event ends; 0 if it begins with what names none:
// the reference hands that to nobody.
func (p *Packet) first() int {
	i := skipSpace(p.Data, 1)
	switch c := p.Data[i]; {
	case c == '"':
		return skipString(p.Data, i)
	case c == '-' || isDigit(c):
		return skipNumber(p.Data, i)
	}
	return 0
}

// Messages takes the messages of one packet.
type Messages struct {
	b []byte // whole websocket frames
}

// Text adds a message of text, which it borrows: UTF-8, or the client ends the
// connection.
func (m *Messages) Text(message []byte) {
	start := len(m.b)
	m.b = eio.EndText(append(eio.BeginText(m.b, len(message)), message...), start)
}

// Binary adds a message of binary data, which it borrows.
func (m *Messages) Binary(message []byte) {
	m.b = eio.AppendBinary(m.b, message)
}

// decodeWith reads a message by the server's parser. Loop only.
func (c *client) decodeWith(parser Parser, message []byte, binary bool) {
	ls := c.ls
	p := &ls.parsed
	if c.partial != nil {
		p = c.partial.own
	} else {
		lim := &ls.srv.limits
		*p = Packet{ID: -1, Attachments: p.Attachments[:0], Buf: p.Buf[:0], MaxDepth: lim.depth, MaxAttachments: lim.attachments}
	}
	whole, err := decodeSafely(parser, p, message, binary)
	if err == nil && whole {
		err = p.Check()
	}
	if err != nil {
		c.reject(err)
		return
	}
	if !whole {
		if c.partial == nil {
			c.partial = ls.partials.Get()
			own := *p
			c.partial.own = &own
			*p = Packet{}
		}
		return
	}
	if r := c.partial; r != nil {
		c.partial = nil
		c.drop(r)
	}
	pk := packet{typ: packetType(p.Type), nsp: p.Namespace, id: max(p.ID, -1), data: p.Data}
	if p.Type == EventPacket {
		if pk.first = p.first(); pk.first == 0 {
			pk.data = nil
		}
	}
	c.packet(&pk, p.Attachments)
	ls.forget(p)
}

// forget lets go of what the last packet has needed, if it was much.
func (ls *loopState) forget(p *Packet) {
	clear(p.Attachments)
	if cap(p.Buf) > keepParsed || cap(p.Attachments) > keepParsed/24 {
		p.Buf, p.Attachments = nil, nil
	}
	p.Namespace, p.Data = nil, nil
}

// keepParsed is how many bytes a loop keeps to parse in.
const keepParsed = 64 << 10

func decodeSafely(parser Parser, p *Packet, message []byte, binary bool) (whole bool, err error) {
	defer recoverParser(&err)
	return parser.Decode(p, message, binary)
}

func encodeSafely(parser Parser, m *Messages, p *Packet) (err error) {
	defer recoverParser(&err)
	return parser.Encode(m, p)
}

// recoverParser turns a parser's panic into an error. To be deferred.
func recoverParser(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%w: %v", errParserPanic, r)
	}
}
