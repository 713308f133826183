package bundle

import (
	"io/fs"
	"testing"
)

// TestFS holds with and without the bundle: either all eight files are there,
// or FS says that none is.
func TestFS(t *testing.T) {
	dist, ok := FS()
	if !ok {
		if dist != nil {
			t.Error("FS gives a folder and says that there is none")
		}
		return
	}
	small, err := fs.Glob(dist, "*.br")
	if err != nil || len(small) != 0 && len(small) != 8 {
		t.Errorf("%d compressed files: %v", len(small), err)
	}
	for _, name := range []string{"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"} {
		for _, f := range []string{name, name + ".map"} {
			if _, err := fs.Stat(dist, f); err != nil {
				t.Error(err)
			}
		}
	}
}
