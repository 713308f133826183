package sio

import (
	"bytes"
	"encoding/json"
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

// appendArgs appends args as a comma-separated list of JSON values. Binary data
// becomes placeholders and is appended to bins, depth-first; it is borrowed.
func appendArgs(dst []byte, args []any, bins *[][]byte) ([]byte, error) {
	var err error
	for i, arg := range args {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendValue(dst, arg, bins); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func appendValue(dst []byte, v any, bins *[][]byte) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case string:
		return appendQuoted(dst, v), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case int:
		return appendInt(dst, int64(v)), nil
	case int64:
		return appendInt(dst, v), nil
	case uint64:
		return strconv.AppendUint(dst, v, 10), nil
	case float64:
		return appendFloat(dst, v)
	case []byte:
		return appendBinary(dst, v, bins), nil
	case Binary:
		return appendBinary(dst, v, bins), nil
	case Appender:
		if isNilPointer(v) {
			return append(dst, "null"...), nil
		}
		return v.AppendJSON(dst), nil
	case json.RawMessage:
		return appendRaw(dst, v)
	case []any:
		return appendList(dst, v, bins)
	case map[string]any:
		return appendMap(dst, v, bins)
	}
	if holdsBinary(reflect.TypeOf(v)) {
		return appendReflected(dst, reflect.ValueOf(v), bins)
	}
	return appendStd(dst, v)
}

func isNilPointer(v any) bool {
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Pointer && r.IsNil()
}

func appendBinary(dst, b []byte, bins *[][]byte) []byte {
	dst = appendPlaceholder(dst, len(*bins))
	*bins = append(*bins, b)
	return dst
}

// appendFloat writes a number as JavaScript does. What JSON cannot hold becomes
// null, as JSON.stringify has it.
func appendFloat(dst []byte, f float64) ([]byte, error) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...), nil
	}
	if f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return appendInt(dst, int64(f)), nil
	}
	return appendStd(dst, f)
}

// appendRaw holds raw JSON against the grammar: a broken text would end the
// connection at the client.
func appendRaw(dst []byte, raw json.RawMessage) ([]byte, error) {
	if raw == nil {
		return append(dst, "null"...), nil
	}
	if !json.Valid(raw) {
		return dst, errPacketJSON
	}
	return append(dst, raw...), nil
}

func appendList(dst []byte, list []any, bins *[][]byte) (_ []byte, err error) {
	if list == nil {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	if dst, err = appendArgs(dst, list, bins); err != nil {
		return dst, err
	}
	return append(dst, ']'), nil
}

// appendMap writes the members in the order of their names, as encoding/json
// does.
func appendMap(dst []byte, m map[string]any, bins *[][]byte) (_ []byte, err error) {
	if m == nil {
		return append(dst, "null"...), nil
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
		if dst, err = appendValue(dst, m[name], bins); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
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
