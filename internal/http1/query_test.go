package http1

import (
	"net/url"
	"strings"
	"testing"
)

func TestQueryValue(t *testing.T) {
	for _, c := range []struct {
		raw, name, want string
		ok              bool
	}{
		{"EIO=4&transport=polling", "EIO", "4", true},
		{"EIO=4&transport=polling", "transport", "polling", true},
		{"EIO=4&transport=polling", "sid", "", false},
		{"a=1&a=2", "a", "2", true},
		{"a=1&a", "a", "", true},
		{"&&a=1&&", "a", "1", true},
		{"a=b=c", "a", "b=c", true},
		{"a=b+c%20d", "a", "b c d", true},
		{"a=%zz%4", "a", "%zz%4", true},
		{"a=100%", "a", "100%", true},
		{"a=%C3%A9é", "a", "éé", true},
		{"a=%ff", "a", "\ufffd", true},
		{"%61=x", "a", "x", true},
		{"a+b=x", "a b", "x", true},
		{"ab=x", "a", "", false},
		{"a=x", "ab", "", false},
		{"=x", "", "x", true},
		{"", "a", "", false},
		{"sid=__proto__", "sid", "__proto__", true},
	} {
		var scratch [64]byte
		v, ok := QueryValue([]byte(c.raw), c.name, scratch[:3])
		if string(v) != c.want || ok != c.ok {
			t.Errorf("%q %q: %q %v, want %q %v", c.raw, c.name, v, ok, c.want, c.ok)
		}
	}
}

// Where net/url accepts a query, it finds the same values.
func FuzzQuery(f *testing.F) {
	f.Add("EIO=4&transport=polling&t=abc%20d+e&sid=x", "sid")
	f.Add("a=1&a=%41%4&=b&%61", "a")
	f.Fuzz(func(t *testing.T, raw, name string) {
		got, ok := QueryValue([]byte(raw), name, nil)
		q, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		for _, c := range []byte(name) {
			if c >= 0x80 {
				return // names are ASCII
			}
		}
		values := q[name]
		if ok != (len(values) > 0) {
			t.Fatalf("%q %q: %v, net/url %q", raw, name, ok, values)
		}
		if !ok {
			return
		}
		var want strings.Builder
		for _, r := range values[len(values)-1] { // range repairs bad UTF-8
			want.WriteRune(r)
		}
		if string(got) != want.String() {
			t.Fatalf("%q %q: %q, net/url %q", raw, name, got, want.String())
		}
	})
}
