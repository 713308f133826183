package sio

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/sio-fast/sio-fast/pool"
)

// JSONParser is an argument that reads its own JSON: with views into src it
// costs nothing.
type JSONParser interface {
	// ParseJSON reads the value from src, one valid JSON value. It borrows
	// src: the bytes are lent until the handler returns.
	ParseJSON(src []byte) error
}

var errArgument = errors.New("sio: argument of another type")

// Bind decodes the arguments, in order, into what the pointers point to, by
// encoding/json or by the value's own [JSONParser]. Missing arguments leave
// their targets alone; surplus ones are ignored.
//
// A *[]byte or *[Binary] gets an attachment, lent like the rest of the event.
// Inside of other values attachments are copies: a []byte or Binary field gets
// its bytes, a *any, *[]any or *map[string]any target gets Binary values, and an
// attachment that stands in several places is one copy. An interface or a string
// inside of a struct gets base64, which is all encoding/json can give it; a
// [json.RawMessage] and a JSONParser get the placeholders as they came.
//
// The error names the argument; the targets before it have their values. Any
// goroutine.
func (e *Event) Bind(targets ...any) error {
	rest := e.args
	for i, t := range targets {
		arg, next, ok := nextArg(rest)
		if !ok {
			return nil
		}
		rest = next
		known, err := e.decodeKnown(arg, t)
		if !known {
			err = decodeOther(arg, t, e.bins)
		}
		if err != nil {
			return e.argumentError(i, err)
		}
	}
	return nil
}

func (e *Event) argumentError(i int, err error) error {
	return fmt.Errorf("sio: argument %d of %q: %w", i, e.name, err)
}

// Args gives the arguments decoded as [Event.Bind] decodes into *any. Any
// goroutine.
func (e *Event) Args() ([]any, error) {
	var list []any
	r := resolver{bins: e.bins}
	for arg, rest, ok := nextArg(e.args); ok; arg, rest, ok = nextArg(rest) {
		v, err := r.decode(arg)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// decodeKnown decodes arg, which is valid JSON, into what target points to, if it
// is of a type that needs no help. It does not let target escape: so a variable
// that is decoded here stays where it is.
func (e *Event) decodeKnown(arg []byte, target any) (known bool, err error) {
	bins := e.bins
	switch t := target.(type) {
	case *Text:
		*t, err = decodeText(arg, *t)
	case *string:
		*t, err = e.decodeString(arg, *t)
	case *[]byte:
		*t, err = decodeBytes(arg, *t, bins)
	case *Binary:
		*t, err = decodeBytes(arg, *t, bins)
	case *bool:
		*t, err = decodeBool(arg, *t)
	case *int:
		*t, err = decodeInt(arg, *t)
	case *float64:
		*t, err = decodeFloat(arg, *t)
	case *json.RawMessage:
		*t = append((*t)[:0], arg...)
	case *any:
		*t, err = decodeAny(arg, bins)
	case *[]any:
		*t, err = decodeAs[[]any](arg, bins)
	case *map[string]any:
		*t, err = decodeAs[map[string]any](arg, bins)
	default:
		return false, nil
	}
	return true, err
}

// decodeOther is for all the other types.
func decodeOther(arg []byte, target any, bins [][]byte) error {
	if t, ok := target.(JSONParser); ok {
		return t.ParseJSON(arg)
	}
	return decodeStd(arg, target, bins)
}

// maxRoomName is how long a string may be to be looked for among the rooms.
const maxRoomName = 40

// decodeString makes a string, unless it finds it among the names of the rooms:
// a client's first argument is often one.
func (e *Event) decodeString(arg []byte, old string) (string, error) {
	switch arg[0] {
	case '"':
		var b [64]byte
		text := unquoted(b[:0], arg)
		if e.loop && len(text) <= maxRoomName && e.s.loop().Here() {
			if r := e.s.on().rooms[string(text)]; r != nil {
				return r.name, nil
			}
		}
		return string(text), nil
	case 'n':
		return old, nil
	}
	return old, errArgument
}

func decodeBool(arg []byte, old bool) (bool, error) {
	switch arg[0] {
	case 't':
		return true, nil
	case 'f':
		return false, nil
	case 'n':
		return old, nil
	}
	return old, errArgument
}

func decodeInt(arg []byte, old int) (int, error) {
	if arg[0] == 'n' {
		return old, nil
	}
	n, err := strconv.Atoi(b2s(arg))
	if err != nil {
		return old, errArgument // strconv's would quote a megabyte, if it came
	}
	return n, nil
}

func decodeFloat(arg []byte, old float64) (float64, error) {
	switch c := arg[0]; {
	case c == 'n':
		return old, nil
	case c == '-' || isDigit(c):
		f, err := strconv.ParseFloat(b2s(arg), 64)
		if err != nil {
			return old, errArgument // beyond what a float64 holds
		}
		return f, nil
	}
	return old, errArgument
}

// decodeBytes lends an attachment. A string is taken for base64, as
// encoding/json does.
func decodeBytes(arg, old []byte, bins [][]byte) ([]byte, error) {
	switch arg[0] {
	case '{':
		_, num, ok := placeholder(arg, 0)
		if ok && num >= 0 && num < len(bins) {
			return bins[num], nil
		}
	case '"':
		b, err := base64.StdEncoding.AppendDecode(nil, unquoted(nil, arg))
		if err != nil {
			return old, errArgument
		}
		return b, nil
	case 'n':
		return old, nil
	}
	return old, errArgument
}

func decodeAny(arg []byte, bins [][]byte) (any, error) {
	r := resolver{bins: bins}
	return r.decode(arg)
}

func decodeAs[T any](arg []byte, bins [][]byte) (T, error) {
	v, err := decodeAny(arg, bins)
	t, ok := v.(T)
	if err == nil && !ok && v != nil {
		err = errArgument
	}
	return t, err
}

// resolver decodes into any and puts copies of the attachments where their
// placeholders are. A placeholder can be repeated thousands of times in one
// packet, so an attachment is copied only once.
type resolver struct {
	bins   [][]byte
	copies []Binary
}

func (r *resolver) decode(arg []byte) (v any, err error) {
	if err = json.Unmarshal(arg, &v); err != nil || len(r.bins) == 0 {
		return v, err
	}
	return r.resolve(v), nil
}

func (r *resolver) resolve(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = r.resolve(v[i])
		}
	case map[string]any:
		if v["_placeholder"] == true {
			num, ok := v["num"].(float64)
			if ok && num >= 0 && num < float64(len(r.bins)) && num == math.Trunc(num) {
				return r.copy(int(num))
			}
		}
		for name := range v {
			v[name] = r.resolve(v[name])
		}
	}
	return v
}

func (r *resolver) copy(i int) Binary {
	if r.copies == nil {
		r.copies = make([]Binary, len(r.bins))
	}
	if r.copies[i] == nil {
		r.copies[i] = append(Binary{}, r.bins[i]...)
	}
	return r.copies[i]
}

// decodeStd leaves it to encoding/json, which wants binary data as base64.
func decodeStd(arg []byte, target any, bins [][]byte) error {
	if len(bins) == 0 {
		return json.Unmarshal(arg, target)
	}
	b := pool.GetText()
	defer pool.PutText(b)
	var err error
	if b.B, err = inlineAttachments(b.B[:0], arg, bins); err != nil {
		return err
	}
	return json.Unmarshal(b.B, target)
}
