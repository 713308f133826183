package web

import (
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for in, want := range map[string]string{
		" Ada \t Lovelace\n":    "Ada Lovelace",
		"A\u202eda\x00":         "Ada",
		"":                      "",
		"\u202e \x07":           "",
		strings.Repeat("é", 20): strings.Repeat("é", 20),
		strings.Repeat("e", 21): "",
	} {
		got, err := Line("a name", in, 20)
		if got != want || (err != nil) != (want == "") {
			t.Errorf("%q became %q, %v, want %q", in, got, err, want)
		}
	}
	if _, err := Line("a name", "", 20); err.Error() != "a name has 1 to 20 letters" {
		t.Error(err)
	}
}
