package sio

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

var quoteSeeds = []string{
	"", "a", "hello world", "quote\"back\\slash/", "\x00\x01\b\f\n\r\t\x1f\x7f", "<script>&amp;</script>",
	"é", "日本語", "😀", "\u2028\u2029\u2027\u202a", "\xff", "a\xc3", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc0\x80", "\ufffd",
	"12345678", "1234567\"", "123456789012345\n", "1234567é90", "12345678\xff90123456\u2028",
}

// stdQuote is the naive twin.
func stdQuote(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func checkQuote(t *testing.T, s string) {
	t.Helper()
	got := string(appendQuoted(nil, s))
	if want := stdQuote(s); got != want {
		t.Fatalf("%q: %s, encoding/json %s", s, got, want)
	}
	if end := skipString([]byte(got), 0); end != len(got) {
		t.Fatalf("%s: ends at %d of %d", got, end, len(got))
	}
	if back := unquoted(nil, []byte(got)); string(back) != string([]rune(s)) {
		t.Fatalf("%q came back as %q", s, back)
	}
}

// checkUnquote takes s for the inside of a string.
func checkUnquote(t *testing.T, s string) {
	t.Helper()
	q := []byte(`"` + s + `"`)
	var want string
	if json.Unmarshal(q, &want) != nil || skipString(q, 0) != len(q) {
		return
	}
	if got := unquoted(nil, q); string(got) != want {
		t.Fatalf("%s: %q, encoding/json %q", q, got, want)
	}
}

func TestQuote(t *testing.T) {
	for _, s := range quoteSeeds {
		for pad := range 9 {
			checkQuote(t, strings.Repeat("p", pad)+s)
			checkQuote(t, strings.Repeat("p", pad)+s+strings.Repeat("q", pad))
		}
	}
	for c := range 256 {
		checkQuote(t, "1234"+string([]byte{byte(c)})+"5678")
	}
}

func TestUnquote(t *testing.T) {
	for _, s := range append([]string{
		`\"\\\/\b\f\n\r\t`, `\u0041`, `\u00e9\u65E5`, `\ud83d\ude00`, `\uD83D\uDE00x`,
		`\ud83d`, `\ude00`, `\ud83dx`, `\ud83d\n`, `\ud83d\u0041`, `\ud83d\ud83d\ude00`, `\ude00\ud83d`, `a\ud83d\\u`, `\u0000`,
		"\xff\\n", "\xff", "é\\u00e9\xc3",
	}, quoteSeeds...) {
		checkUnquote(t, s)
		checkUnquote(t, "before"+s+"after")
	}
}

// TestUnquotedView: without escapes nothing is copied, and nobody can append
// into the text.
func TestUnquotedView(t *testing.T) {
	q := []byte(`"plain é"`)
	s := unquoted(nil, q)
	if &s[0] != &q[1] || cap(s) != len(s) {
		t.Errorf("view at %p with capacity %d, want %p with %d", &s[0], cap(s), &q[1], len(s))
	}
}
