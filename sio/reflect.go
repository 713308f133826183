package sio

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
)

// Values whose type can hold binary data somewhere inside are walked here, by
// the rules of encoding/json, so that each Binary becomes an attachment. All
// others never come here.

var (
	binaryType        = reflect.TypeFor[Binary]()
	appenderType      = reflect.TypeFor[Appender]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// binaryTypes remembers for each type whether it can hold a Binary.
var binaryTypes sync.Map // reflect.Type → bool

func holdsBinary(t reflect.Type) bool {
	if known, ok := binaryTypes.Load(t); ok {
		return known.(bool)
	}
	holds := findBinary(t, make(map[reflect.Type]bool))
	binaryTypes.Store(t, holds)
	return holds
}

// findBinary looks through t; seen breaks the circles of recursive types. An
// interface can hold anything.
func findBinary(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == binaryType {
		return true
	}
	if seen[t] || marshalsItself(t) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findBinary(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); (f.IsExported() || f.Anonymous) && findBinary(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

func marshalsItself(t reflect.Type) bool {
	for _, m := range []reflect.Type{appenderType, marshalerType, textMarshalerType} {
		if t.Implements(m) || t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(m) {
			return true
		}
	}
	return false
}

func appendReflected(dst []byte, v reflect.Value, bins *[][]byte) ([]byte, error) {
	if !v.IsValid() {
		return append(dst, "null"...), nil
	}
	t := v.Type()
	if t == binaryType {
		return appendBinary(dst, v.Bytes(), bins), nil
	}
	if !holdsBinary(t) {
		return appendValue(dst, v.Interface(), bins)
	}
	switch t.Kind() {
	case reflect.Interface:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return appendValue(dst, v.Elem().Interface(), bins)
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...), nil
		}
		return appendReflected(dst, v.Elem(), bins)
	case reflect.Slice, reflect.Array:
		return appendElements(dst, v, bins)
	case reflect.Map:
		return appendMembers(dst, v, bins)
	default:
		return appendStruct(dst, v, bins)
	}
}

func appendElements(dst []byte, v reflect.Value, bins *[][]byte) (_ []byte, err error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = appendReflected(dst, v.Index(i), bins); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

func appendMembers(dst []byte, v reflect.Value, bins *[][]byte) (_ []byte, err error) {
	if v.IsNil() {
		return append(dst, "null"...), nil
	}
	if v.Type().Key().Kind() != reflect.String {
		return appendStd(dst, v.Interface()) // names that are no strings: rare, and left to base64
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, key.String()), ':')
		if dst, err = appendReflected(dst, v.MapIndex(key), bins); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

func appendStruct(dst []byte, v reflect.Value, bins *[][]byte) (_ []byte, err error) {
	dst = append(dst, '{')
	first := len(dst)
	for _, f := range fieldsOf(v.Type()) {
		fv, ok := fieldByIndex(v, f.index)
		if !ok || f.omitEmpty && emptyValue(fv) || f.omitZero && fv.IsZero() {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, f.name), ':')
		if dst, err = appendReflected(dst, fv, bins); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// field is one member of a struct's JSON.
type field struct {
	name                string
	index               []int
	omitEmpty, omitZero bool
}

var structFields sync.Map // reflect.Type → []field

// fieldsOf lists the members as encoding/json does: embedded structs without a
// name of their own give theirs, and of equal names the shallowest wins.
func fieldsOf(t reflect.Type) []field {
	if known, ok := structFields.Load(t); ok {
		return known.([]field)
	}
	var list []field
	at := make(map[string]int)
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" && options == "" || !f.IsExported() || f.Anonymous && name == "" && isStruct(f.Type) {
			continue
		}
		if name == "" {
			name = f.Name
		}
		m := field{name, f.Index, hasOption(options, "omitempty"), hasOption(options, "omitzero")}
		if i, taken := at[name]; taken {
			if len(f.Index) < len(list[i].index) {
				list[i] = m
			}
			continue
		}
		at[name] = len(list)
		list = append(list, m)
	}
	structFields.Store(t, list)
	return list
}

func isStruct(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

func hasOption(list, option string) bool {
	for o := range strings.SplitSeq(list, ",") {
		if o == option {
			return true
		}
	}
	return false
}

// fieldByIndex is reflect's, but stops at a nil pointer to an embedded struct.
func fieldByIndex(v reflect.Value, index []int) (reflect.Value, bool) {
	for i, x := range index {
		if i > 0 && v.Kind() == reflect.Pointer {
			if v.IsNil() {
				return v, false
			}
			v = v.Elem()
		}
		v = v.Field(x)
	}
	return v, true
}

func emptyValue(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}
