package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestCommitted holds the committed report to the figures it is written from:
// nobody has changed one of them by hand, nor the text without writing the
// report anew.
func TestCommitted(t *testing.T) {
	_, inside, _, err := cut(committed(t, readme))
	if err != nil {
		t.Fatal(err)
	}
	s, err := load(filepath.Join(top, results))
	if err != nil {
		t.Fatal(err)
	}
	compact, err := s.compact()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct{ file, got, want string }{
		{results, committed(t, results), string(compact)},
		{"bench/RESULTS.md", committed(t, "bench/RESULTS.md"), table(s, "rivals.svg")},
		{"bench/rivals.svg", committed(t, "bench/rivals.svg"), draw(s)},
		{"the block in " + readme, inside, "\n" + block(s)},
	} {
		if x.got != x.want {
			t.Errorf("%s is not what %s says: make rivals ARGS=\"--report --state %[2]s\" writes it again\n%s", x.file, results, difference(x.got, x.want))
		}
	}
}

// committed reads a file of the repository.
func committed(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(top, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// difference shows the first line that differs.
func difference(got, want string) string {
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		x, y := "(end)", "(end)"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			return "there:  " + x + "\nwanted: " + y
		}
	}
	return "the same"
}

// TestPublish: a run of everything replaces what stands between the marks, and
// nothing else, and what is committed gives the same report as the state.
func TestPublish(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.Mkdir("bench", 0o777); err != nil {
		t.Fatal(err)
	}
	const before, after = "# top\n\n" + blockBegin, blockEnd + "\n\nrest\n"
	if err := os.WriteFile(readme, []byte(before+"\nold figures\n"+after), 0o666); err != nil {
		t.Fatal(err)
	}
	s, c := made(), new(config)
	for range 2 { // the second time from what the first has written
		if err := c.write(s, &strings.Builder{}); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(readme)
		if got, want := string(b), before+"\n"+block(s)+after; got != want {
			t.Errorf("README:\n%s", difference(got, want))
		}
		back, err := load(results)
		if err != nil {
			t.Fatal(err)
		}
		if table(back, "x") != table(s, "x") || draw(back) != draw(s) || block(back) != block(s) {
			t.Error("another report of the committed state")
		}
		s = back
	}
	for what, change := range map[string]func(*state, *config){
		"a part":          func(s *state, _ *config) { s.Whole = false },
		"an unfinished":   func(s *state, _ *config) { s.Done-- },
		"an --out":        func(_ *state, c *config) { c.out = "other.md" },
		"a rival skipped": func(s *state, _ *config) { s.Skipped = append(s.Skipped, skipped{Name: "node"}) },
	} {
		s, c := made(), new(config)
		s.Machine.Commit = "def"
		change(s, c)
		var said strings.Builder
		if err := c.write(s, &said); err != nil {
			t.Fatal(err)
		}
		for _, file := range []string{readme, results, "bench/RESULTS.md"} {
			if b, _ := os.ReadFile(file); strings.Contains(string(b), "def") {
				t.Errorf("%s run changed %s", what, file)
			}
		}
		if left := strings.Contains(said.String(), "stay as they were: node could not be measured"); left != (what == "a rival skipped") {
			t.Errorf("%s run says %s", what, &said)
		}
		if b, _ := os.ReadFile("bin/rivals/RESULTS.md"); what == "a rival skipped" && !strings.Contains(string(b), "Not everything that there is: without node.") {
			t.Errorf("%s run's table:\n%s", what, b)
		}
	}
}

func TestBlock(t *testing.T) {
	s := made()
	s.Servers[1].Versions, s.Servers[2].Versions = "go1, gnet 2", "go1, x 3"
	text := block(s)
	for _, want := range []string{
		"medians of 3 rounds", "on 1970-01-01 at commit `abc`", "Versions: go1, gnet 2, x 3.", "Not measured: uws.",
		"| µs of server CPU a message, 64 bytes if not said otherwise | one broadcast at a time to 10,000, a delivery | echo, 100 clients, ten in flight |",
		"| **sio** | 22.0 | 22.0 |", "| node | 44.0 | failed (1) |", "1. node, echo: failed in 1 of 3",
		"| objects allocated a message | one broadcast at a time | echo, ten in flight |\n|---|---:|---:|\n| **sio** | 0.001 | 0.001 |\n| **sio-raw** | 0.001 | 0.001 |\n\nAims",
		"fan-out of sio, 2.00 × floor where ≤ 1.00 × floor was wanted (missed: 2.00 times the aim)",
	} {
		if !strings.Contains(strings.ReplaceAll(text, "\n", " "), strings.ReplaceAll(want, "\n", " ")) {
			t.Errorf("the block lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "\n\n\n") || !strings.HasSuffix(text, ".\n") {
		t.Errorf("blank lines:\n%s", text)
	}
}

func TestMarks(t *testing.T) {
	for _, bad := range []string{"", blockBegin, blockEnd + blockBegin, blockBegin + blockEnd + blockEnd} {
		if _, _, _, err := cut(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestTables: each column of the README's tables exists and stands there once.
func TestTables(t *testing.T) {
	seen := map[string]bool{}
	for _, x := range readmeTables {
		for _, h := range x.heads {
			find(h.col)
			if seen[h.col] {
				t.Errorf("%s is there twice", h.col)
			}
			seen[h.col] = true
		}
	}
	for _, x := range targets {
		if !seen[x.col] {
			t.Errorf("%s has an aim, and the README does not show it", x.col)
		}
	}
}

func TestFold(t *testing.T) {
	long := strings.Repeat("x", 86)
	for text, want := range map[string]string{
		"a  b\nc": "a b c", long + " y z": long + " y\nz", long + " a + b": long + " a +\nb", long + " 12 % b": long + "\n12 % b", "": "",
	} {
		if got := fold(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}
