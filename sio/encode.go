package sio

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
)

// Appender is a value that writes its own JSON. An argument that is one, or
// whose pointer is given, is encoded without reflection and without
// allocation.
type Appender interface {
	// AppendJSON appends the value as one valid JSON value to dst. It takes
	// dst and gives the result. Any goroutine.
	AppendJSON(dst []byte) []byte
}

// maxNesting is how deep arguments may nest: what goes deeper runs in a circle.
// (encoding/json begins to look for circles there.)
const maxNesting = 1000

var (
	errNesting = errors.New("sio: argument nests too deep, or contains itself")
	errRawJSON = errors.New("sio: json.RawMessage is not JSON")
)

// encoder is one walk through the arguments of an event.
type encoder struct {
	bins  *[][]byte
	depth int
}

// appendArgs appends args as a comma-separated list of JSON values. Each []byte
// and [Binary], at any depth, becomes a placeholder and is appended to bins,
// which borrows it. FEATURES P15: "depth-first". Any goroutine.
func appendArgs(dst []byte, args []any, bins *[][]byte) ([]byte, error) {
	e := encoder{bins: bins}
	return e.list(dst, args)
}

func (e *encoder) list(dst []byte, list []any) ([]byte, error) {
	var err error
	for i, v := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.value(dst, v); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func (e *encoder) value(dst []byte, v any) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return appendQuoted(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int32:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case uint32:
		return appendInt(dst, int64(v)), nil
	case uint64:
		return strconv.AppendUint(dst, v, 10), nil
	case float64:
		return appendFloat(dst, v, 64), nil
	case float32:
		return appendFloat(dst, float64(v), 32), nil
	case []byte:
		return e.binary(dst, v), nil
	case Binary:
		return e.binary(dst, v), nil
	case Text:
		return v.AppendJSON(dst), nil
	case Appender:
		if isNilPointer(v) {
			return append(dst, "null"...), nil
		}
		return v.AppendJSON(dst), nil
	case json.RawMessage:
		return appendRaw(dst, v)
	case []any:
		return e.array(dst, v)
	case map[string]any:
		return e.object(dst, v)
	}
	if walked(reflect.TypeOf(v)) {
		return e.reflected(dst, reflect.ValueOf(v))
	}
	return appendStd(dst, v)
}

// appendKnown appends what v points to, if it is of a type that needs no help. v
// does not escape, so its value need not become an interface.
func appendKnown(dst []byte, v any) (_ []byte, ok bool) {
	switch v := v.(type) {
	case *Text:
		return v.AppendJSON(dst), true
	case *string:
		return appendQuoted(dst, *v), true
	case *bool:
		return strconv.AppendBool(dst, *v), true
	case *int:
		return appendInt(dst, int64(*v)), true
	case *int64:
		return appendInt(dst, *v), true
	case *float64:
		return appendFloat(dst, *v, 64), true
	}
	return dst, false
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

func (e *encoder) binary(dst, b []byte) []byte {
	dst = appendPlaceholder(dst, len(*e.bins))
	*e.bins = append(*e.bins, b)
	return dst
}

// enter counts a level of nesting.
func (e *encoder) enter() error {
	if e.depth++; e.depth > maxNesting {
		return errNesting
	}
	return nil
}

func (e *encoder) array(dst []byte, list []any) (_ []byte, err error) {
	if list == nil {
		return append(dst, "null"...), nil
	}
	if err = e.enter(); err != nil {
		return dst, err
	}
	if dst, err = e.list(append(dst, '['), list); err != nil {
		return dst, err
	}
	e.depth--
	return append(dst, ']'), nil
}

// object writes the members in the order of their names, as encoding/json does.
func (e *encoder) object(dst []byte, m map[string]any) (_ []byte, err error) {
	if m == nil {
		return append(dst, "null"...), nil
	}
	if err = e.enter(); err != nil {
		return dst, err
	}
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, name), ':')
		if dst, err = e.value(dst, m[name]); err != nil {
			return dst, err
		}
	}
	e.depth--
	return append(dst, '}'), nil
}

// appendFloat writes a number as JavaScript does. What JSON cannot hold becomes
// null, as JSON.stringify has it.
func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	// ECMAScript: the exponent form begins at 1e21 and below 1e-6.
	abs := math.Abs(f)
	plain := abs >= 1e-6 && abs < 1e21
	if bits == 32 {
		plain = float32(abs) >= 1e-6 && float32(abs) < 1e21
	}
	if plain || abs == 0 {
		return strconv.AppendFloat(dst, f, 'f', -1, bits)
	}
	dst = strconv.AppendFloat(dst, f, 'e', -1, bits)
	if n := len(dst); dst[n-4] == 'e' && dst[n-2] == '0' { // e-09 is written e-9
		dst[n-2] = dst[n-1]
		dst = dst[:n-1]
	}
	return dst
}

// appendRaw holds raw JSON against the grammar: a broken text would end the
// connection at the client.
func appendRaw(dst []byte, raw json.RawMessage) ([]byte, error) {
	if raw == nil {
		return append(dst, "null"...), nil
	}
	if !validText(raw) {
		return dst, errRawJSON
	}
	return append(dst, raw...), nil
}

// appendStd leaves v to encoding/json, without its HTML escaping.
func appendStd(dst []byte, v any) ([]byte, error) {
	w := bytes.NewBuffer(dst)
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return dst, err
	}
	b := w.Bytes()
	return b[:len(b)-1], nil // the encoder ends with a newline
}
