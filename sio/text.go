package sio

import "github.com/sio-fast/sio-fast/pool"

// Text is a string argument that is lent: a view into the packet, valid until
// the handler returns, that costs nothing where a string costs an allocation.
// Only one that came with escapes in it (a quote, a newline) is memory of its
// own. It must not be written to. What is to live longer is copied by
// string(t); comparing that, switching on it or looking it up in a map does not
// copy.
//
// [On], [On2], [On3], [OnCall], [Arg] and [Event.Bind] decode it, and [Emit] and
// [Ack] send it, without an allocation. A field of a struct is decoded into a
// copy.
type Text []byte

// String gives a copy. Any goroutine.
func (t Text) String() string { return string(t) }

// AppendJSON implements [Appender]: a JSON string. It takes dst and gives the
// result. Any goroutine. Does not allocate while dst has room.
func (t Text) AppendJSON(dst []byte) []byte { return appendQuoted(dst, b2s(t)) }

// MarshalText implements [encoding.TextMarshaler], for encoding/json. It lends t
// itself. Any goroutine.
func (t Text) MarshalText() ([]byte, error) { return t, nil }

// UnmarshalText implements [encoding.TextUnmarshaler], for encoding/json. It
// borrows text and keeps a copy.
func (t *Text) UnmarshalText(text []byte) error {
	*t = append((*t)[:0:0], text...)
	return nil
}

func decodeText(arg []byte, old Text) (Text, error) {
	switch arg[0] {
	case '"':
		t := unquoted(nil, arg)
		return t[:len(t):len(t)], nil // nobody appends into the packet
	case 'n':
		return old, nil
	}
	return old, errArgument
}

// Arg decodes the i-th argument of e, the first is 0, into a T, as [Event.Bind]
// does; a missing one gives the zero value. Any goroutine. Does not allocate for
// a [Text], a number, a bool or an attachment, and only the string for a string.
func Arg[T any](e *Event, i int) (v T, err error) {
	rest := e.args
	for range i {
		var ok bool
		if _, rest, ok = nextArg(rest); !ok {
			return v, nil
		}
	}
	v, _, err = take[T](nil, e, rest, i)
	return v, err
}

// Target is what events can be sent to: a [Socket], an [Emitter], a [Broadcast],
// a [Namespace], a [Server].
type Target interface {
	// Emit sends event with args, which it borrows.
	Emit(event string, args ...any) error
	// EmitRaw sends event with args, a comma-separated list of JSON values
	// that it borrows.
	EmitRaw(event string, args []byte) error
}

// Emit sends event with v, which writes its own JSON, to a socket or to every
// socket of a selection. It returns what EmitRaw of to does. Any goroutine. Does
// not allocate if AppendJSON does not: v does not become an interface, as an
// argument of [Socket.Emit] does.
func Emit[V Appender, T Target](to T, event Name[V], v V) error {
	if s, ok := any(&to).(**Socket); ok && (*s).loop().Here() { // by pointer: so to is not copied
		return emitHere(*s, string(event), v)
	}
	sc := scratches.Get().(*scratch)
	sc.args = v.AppendJSON(sc.args[:0])
	err := to.EmitRaw(string(event), sc.args)
	sc.free()
	return err
}

// emitHere is Emit to a socket of the loop whose goroutine calls it, which has a
// buffer of its own. Meanwhile it has none: AppendJSON may emit, too.
func emitHere[V Appender](s *Socket, event string, v V) error {
	ls := s.client.ls
	b := ls.args
	ls.args = nil
	b = v.AppendJSON(b[:0])
	err := s.EmitRaw(event, b)
	if cap(b) <= pool.MaxPooled {
		ls.args = b
	}
	return err
}

// Ack acknowledges e with v, which writes its own JSON. It returns what
// [Event.Ack] does. Goroutines as with [Event.Ack]. Does not allocate if
// AppendJSON does not.
func Ack[V Appender](e *Event, v V) error {
	if !e.WantsAck() {
		return ErrNoAck
	}
	sc := scratches.Get().(*scratch)
	sc.args = v.AppendJSON(sc.args[:0])
	err := e.ack(sc.args, nil)
	sc.free()
	return err
}
