package sio

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"
)

type point struct{ X, Y int }

func (p *point) AppendJSON(dst []byte) []byte {
	return append(appendInt(append(appendInt(append(dst, '['), int64(p.X)), ','), int64(p.Y)), ']')
}

// encoded gives the text of args and their attachments.
func encoded(args ...any) (string, []string, error) {
	var bins [][]byte
	b, err := appendArgs(nil, args, &bins)
	var list []string
	for _, x := range bins {
		list = append(list, string(x))
	}
	return string(b), list, err
}

func TestAppendArgs(t *testing.T) {
	ph := func(i int) string { return fmt.Sprintf(`{"_placeholder":true,"num":%d}`, i) }
	p := &point{1, -2}
	for _, c := range []struct {
		args []any
		want string
		bins string
	}{
		{nil, "", ""},
		{[]any{nil, true, false, 1, int32(-2), int64(3), uint32(4), uint64(math.MaxUint64), int8(5), uint8(6)}, "null,true,false,1,-2,3,4,18446744073709551615,5,6", ""},
		{[]any{1.0, 0.5, -0.0, 1e21, 1e300, math.NaN(), math.Inf(-1), float32(0.25)}, "1,0.5,0,1e+21,1e+300,null,null,0.25", ""},
		{[]any{"a<b>&\"\n\xff"}, `"a<b>&\"\n\ufffd"`, ""},
		{[]any{struct{ A string }{"<&>"}}, `{"A":"<&>"}`, ""},
		{[]any{json.RawMessage(` {"a":1}`), json.RawMessage(nil)}, ` {"a":1},null`, ""},
		{[]any{p, (*point)(nil)}, "[1,-2],null", ""},
		{[]any{struct{ P *point }{p}, []point{{3, 4}}, struct{ P point }{point{5, 6}}}, `{"P":[1,-2]},[[3,4]],{"P":{"X":5,"Y":6}}`, ""},
		{[]any{[]byte("ab"), Binary("cd"), []byte{}, []byte(nil)}, ph(0) + "," + ph(1) + "," + ph(2) + "," + ph(3), "ab|cd||"},
		{[]any{[]any{1, []byte("x"), []any{Binary("y")}}, []any(nil)}, "[1," + ph(0) + ",[" + ph(1) + "]],null", "x|y"},
		{[]any{map[string]any{"b": []byte("2"), "a": Binary("1"), "c": "<"}, map[string]any(nil)}, `{"a":` + ph(0) + `,"b":` + ph(1) + `,"c":"<"},null`, "1|2"},
		{
			[]any{struct {
				Name string
				Data Binary `json:"data"`
				More [][]byte
				M    map[int]Binary
				P    *Binary
				Any  any
			}{"n", Binary("1"), [][]byte{[]byte("2")}, map[int]Binary{10: Binary("4"), 9: Binary("5")}, nil, []byte("6")}},
			`{"Name":"n","data":` + ph(0) + `,"More":[` + ph(1) + `],"M":{"10":` + ph(2) + `,"9":` + ph(3) + `},"P":null,"Any":` + ph(4) + `}`,
			"1|2|4|5|6",
		},
		{[]any{&[]Binary{Binary("z")}, [2]Binary{Binary("a"), nil}}, "[" + ph(0) + "],[" + ph(1) + "," + ph(2) + "]", "z|a|"},
		{[]any{[3]byte{1, 2, 3}}, "[1,2,3]", ""},
	} {
		got, bins, err := encoded(c.args...)
		if err != nil || got != c.want || strings.Join(bins, "|") != c.bins {
			t.Errorf("%v\n got %s %q %v\nwant %s %q", c.args, got, bins, err, c.want, c.bins)
		}
	}
}

