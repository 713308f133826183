package sio_test

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"
)

// TestNamesRefuse: what does not fit a declared name does not compile.
func TestNamesRefuse(t *testing.T) {
	const head = `package p
import "github.com/sio-fast/sio-fast/sio"
const say sio.Name[int] = "say"
const add sio.Question[string, int] = "add"
func f(io *sio.Server, s *sio.Socket) {
`
	fset := token.NewFileSet()
	conf := types.Config{Importer: importer.ForCompiler(fset, "source", nil)}
	for body, fits := range map[string]bool{
		`sio.On(io, say, func(*sio.Socket, int) error { return nil }); say.Emit(s, 1)`: true,
		`sio.On(io, "any", func(*sio.Socket, string) error { return nil })`:            true,
		`sio.On(io, say, func(*sio.Socket, string) error { return nil })`:              false,
		`say.Emit(s, "text")`: false,
		`sio.OnCall(io, add, func(*sio.Socket, string) (string, error) { return "", nil })`: false,
		`sio.OnCall(io, add, func(*sio.Socket, string) (int, error) { return 0, nil })`:     true,
		`var n string; n, _ = add.Ask(s.Context(), s, "x"); _ = n`:                          false,
		`sio.On(io, add, func(*sio.Socket, string) error { return nil })`:                   false,
	} {
		file, err := parser.ParseFile(fset, "p.go", head+body+"}", 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = conf.Check("p", fset, []*ast.File{file}, nil)
		if (err == nil) != fits {
			t.Errorf("%s: %v, want it to compile: %t", body, err, fits)
		}
	}
}
