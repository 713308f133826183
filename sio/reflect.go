package sio

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Values whose type can hold binary data or an [Appender] somewhere inside are
// walked here, by the rules of encoding/json. All others never come here.

var (
	bytesType         = reflect.TypeFor[[]byte]()
	binaryType        = reflect.TypeFor[Binary]()
	appenderType      = reflect.TypeFor[Appender]()
	marshalerType     = reflect.TypeFor[json.Marshaler]()
	textMarshalerType = reflect.TypeFor[encoding.TextMarshaler]()
)

// walkedTypes remembers what walked has found.
var walkedTypes sync.Map // reflect.Type → bool

// walked reports whether a value of type t may hold what encoding/json would
// write otherwise than we want it.
func walked(t reflect.Type) bool {
	if known, ok := walkedTypes.Load(t); ok {
		return known.(bool)
	}
	found := findWalked(t, make(map[reflect.Type]bool))
	walkedTypes.Store(t, found)
	return found
}

// findWalked looks through t; seen breaks the circles of recursive types. An
// interface can hold anything.
func findWalked(t reflect.Type, seen map[reflect.Type]bool) bool {
	if t == bytesType || t == binaryType || t.Implements(appenderType) || reflect.PointerTo(t).Implements(appenderType) {
		return true
	}
	if seen[t] || marshals(t) {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Interface:
		return true
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Map:
		return findWalked(t.Elem(), seen)
	case reflect.Struct:
		for i := range t.NumField() {
			if f := t.Field(i); (f.IsExported() || f.Anonymous) && findWalked(f.Type, seen) {
				return true
			}
		}
	}
	return false
}

// marshals reports whether encoding/json would ask a value of type t itself.
func marshals(t reflect.Type) bool {
	return t.Implements(marshalerType) || t.Implements(textMarshalerType)
}

// reflected appends v. Loops of pointers, slices and maps end at maxNesting.
func (e *encoder) reflected(dst []byte, v reflect.Value) (_ []byte, err error) {
	t := v.Type()
	if t == bytesType || t == binaryType {
		return e.binary(dst, v.Bytes()), nil
	}
	kind := t.Kind()
	if (kind == reflect.Interface || kind == reflect.Pointer) && v.IsNil() {
		return append(dst, "null"...), nil
	}
	if own := itself(v); own != nil {
		return e.value(dst, own)
	}
	if !walked(t) {
		return e.value(dst, v.Interface())
	}
	if err = e.enter(); err != nil {
		return dst, err
	}
	switch kind {
	case reflect.Interface:
		dst, err = e.value(dst, v.Elem().Interface())
	case reflect.Pointer:
		dst, err = e.reflected(dst, v.Elem())
	case reflect.Slice, reflect.Array:
		dst, err = e.elements(dst, v)
	case reflect.Map:
		dst, err = e.members(dst, v)
	case reflect.Struct:
		dst, err = e.fields(dst, v)
	default: // an Appender by its pointer, which v has not: a plain value
		dst, err = appendStd(dst, v.Interface())
	}
	e.depth--
	return dst, err
}

// itself gives v, or the pointer to it, as a value that writes its own JSON: nil
// if it does not. encoding/json: a pointer's methods count where there is a
// pointer, which is for what can be addressed.
func itself(v reflect.Value) any {
	t := v.Type()
	if t.Kind() == reflect.Interface {
		return nil // what is inside is asked later
	}
	if t.Implements(appenderType) || marshals(t) {
		return v.Interface()
	}
	if !v.CanAddr() || t.Kind() == reflect.Pointer {
		return nil
	}
	if p := reflect.PointerTo(t); p.Implements(appenderType) || marshals(p) {
		return v.Addr().Interface()
	}
	return nil
}

func (e *encoder) elements(dst []byte, v reflect.Value) (_ []byte, err error) {
	if v.Kind() == reflect.Slice && v.IsNil() {
		return append(dst, "null"...), nil
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = e.reflected(dst, v.Index(i)); err != nil {
			return dst, err
		}
	}
	return append(dst, ']'), nil
}

// mapEntry is one entry of a map.
type mapEntry struct {
	name  string
	value reflect.Value
}

func (e *encoder) members(dst []byte, v reflect.Value) (_ []byte, err error) {
	if v.IsNil() {
		return append(dst, "null"...), nil
	}
	list := make([]mapEntry, 0, v.Len())
	for it := v.MapRange(); it.Next(); {
		name, err := keyName(it.Key())
		if err != nil {
			return dst, err
		}
		list = append(list, mapEntry{name, it.Value()})
	}
	slices.SortFunc(list, func(a, b mapEntry) int { return strings.Compare(a.name, b.name) })
	dst = append(dst, '{')
	for i, m := range list {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, m.name), ':')
		if dst, err = e.reflected(dst, m.value); err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
}

// keyName is a map's key as the name of a member. encoding/json: strings as they
// are, then what marshals itself as text, then integers.
func keyName(k reflect.Value) (string, error) {
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if tm, ok := k.Interface().(encoding.TextMarshaler); ok {
		if k.Kind() == reflect.Pointer && k.IsNil() {
			return "", nil
		}
		b, err := tm.MarshalText()
		return string(b), err
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", &json.UnsupportedTypeError{Type: k.Type()}
}

func (e *encoder) fields(dst []byte, v reflect.Value) (_ []byte, err error) {
	dst = append(dst, '{')
	first := len(dst)
	for _, f := range fieldsOf(v.Type()) {
		fv, ok := fieldByIndex(v, f.index)
		if !ok || f.omitEmpty && emptyValue(fv) || f.omitZero && zeroValue(fv) {
			continue
		}
		if len(dst) > first {
			dst = append(dst, ',')
		}
		dst = append(appendQuoted(dst, f.name), ':')
		if f.quoted {
			dst, err = appendAsString(dst, fv)
		} else {
			dst, err = e.reflected(dst, fv)
		}
		if err != nil {
			return dst, err
		}
	}
	return append(dst, '}'), nil
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

// appendAsString appends the value of a field with the option "string". It is
// rare, and so left to encoding/json: as the one member of a struct made for it.
func appendAsString(dst []byte, v reflect.Value) ([]byte, error) {
	one := reflect.New(reflect.StructOf([]reflect.StructField{{Name: "V", Type: v.Type(), Tag: `json:",string"`}}))
	one.Elem().Field(0).Set(v)
	b, err := appendStd(nil, one.Interface())
	if err != nil {
		return dst, err
	}
	return append(dst, b[len(`{"V":`):len(b)-len(`}`)]...), nil
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

type zeroer interface{ IsZero() bool }

var zeroerType = reflect.TypeFor[zeroer]()

// zeroValue asks the value itself, as encoding/json does for "omitzero".
func zeroValue(v reflect.Value) bool {
	t := v.Type()
	switch {
	case v.IsZero() && (t.Kind() == reflect.Pointer || t.Kind() == reflect.Interface):
		return true
	case t.Implements(zeroerType):
		if v.Kind() == reflect.Interface && v.Elem().Kind() == reflect.Pointer && v.Elem().IsNil() {
			return true
		}
		return v.Interface().(zeroer).IsZero()
	case t.Kind() != reflect.Pointer && reflect.PointerTo(t).Implements(zeroerType):
		p := reflect.New(t)
		p.Elem().Set(v)
		return p.Interface().(zeroer).IsZero()
	}
	return v.IsZero()
}
