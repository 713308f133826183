package sio

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
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
// its bytes, a *any, *[]any or *map[string]any target gets Binary values. Any
// goroutine.
func (e *Event) Bind(targets ...any) error {
	rest := e.args
	for i, t := range targets {
		arg, next, ok := nextArg(rest)
		if !ok {
			return nil
		}
		rest = next
		if err := decodeArg(arg, t, e.bins); err != nil {
			return fmt.Errorf("sio: argument %d of %q: %w", i, e.name, err)
		}
	}
	return nil
}

// Args gives the arguments decoded as [Event.Bind] decodes into *any. Any
// goroutine.
func (e *Event) Args() ([]any, error) {
	var list []any
	for arg, rest, ok := nextArg(e.args); ok; arg, rest, ok = nextArg(rest) {
		v, err := decodeAny(arg, e.bins)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}

// decodeArg decodes arg, which is valid JSON, into what target points to.
func decodeArg(arg []byte, target any, bins [][]byte) (err error) {
	switch t := target.(type) {
	case *string:
		*t, err = decodeString(arg, *t)
	case *[]byte:
		*t, err = decodeBytes(arg, *t, bins)
	case *Binary:
		*t, err = decodeBytes(arg, *t, bins)
	case *bool:
		if string(arg) != "null" {
			*t, err = strconv.ParseBool(b2s(arg))
		}
	case *int:
		if string(arg) != "null" {
			*t, err = strconv.Atoi(b2s(arg))
		}
	case *float64:
		if string(arg) != "null" {
			*t, err = strconv.ParseFloat(b2s(arg), 64)
		}
	case *json.RawMessage:
		*t = append((*t)[:0], arg...)
	case *any:
		*t, err = decodeAny(arg, bins)
	case *[]any:
		*t, err = decodeAs[[]any](arg, bins)
	case *map[string]any:
		*t, err = decodeAs[map[string]any](arg, bins)
	case JSONParser:
		err = t.ParseJSON(arg)
	default:
		err = decodeStd(arg, target, bins)
	}
	return err
}

func decodeString(arg []byte, old string) (string, error) {
	switch arg[0] {
	case '"':
		var b [64]byte
		return string(unquoted(b[:0], arg)), nil
	case 'n':
		return old, nil
	}
	return "", errArgument
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
		return base64.StdEncoding.AppendDecode(nil, unquoted(nil, arg))
	case 'n':
		return old, nil
	}
	return nil, errArgument
}

func decodeAny(arg []byte, bins [][]byte) (v any, err error) {
	if err = json.Unmarshal(arg, &v); err != nil || len(bins) == 0 {
		return v, err
	}
	return resolve(v, bins), nil
}

func decodeAs[T any](arg []byte, bins [][]byte) (T, error) {
	v, err := decodeAny(arg, bins)
	t, ok := v.(T)
	if err == nil && !ok && v != nil {
		err = errArgument
	}
	return t, err
}

// resolve puts copies of the attachments where v has placeholders.
func resolve(v any, bins [][]byte) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = resolve(v[i], bins)
		}
	case map[string]any:
		if v["_placeholder"] == true {
			if num, ok := v["num"].(float64); ok && num >= 0 && int(num) < len(bins) {
				return Binary(append([]byte{}, bins[int(num)]...))
			}
		}
		for name := range v {
			v[name] = resolve(v[name], bins)
		}
	}
	return v
}

// decodeStd leaves it to encoding/json, which wants binary data as base64.
func decodeStd(arg []byte, target any, bins [][]byte) error {
	if len(bins) == 0 {
		return json.Unmarshal(arg, target)
	}
	b := pool.Get()
	defer pool.Put(b)
	b.B = inlineAttachments(b.B[:0], arg, bins)
	return json.Unmarshal(b.B, target)
}
