// Package house holds no code: its tests keep the whole tree in order. They
// check who imports whom, how long files and functions are, and that nothing of
// one machine has slipped into the repository.
package house

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sio-fast/sio-fast"

// floors says what each package of the library may import besides the standard
// library and packages below its own folder. The order is the order of the
// house: an arrow only ever points up this list.
var floors = []struct {
	dir   string
	allow []string
}{
	{"pool", []string{"github.com/valyala/bytebufferpool"}},
	{"wsframe", []string{"github.com/gobwas/ws", module + "/pool"}},
	{"internal/http1", nil},
	{"internal/debuglog", nil},
	{"eio", []string{module + "/pool", module + "/wsframe", module + "/internal/http1", module + "/internal/debuglog"}},
	{"sio", []string{module + "/pool", module + "/eio", module + "/eio/eiotest", module + "/internal/debuglog"}},
	{"eventloop", []string{"github.com/panjf2000/gnet/v2", "golang.org/x/sys/unix", module + "/pool", module + "/eio"}},
}

type goPackage struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

// listPackages asks the go command, so that build tags and vendoring are its
// business.
func listPackages(t *testing.T, pattern string) []goPackage {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", pattern)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list %s: %v\n%s", pattern, err, errs.Bytes())
	}
	var all []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var p goPackage
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// TestImports holds the strict DAG of ARCHITECTURE.md: what a floor imports
// directly is on its list, and gnet is reached through eventloop alone, so that
// a user of net/http links none of it.
func TestImports(t *testing.T) {
	for _, f := range floors {
		for _, p := range listPackages(t, "./"+f.dir+"/...") {
			own := module + "/" + f.dir
			for _, imp := range p.Imports {
				std := !strings.Contains(strings.SplitN(imp, "/", 2)[0], ".")
				if std || imp == own || strings.HasPrefix(imp, own+"/") || slices.Contains(f.allow, imp) {
					continue
				}
				t.Errorf("%s imports %s, which its floor may not", p.ImportPath, imp)
			}
			if f.dir == "eventloop" {
				continue
			}
			for _, dep := range p.Deps {
				if strings.HasPrefix(dep, "github.com/panjf2000/gnet") {
					t.Errorf("%s reaches %s: only eventloop may", p.ImportPath, dep)
				}
			}
		}
	}
}

// treeFiles gives every file of the tree that belongs to the repository, with
// slashes, relative to the top.
func treeFiles(t *testing.T) []string {
	t.Helper()
	if out, err := exec.Command("git", "ls-files", "-co", "--exclude-standard").Output(); err == nil && len(out) > 0 {
		var files []string
		for name := range strings.Lines(string(out)) {
			name = strings.TrimSuffix(name, "\n")
			if st, err := os.Lstat(name); err == nil && st.Mode().IsRegular() {
				files = append(files, name)
			}
		}
		return files
	}
	// An export without git: everything but what .gitignore names.
	var files []string
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && slices.Contains([]string{".git", "node_modules", "bin", "dist", ".stamps"}, d.Name()) {
			return fs.SkipDir
		}
		if d.Type().IsRegular() {
			files = append(files, filepath.ToSlash(path))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

const (
	maxFileLines = 600 // CONTRIBUTING: 400 is the aim, 600 the cap
	maxFuncLines = 100 // 60 is the aim
)

// excuse is the comment that lets a file or a function be longer than its cap.
// It has to say why.
var excuse = regexp.MustCompile(`(?m)^\s*(//|/?\*) ?Long, because \S+`)

// TestSizes keeps every file and function at a size that a person holds in the
// head.
func TestSizes(t *testing.T) {
	for _, name := range treeFiles(t) {
		ext := filepath.Ext(name)
		if ext != ".go" && ext != ".js" && ext != ".mjs" {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(src, []byte("\n")); n > maxFileLines && !excuse.Match(src) {
			t.Errorf("%s has %d lines, the cap is %d", name, n, maxFileLines)
		}
		if ext == ".go" && !strings.HasSuffix(name, "_test.go") {
			checkFunctions(t, name, src)
		}
	}
}

func checkFunctions(t *testing.T, name string, src []byte) {
	t.Helper()
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, src, parser.ParseComments)
	if err != nil {
		t.Error(err)
		return
	}
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok {
			continue
		}
		n := set.Position(fn.End()).Line - set.Position(fn.Pos()).Line + 1
		if n <= maxFuncLines || fn.Doc != nil && excuse.MatchString("// "+strings.ReplaceAll(fn.Doc.Text(), "\n", "\n// ")) {
			continue
		}
		t.Errorf("%s: %s has %d lines, the cap is %d", name, fn.Name.Name, n, maxFuncLines)
	}
}

// foreign finds what belongs to one machine and not to the repository. The
// patterns are written so that they do not find themselves.
var foreign = []struct {
	what string
	re   *regexp.Regexp
}{
	{"a path of one machine", regexp.MustCompile(`(^|[\s"'=(:` + "`" + `])/(work|root|home/\w+|Users/\w+)/[\w.]`)},
	{"the host of a package registry", regexp.MustCompile(`(?i)https?://[\w.:-]*(npm|registry|artifact|nexus|goproxy|proxy\.golang)`)},
	{"a download address in a lockfile", regexp.MustCompile(`"resol` + `ved"\s*:`)},
}

// TestNothingForeign keeps paths of a machine, registry hosts and download
// addresses out of the tree.
func TestNothingForeign(t *testing.T) {
	for _, name := range treeFiles(t) {
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.IndexByte(src[:min(len(src), 8000)], 0) >= 0 {
			continue // binary
		}
		for _, f := range foreign {
			if at := f.re.FindIndex(src); at != nil {
				line := 1 + bytes.Count(src[:at[1]], []byte("\n"))
				t.Errorf("%s:%d: %s: %q", name, line, f.what, src[at[0]:at[1]])
			}
		}
	}
}

// TestNothingSkipped: a test that does not run proves nothing, so none may skip
// itself.
func TestNothingSkipped(t *testing.T) {
	re := regexp.MustCompile(`\b[tbf]\.Skip(Now|f)?\(|\b(it|test|describe)\.(skip|todo|only)\(|\b(skip|todo|only): true`)
	for _, name := range treeFiles(t) {
		if !strings.HasSuffix(name, "_test.go") && !strings.HasSuffix(name, ".test.js") || name == "house_test.go" {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if m := re.Find(src); m != nil {
			t.Errorf("%s: %s", name, m)
		}
	}
}
