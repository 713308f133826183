package sio

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

var (
	errMessage  = errors.New("sio: message of another server is broken")
	errVersion  = errors.New("sio: message of another server has an unknown form")
	errTooLarge = errors.New("sio: message of another server is beyond its bounds")
)

// Clone gives a copy that shares nothing with m. Any goroutine.
func (m *Message) Clone() *Message {
	c := *m
	c.Rooms, c.Except, c.Names = slices.Clone(m.Rooms), slices.Clone(m.Except), slices.Clone(m.Names)
	c.Args = bytes.Clone(m.Args)
	c.Attachments = slices.Clone(m.Attachments)
	for i, b := range c.Attachments {
		c.Attachments[i] = bytes.Clone(b)
	}
	c.Sockets = slices.Clone(m.Sockets)
	for i := range c.Sockets {
		s := &c.Sockets[i]
		s.Handshake, s.Rooms, s.Data = bytes.Clone(s.Handshake), slices.Clone(s.Rooms), bytes.Clone(s.Data)
	}
	return &c
}

// The form of a message between servers of this kind: a version, the kind, the
// flags, then the fields in their order. Numbers are uvarints, strings and lists
// have their length in front.
const messageVersion = 1

const (
	bitVolatile = 1 << iota
	bitNoCompress
	bitRefuse
	bitAll
)

// AppendBinary appends m in a form of its own, for adapters that need not speak
// somebody else's. It takes dst and gives the result; it borrows m. The error is
// nil. Any goroutine.
func (m *Message) AppendBinary(dst []byte) ([]byte, error) {
	var flags byte
	for i, on := range [...]bool{m.Volatile, m.NoCompress, m.Refuse, m.All} {
		if on {
			flags |= 1 << i
		}
	}
	dst = append(dst, messageVersion, byte(m.Kind), flags)
	for _, s := range m.texts() {
		dst = appendSized(dst, *s)
	}
	dst = binary.AppendUvarint(dst, uint64(max(m.Timeout.Milliseconds(), 0)))
	dst = binary.AppendUvarint(dst, uint64(max(m.Count, 0)))
	dst = appendList(dst, m.Rooms)
	dst = appendList(dst, m.Except)
	dst = appendList(dst, m.Names)
	dst = appendSized(dst, m.Args)
	dst = appendList(dst, m.Attachments)
	dst = binary.AppendUvarint(dst, uint64(len(m.Sockets)))
	for i := range m.Sockets {
		s := &m.Sockets[i]
		dst = appendSized(dst, s.ID)
		dst = appendSized(dst, s.Handshake)
		dst = appendList(dst, s.Rooms)
		dst = appendSized(dst, s.Data)
	}
	return dst, nil
}

// texts are the fields that are strings, in their order.
func (m *Message) texts() [7]*string {
	return [...]*string{&m.From, &m.To, &m.Namespace, &m.ID, &m.Event, &m.Socket, &m.Error}
}

// UnmarshalBinary reads what AppendBinary has made, and says whether it is a
// whole message with nothing behind it. It borrows data. Any goroutine.
func (m *Message) UnmarshalBinary(data []byte) error {
	*m = Message{}
	if len(data) < 3 {
		return errMessage
	}
	if data[0] != messageVersion {
		return errVersion
	}
	flags := data[2]
	m.Kind = MessageKind(data[1])
	m.Volatile, m.NoCompress = flags&bitVolatile != 0, flags&bitNoCompress != 0
	m.Refuse, m.All = flags&bitRefuse != 0, flags&bitAll != 0
	r := messageReader{b: bytes.Clone(data[3:])}
	for _, s := range m.texts() {
		*s = string(r.sized())
	}
	m.Timeout = time.Duration(min(r.number(), uint64(maxFarTimeout/time.Millisecond))) * time.Millisecond
	m.Count = int(min(r.number(), 1<<31-1))
	m.Rooms, m.Except, m.Names = r.texts(), r.texts(), r.texts()
	m.Args = r.sized()
	for n := r.length(); n > 0; n-- {
		m.Attachments = append(m.Attachments, r.sized())
	}
	for n := r.length(); n > 0; n-- {
		m.Sockets = append(m.Sockets, SocketInfo{ID: string(r.sized()), Handshake: r.sized(), Rooms: r.texts(), Data: r.sized()})
	}
	if r.bad || len(r.b) > 0 {
		return errMessage
	}
	return nil
}

func appendSized[T string | ~[]byte](dst []byte, s T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

func appendList[T string | []byte](dst []byte, list []T) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(list)))
	for _, s := range list {
		dst = appendSized(dst, s)
	}
	return dst
}

// messageReader reads fields. Once one is cut short, all that follow are empty.
type messageReader struct {
	b   []byte
	bad bool
}

func (r *messageReader) number() uint64 {
	n, size := binary.Uvarint(r.b)
	if size <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[size:]
	return n
}

// length reads the length of something of which each part takes a byte at least.
func (r *messageReader) length() int {
	n := r.number()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return 0
	}
	return int(n)
}

func (r *messageReader) sized() []byte {
	n := r.length()
	s := r.b[:n:n]
	r.b = r.b[n:]
	return s
}

func (r *messageReader) texts() (list []string) {
	for n := r.length(); n > 0; n-- {
		list = append(list, string(r.sized()))
	}
	return list
}

// check says whether m can be done. What it says of Args and Attachments holds
// for a packet to a client, too: they go out as they are.
func (m *Message) check() error {
	switch {
	case m.Kind == 0 || m.Kind > lastKind, !utf8.ValidString(m.Event):
		return errMessage
	case len(m.From) > maxFarID, len(m.ID) > maxFarID, len(m.Socket) > maxFarID, len(m.Error) > maxFarError,
		len(m.Rooms) > maxTargets, len(m.Except) > maxTargets, len(m.Names) > maxTargets,
		m.Count < 0, m.Count > 1<<31-1:
		return errTooLarge
	case m.Kind >= KindClientCount && m.ID == "", m.Kind == KindFetch && m.ID == "":
		return errMessage
	case m.Kind == KindBroadcast && reserved(m.Event):
		return ErrReserved
	}
	if len(m.Args) == 0 && len(m.Attachments) == 0 {
		return nil
	}
	p := Packet{Type: AckPacket, ID: -1, Attachments: m.Attachments, MaxDepth: maxNesting + 2, MaxAttachments: maxFarAttachments}
	p.Data = append(append(append(make([]byte, 0, len(m.Args)+2), '['), m.Args...), ']')
	if !validText(p.Data) {
		return errMessage
	}
	return p.Check()
}

// farErrors are those that keep their identity on the way.
var farErrors = [...]error{ErrDisconnected, ErrClosed, ErrTooManyAcks, ErrDropped, ErrSlow, ErrNoHandler}

// farError is the error that another server's text stands for.
func farError(text string) error {
	for _, err := range farErrors {
		if err.Error() == text {
			return err
		}
	}
	return fmt.Errorf("sio: another server: %s", text)
}

// farText is err for other servers.
func farText(err error) string {
	s := err.Error()
	if len(s) > maxFarError {
		s = strings.ToValidUTF8(s[:maxFarError], "")
	}
	if s == "" {
		s = "error"
	}
	return s
}
