package house

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const parityFile = "docs/PARITY.md"

// parityGroups are the rows that docs/PARITY.md must have, in its order.
var parityGroups = []struct {
	letter string
	rows   int
}{{"T", 61}, {"E", 23}, {"P", 36}, {"S", 21}, {"N", 13}, {"K", 33}, {"B", 17}, {"R", 11}, {"C", 17}, {"O", 6}}

var parityStates = []string{"done", "better", "not applicable", "later"}

var (
	parityRow   = regexp.MustCompile(`(?m)^\| ([A-Z]\d+) \|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|([^|\n]*)\|$`)
	parityCount = regexp.MustCompile(`(?m)^\| (?:([A-Z])\. [^|\n]*|\*\*all\*\*) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \| (\d+) \|$`)
	parityRef   = regexp.MustCompile("`([^`]+)`")
	goTestName  = regexp.MustCompile(`^(Test|Fuzz|Example)\w*$`)
	jsTitle     = regexp.MustCompile("\\b(?:it|test)\\(\\s*(\"(?:[^\"\\\\\n]|\\\\.)*\"|`(?:[^`\\\\]|\\\\.)*`)")
)

// TestParity holds docs/PARITY.md: each row is there once and in order, its state
// is one of the legend, what is done names tests that exist and that make test
// runs, and the counts are those of the rows.
func TestParity(t *testing.T) {
	src, err := os.ReadFile(parityFile)
	if err != nil {
		t.Fatal(err)
	}
	var want, got []string
	for _, g := range parityGroups {
		for i := range g.rows {
			want = append(want, g.letter+strconv.Itoa(i+1))
		}
	}
	counts := map[string][]int{"": make([]int, 5)} // by letter, "" for all: rows, then by state
	tests := testIndex{}
	for _, m := range parityRow.FindAllStringSubmatch(string(src), -1) {
		id := m[1]
		feature, state, shown, remark := strings.TrimSpace(m[2]), strings.TrimSpace(m[3]), strings.TrimSpace(m[4]), strings.TrimSpace(m[5])
		got = append(got, id)
		at := slices.Index(parityStates, state)
		if at < 0 {
			t.Errorf("%s: state %q is not of the legend", id, state)
			continue
		}
		for _, letter := range []string{"", id[:1]} {
			if counts[letter] == nil {
				counts[letter] = make([]int, 5)
			}
			counts[letter][0]++
			counts[letter][1+at]++
		}
		refs := parityRef.FindAllStringSubmatch(shown, -1)
		if feature == "" || (state == "done" || state == "better") && len(refs) == 0 {
			t.Errorf("%s is %s, and names no feature or no test", id, state)
		}
		if (state == "better" || state == "not applicable") && remark == "" {
			t.Errorf("%s is %s: the remark must say why", id, state)
		}
		if rest := strings.Trim(parityRef.ReplaceAllString(shown, ""), ", "); rest != "" {
			t.Errorf("%s: %q stands among the tests", id, rest)
		}
		for _, ref := range refs {
			if err := tests.check(ref[1]); err != nil {
				t.Errorf("%s: %v", id, err)
			}
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("the rows are %q, want %q", got, want)
	}
	said := 0
	for _, m := range parityCount.FindAllStringSubmatch(string(src), -1) {
		said++
		if is := strings.Trim(fmt.Sprint(counts[m[1]]), "[]"); is != strings.Join(m[2:], " ") {
			t.Errorf("group %q: the counts say %q, the rows %q", m[1], strings.Join(m[2:], " "), is)
		}
	}
	if said != len(parityGroups)+1 {
		t.Errorf("%d lines of counts, want one for each of %d groups and one for all", said, len(parityGroups))
	}
}

// testIndex is what a folder of Go tests, or a file of JavaScript ones, has.
type testIndex map[string][]string

// check looks for the tests of one reference: "folder: TestA, TestB" or
// "file.test.js: title".
func (x testIndex) check(ref string) error {
	where, what, ok := strings.Cut(ref, ": ")
	if !ok {
		return fmt.Errorf("%q names no test", ref)
	}
	if strings.HasSuffix(where, ".test.js") {
		if err := x.loadJS(where); err != nil {
			return err
		}
		if !slices.Contains(x[where], what) {
			return fmt.Errorf("no test of %s has the title %q", where, what)
		}
		return nil
	}
	if err := x.loadGo(where); err != nil {
		return err
	}
	for name := range strings.SplitSeq(what, ", ") {
		if !goTestName.MatchString(name) || !slices.Contains(x[where], name) {
			return fmt.Errorf("there is no test %q in %s", name, where)
		}
	}
	return nil
}

// loadGo reads the names of a folder's tests. Every folder with tests is run by
// make test, be its module this one or its own.
func (x testIndex) loadGo(dir string) error {
	if x[dir] != nil {
		return nil
	}
	files, err := filepath.Glob(filepath.Join(filepath.FromSlash(dir), "*_test.go"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no Go tests in %q", dir)
	}
	function := regexp.MustCompile(`(?m)^func (\w+)\(`)
	for _, name := range files {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		for _, m := range function.FindAllSubmatch(src, -1) {
			x[dir] = append(x[dir], string(m[1]))
		}
	}
	return nil
}

// loadJS reads the titles of a file's tests, a template's as it is written, and
// sees that make test runs the file.
func (x testIndex) loadJS(file string) error {
	if x[file] != nil {
		return nil
	}
	rules, err := os.ReadFile("Makefile")
	if err != nil {
		return err
	}
	test := regexp.MustCompile(`(?m)^test:.*\n(?:\t.*\n)*\t@\$\(MAKE\).* clients\n`)
	clients := regexp.MustCompile(`(?m)^clients:.*\n(?:\t.*\n)*`).Find(rules)
	if !test.Match(rules) {
		return fmt.Errorf("make test does not make clients any more")
	}
	for _, dir := range []string{"test", "browser"} {
		src, err := os.ReadFile(filepath.Join("conformance", "clients", dir, file))
		if err != nil {
			continue
		}
		if !strings.Contains(string(clients), "$(CLIENTS)/"+dir+"/*.test.js") {
			return fmt.Errorf("make test does not run %s/%s", dir, file)
		}
		for _, m := range jsTitle.FindAllSubmatch(src, -1) {
			title := string(m[1][1 : len(m[1])-1])
			if m[1][0] == '"' {
				if title, err = strconv.Unquote(string(m[1])); err != nil {
					return fmt.Errorf("%s: %w", file, err)
				}
			}
			x[file] = append(x[file], title)
		}
		return nil
	}
	return fmt.Errorf("there is no %s", file)
}
