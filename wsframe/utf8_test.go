package wsframe

import (
	"fmt"
	"testing"
	"unicode/utf8"

	"github.com/gobwas/ws"
)

func wsOp(op byte) ws.OpCode { return ws.OpCode(op) }

type utf8Case struct {
	name  string
	valid bool
	text  string
}

// utf8Cases are 6.5 to 6.23 of the Autobahn test suite, which has them from
// Markus Kuhn's UTF-8-test.txt.
func utf8Cases() (all []utf8Case) {
	section := 4
	add := func(valid bool, texts ...string) {
		for i, s := range texts {
			all = append(all, utf8Case{fmt.Sprintf("6.%d.%d", section, i+1), valid, s})
		}
	}
	valid := func(texts ...string) { section++; add(true, texts...) }
	invalid := func(texts ...string) { section++; add(false, texts...) }

	valid("hello\x24world", "hello\xC2\xA2world", "hello\xE2\x82\xACworld", "hello\xF0\xA4\xAD\xA2world", kosme)
	section++ // 6.6: all prefixes of kosme
	for i := 1; i <= len(kosme); i++ {
		all = append(all, utf8Case{fmt.Sprintf("6.6.%d", i), utf8.ValidString(kosme[:i]), kosme[:i]})
	}
	valid("\x00", "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80")
	invalid("\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80")
	valid("\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf")
	invalid("\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf")
	valid("\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf")
	all = append(all, utf8Case{"6.11.5", false, "\xf4\x90\x80\x80"})
	var conts string
	for i := 0x80; i < 0xbf; i++ {
		conts += string([]byte{byte(i)})
	}
	invalid("\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", conts)
	var lonely []string
	for _, m := range [][2]int{{0xc0, 0xdf}, {0xe0, 0xef}, {0xf0, 0xf7}, {0xf8, 0xfb}, {0xfc, 0xfd}} {
		s := ""
		for i := m[0]; i < m[1]; i++ {
			s += string([]byte{byte(i), ' '})
		}
		lonely = append(lonely, s)
	}
	invalid(lonely...)
	cut := []string{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"}
	invalid(cut...)
	joined := ""
	for _, s := range cut {
		joined += s
	}
	invalid(joined)
	invalid("\xfe", "\xff", "\xfe\xfe\xff\xff")
	invalid("\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf")
	invalid("\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf")
	invalid("\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80")
	invalid("\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf")
	invalid("\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf",
		"\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf")
	non := []string{"\xef\xbf\xbe", "\xef\xbf\xbf"}
	for plane := rune(1); plane <= 0x10; plane++ {
		non = append(non, string(plane<<16|0xfffe), string(plane<<16|0xffff))
	}
	valid(non...)
	valid("\xef\xbf\xbd") // 6.23: U+FFFD itself
	return all
}

// naivePrefix is the twin of validPrefix: b is the start of a text if some
// bytes after it make it one.
func naivePrefix(b []byte) bool {
	ends := []byte{0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf}
	tries := [][]byte{nil}
	for _, x := range ends {
		tries = append(tries, []byte{x}, []byte{x, 0x80}, []byte{x, 0x80, 0x80})
	}
	for _, end := range tries {
		if utf8.Valid(append(b[:len(b):len(b)], end...)) {
			return true
		}
	}
	return false
}

func TestValidPrefixOracle(t *testing.T) {
	// Each byte that is first or last of a class in the table of RFC 3629.
	edges := []byte{0, 'a', 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1,
		0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xf8, 0xff}
	var walk func(b []byte, depth int)
	walk = func(b []byte, depth int) {
		n, ok := validPrefix(b)
		if want := naivePrefix(b); ok != want {
			t.Fatalf("validPrefix(% x) = %v, want %v", b, ok, want)
		}
		if ok && (!utf8.Valid(b[:n]) || len(b)-n > 3 || n < len(b) && utf8.FullRune(b[n:])) {
			t.Fatalf("validPrefix(% x): %d bytes of whole characters", b, n)
		}
		if depth == 0 {
			return
		}
		for _, e := range edges {
			walk(append(b[:len(b):len(b)], e), depth-1)
		}
	}
	walk(nil, 4)
}

func FuzzValidPrefix(f *testing.F) {
	for _, c := range utf8Cases() {
		f.Add([]byte(c.text))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, ok := validPrefix(b)
		if want := naivePrefix(b); ok != want {
			t.Fatalf("validPrefix(% x) = %v, want %v", b, ok, want)
		}
		// Taken in pieces, it fails exactly when the whole does.
		valid, okay := 0, true
		for i := 1; i <= len(b) && okay; i++ {
			var n int
			n, okay = validPrefix(b[valid:i])
			valid += n
		}
		if okay != ok {
			t.Fatalf("% x: in pieces %v, whole %v", b, okay, ok)
		}
	})
}
