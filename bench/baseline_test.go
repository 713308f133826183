package bench

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestBaseline holds that bench/baseline.txt has a figure of every benchmark that
// scripts/bench.sh runs, and of none that is gone: what is not in it is compared
// with nothing.
func TestBaseline(t *testing.T) {
	saved := savedBenchmarks(t)
	there := map[string]bool{}
	for _, dir := range benchedPackages(t) {
		for _, name := range benchmarksOf(t, dir) {
			there[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(there)) {
		if !saved[name] {
			t.Errorf("%s has no line in bench/baseline.txt: make bench-save", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(saved)) {
		if !there[name] {
			t.Errorf("bench/baseline.txt has %s, which is gone: make bench-save", name)
		}
	}
}

// benchedPackages are those of scripts/bench.sh, which alone knows.
func benchedPackages(t *testing.T) []string {
	script, err := os.ReadFile("../scripts/bench.sh")
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`(?m)^packages='([^']+)'$`).FindSubmatch(script)
	if m == nil {
		t.Fatal("scripts/bench.sh does not say its packages")
	}
	return strings.Fields(string(m[1]))
}

// benchmarksOf gives "dir.BenchmarkName" of the test files of a package.
func benchmarksOf(t *testing.T, dir string) (names []string) {
	files, err := filepath.Glob(filepath.Join("..", dir, "*_test.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d test files, %v", dir, len(files), err)
	}
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Benchmark") {
				names = append(names, strings.TrimPrefix(dir, "./")+"."+f.Name.Name)
			}
		}
	}
	return names
}

// savedBenchmarks gives the same names of the baseline's lines, those of
// sub-benchmarks taken together.
func savedBenchmarks(t *testing.T) map[string]bool {
	text, err := os.ReadFile("baseline.txt")
	if err != nil {
		t.Fatal(err)
	}
	saved, dir := map[string]bool{}, ""
	top := regexp.MustCompile(`^Benchmark\w*`)
	for line := range strings.Lines(string(text)) {
		if pkg, ok := strings.CutPrefix(line, "pkg: github.com/sio-fast/sio-fast/"); ok {
			dir = strings.TrimSpace(pkg)
		}
		if name := top.FindString(line); name != "" {
			saved[dir+"."+name] = true
		}
	}
	return saved
}