func TestAppendArgsErrors(t *testing.T) {
	list := []any{nil, nil}
	list[0], list[1] = list, list
	object := map[string]any{}
	object["self"], object["again"] = object, object
	type node struct {
		Next *node
		Data Binary
	}
	circle := &node{}
	circle.Next = circle
	type tree struct{ Any any }
	loop := &tree{}
	loop.Any = loop
	type plainNode struct{ Next *plainNode }
	plain := &plainNode{}
	plain.Next = plain
	type slices []slices
	deep := slices{nil}
	deep[0] = deep
	for name, v := range map[string]any{
		"list": list, "object": object, "pointer": circle, "interface": loop, "plain": plain, "slice": deep,
		"mixed": []any{map[string]any{"x": &tree{list}}},
		"chan":  make(chan int), "func": func() {}, "chan inside": struct {
			A any
			C chan int
		}{},
		"raw": json.RawMessage("{"), "raw text": json.RawMessage("\"\xff\""), "raw inside": []any{json.RawMessage("x")},
		"key": map[point]Binary{{1, 2}: nil}, "NaN inside": struct{ F float64 }{math.NaN()},
	} {
		_, _, err := encoded("before", v)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, _, err := encoded(list); !errors.Is(err, errNesting) {
		t.Errorf("got %v, want %v", err, errNesting)
	}
	ok := any("end")
	for range maxNesting {
		ok = []any{ok}
	}
	if _, _, err := encoded(ok, ok); err != nil {
		t.Errorf("%d levels: %v", maxNesting, err)
	}
}

type (
	stamp  int
	marsh  struct{ v string }
	pmarsh struct{ V string }
	ptext  struct{ V string }
	zero   struct{ N int }
	pzero  struct{ N int }
	key    struct{ a, b int }

	Base struct {
		ID   int
		Name string `json:"name"`
		Twin string
	}
	hidden struct {
		Seen   string
		unseen string
		Any    any
	}
	Other struct {
		Twin string
		Deep *Base `json:"deep,omitempty"`
	}
	Self struct {
		*Self
		V any
	}
	scalar int
)

func (s stamp) MarshalText() ([]byte, error)   { return fmt.Appendf(nil, "<%d>", int(s)), nil }
func (m marsh) MarshalJSON() ([]byte, error)   { return json.Marshal("m:" + m.v) }
func (m *pmarsh) MarshalJSON() ([]byte, error) { return json.Marshal("pm:" + m.V) }
func (m *ptext) MarshalText() ([]byte, error)  { return []byte("pt:" + m.V), nil }
func (z zero) IsZero() bool                    { return z.N == 7 }
func (z *pzero) IsZero() bool                  { return z.N == 8 }
func (k key) MarshalText() ([]byte, error)     { return fmt.Appendf(nil, "%d-%d", k.a, k.b), nil }

// everything is a struct that is walked, because of Any, without binary content:
// so encoding/json must say the same of it.
type everything struct {
	Any  any
	Base `json:"based"`
	hidden
	*Other
	scalar
	Minus    int `json:"-"`
	Dash     int `json:"-,"`
	Bad      int `json:"a\"b"`
	Uni      int `json:"ключ,omitempty"`
	Empty    any `json:",omitempty"`
	EmptyS   []any
	EmptyA   [0]any         `json:",omitempty"`
	EmptyM   map[string]any `json:",omitempty"`
	Zero     zero           `json:",omitzero"`
	PZero    pzero          `json:",omitzero"`
	ZeroP    *zero          `json:",omitzero"`
	Time     time.Time      `json:",omitzero"`
	ZeroI    zeroer         `json:",omitzero"`
	QInt     int            `json:",string"`
	QStr     string         `json:",string"`
	QPtr     *bool          `json:",string"`
	QNum     json.Number    `json:",string"`
	QIgnored []any          `json:",string"`
	Marsh    marsh
	PMarsh   pmarsh
	PText    *ptext
	VText    ptext
	Stamps   map[stamp]any
	Keys     map[key]any
	Ints     map[int8]any
	Uints    map[uint16]any
	Names    map[string]pmarsh
	List     []pmarsh
	Raw      json.RawMessage
	Addr     netip.Addr
	Iface    fmt.Stringer
	Ptr      **int
	Func     func() `json:"-"`
	Same     string `json:"same"`
	TagWins  string `json:"Seen"`
	Array    [2]any
	Float    float64
	F32      float32
	Text     string
}

// TestWalkLikeStd is the oracle of the reflecting walk.
func TestWalkLikeStd(t *testing.T) {
	n, yes := 5, true
	pn := &n
	full := everything{
		Any: []any{1, "x", map[string]any{"a": nil}}, Base: Base{1, "b", "t"}, hidden: hidden{"s", "u", 1.5}, Other: &Other{"o", &Base{}},
		scalar: 3, Minus: 1, Dash: 2, Bad: 3, Uni: 4, Empty: 0, EmptyS: []any{}, EmptyM: map[string]any{"x": 1}, Zero: zero{7}, PZero: pzero{8},
		ZeroP: &zero{7}, Time: time.Unix(1, 0).UTC(), ZeroI: zero{1}, QInt: -1, QStr: "q\"<", QPtr: &yes, QNum: "12", QIgnored: []any{1},
		Marsh: marsh{"a"}, PMarsh: pmarsh{"b"}, PText: &ptext{"c"}, VText: ptext{"d"}, Stamps: map[stamp]any{2: 1, 10: nil},
		Keys: map[key]any{{1, 2}: "x"}, Ints: map[int8]any{-5: 1, 3: 2}, Uints: map[uint16]any{300: "u"}, Names: map[string]pmarsh{"z\n<": {"n"}, "a": {}},
		List: []pmarsh{{"l"}}, Raw: json.RawMessage(`{"r":[1]}`), Addr: netip.MustParseAddr("::1"), Iface: time.Second, Ptr: &pn,
		Same: "1", TagWins: "w", Array: [2]any{stamp(1), nil}, Float: 1.25, F32: 0.1, Text: "<日本\u2028\xff>",
	}
	chain := &Self{V: 1, Self: &Self{V: 2}}
	for _, v := range []any{
		full, &full, everything{}, &everything{}, everything{Zero: zero{1}, PZero: pzero{1}, ZeroP: (*zero)(nil), ZeroI: (*zero)(nil)},
		Self{}, chain, []any{&full.PMarsh, full.PMarsh, full.VText, &full.VText},
		map[string]everything{"a": {}}, []*everything{nil, {}}, [1]everything{}, struct{ X any }{&full},
		map[stamp]any{}, map[string]any(nil), []hidden(nil), (*everything)(nil),
		struct {
			Base
			Other
			A any
		}{}, // Twin is ambiguous, and so nowhere
		struct {
			A any
			*hidden
		}{},
	} {
		var w bytes.Buffer
		e := json.NewEncoder(&w)
		e.SetEscapeHTML(false)
		if err := e.Encode(v); err != nil {
			t.Fatalf("%T: %v", v, err)
		}
		want := strings.TrimSuffix(w.String(), "\n")
		var bins [][]byte
		walk := encoder{bins: &bins}
		got, err := walk.value(nil, v)
		if err != nil || string(got) != want || len(bins) > 0 {
			t.Errorf("%T: %v\n got %s\nwant %s", v, err, got, want)
		}
		if k := reflect.TypeOf(v).Kind(); k == reflect.Struct && !walked(reflect.TypeOf(v)) {
			t.Errorf("%T is not walked: the test tests nothing", v)
		}
	}
}

func TestWalked(t *testing.T) {
	type tree struct {
		Kids []*tree
		Leaf map[string][]Binary
	}
	type list struct {
		Next *list
		N    int
	}
	for v, want := range map[any]bool{
		new(tree): true, new(list): false, new(Binary): true, new(any): true, new([]byte): true, new([4]byte): false,
		new(json.RawMessage): false, new(time.Time): false, new(struct{ b Binary }): false, new(netip.Addr): false,
		new(map[string]int): false, new([]point): true, new(string): false,
	} {
		if got := walked(reflect.TypeOf(v)); got != want {
			t.Errorf("%T: %v, want %v", v, got, want)
		}
	}
}

// Floats are written as encoding/json writes them.
func TestFloats(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	check := func(f float64) {
		t.Helper()
		want, err := json.Marshal(f)
		if err != nil {
			return // NaN and infinities: null
		}
		if got := appendFloat(nil, f, 64); string(got) != string(want) {
			t.Errorf("%v is written %s, want %s", f, got, want)
		}
		want, err = json.Marshal(float32(f))
		if got := appendFloat(nil, float64(float32(f)), 32); err == nil && string(got) != string(want) {
			t.Errorf("float32 %v is written %s, want %s", f, got, want)
		}
	}
	for _, f := range []float64{0, 1, -1, 0.5, 1e-6, 9.99e-7, 1e-9, 1e-10, 1e20, 1e21, 1e22, 1e100, math.MaxFloat64, math.SmallestNonzeroFloat64} {
		check(f)
		check(-f)
	}
	for range 10_000 {
		check(math.Float64frombits(rnd.Uint64()))
		check(rnd.NormFloat64())
	}
	for _, f := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
		if got := appendFloat(nil, f, 64); string(got) != "null" {
			t.Errorf("%v is written %s", f, got)
		}
	}
}
