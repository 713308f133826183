// Package bundle embeds the official Socket.IO client for browsers. The files
// come from npm, by the pinned lockfile in this folder, when `make bundle` is
// run before the build; they are not part of the repository. Beside each lies the
// same compressed by brotli, which Go's library cannot do. A build without them
// works, and FS says so.
package bundle

import (
	"embed"
	"io/fs"
)

//go:embed dist
var files embed.FS

// Missing is what a program says when it was built without the bundle.
const Missing = "the client bundle is not in this build; run `make bundle` and build again"

// FS gives the folder that holds socket.io.js, socket.io.min.js and the others
// with their maps, and the compressed ones with the suffix .br. It is nil, false
// when the build has no bundle. Any goroutine.
func FS() (fs.FS, bool) {
	dist, err := fs.Sub(files, "dist")
	if err != nil {
		return nil, false
	}
	if _, err := fs.Stat(dist, "socket.io.js"); err != nil {
		return nil, false
	}
	return dist, true
}
