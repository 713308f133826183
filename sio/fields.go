package sio

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// field is one member of a struct's JSON.
type field struct {
	name      string
	index     []int
	tagged    bool // the name is from the tag
	omitEmpty bool
	omitZero  bool
	quoted    bool // the option "string"
}

var structFields sync.Map // reflect.Type → []field

// fieldsOf lists the members of a struct's JSON by the rules of encoding/json:
// an embedded struct without a name in its tag gives its own; of equal names the
// shallowest wins, then the one from a tag, and otherwise none.
func fieldsOf(t reflect.Type) []field {
	if known, ok := structFields.Load(t); ok {
		return known.([]field)
	}
	list := dominant(collectFields(t))
	structFields.Store(t, list)
	return list
}

// embedded is a struct whose fields are to be collected.
type embedded struct {
	typ   reflect.Type
	index []int
}

// collectFields goes through t and what it embeds, level by level. A struct that
// a level embeds twice is there twice, so that its fields annul each other; one
// that was met on a level above is hidden.
func collectFields(t reflect.Type) (all []field) {
	visited := make(map[reflect.Type]bool)
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		for _, s := range level {
			if visited[s.typ] {
				continue
			}
			times := 0
			for _, other := range level {
				if other.typ == s.typ {
					times++
				}
			}
			for i := range s.typ.NumField() {
				index := append(slices.Clone(s.index), i)
				f, inner := readField(s.typ.Field(i), index)
				if inner != nil {
					next = append(next, embedded{inner, index})
				}
				if f.name == "" {
					continue
				}
				all = append(all, f)
				if times > 1 {
					all = append(all, f)
				}
			}
			visited[s.typ] = true
		}
		level = next
	}
	return all
}

// readField gives the member that sf stands for, one without a name if there is
// none, or the struct that it embeds.
func readField(sf reflect.StructField, index []int) (f field, inner reflect.Type) {
	t := sf.Type
	if t.Name() == "" && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !sf.IsExported() && (!sf.Anonymous || t.Kind() != reflect.Struct) {
		return f, nil
	}
	tag := sf.Tag.Get("json")
	if tag == "-" {
		return f, nil
	}
	name, options, _ := strings.Cut(tag, ",")
	if !validName(name) {
		name = ""
	}
	if name == "" && sf.Anonymous && t.Kind() == reflect.Struct {
		return f, t
	}
	f = field{name: name, index: index, tagged: name != ""}
	if name == "" {
		f.name = sf.Name
	}
	for option := range strings.SplitSeq(options, ",") {
		switch option {
		case "omitempty":
			f.omitEmpty = true
		case "omitzero":
			f.omitZero = true
		case "string":
			k := t.Kind()
			f.quoted = k >= reflect.Bool && k <= reflect.Float64 || k == reflect.String
		}
	}
	return f, nil
}

// validName reports whether encoding/json takes a name from a tag.
func validName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) && !unicode.IsDigit(c) {
			return false
		}
	}
	return name != ""
}

// dominant keeps of each name the one field that has it, in the order of the
// declaration.
func dominant(all []field) (list []field) {
	slices.SortStableFunc(all, func(a, b field) int {
		return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(len(a.index), len(b.index)), preferTagged(a, b))
	})
	for begin := 0; begin < len(all); {
		end := begin + 1
		for end < len(all) && all[end].name == all[begin].name {
			end++
		}
		same := all[begin:end]
		begin = end
		if len(same) > 1 && len(same[0].index) == len(same[1].index) && same[0].tagged == same[1].tagged {
			continue
		}
		list = append(list, same[0])
	}
	slices.SortFunc(list, func(a, b field) int { return slices.Compare(a.index, b.index) })
	return list
}

func preferTagged(a, b field) int {
	switch {
	case a.tagged == b.tagged:
		return 0
	case a.tagged:
		return -1
	}
	return 1
}
