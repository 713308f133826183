package sio

import (
	"bytes"
	"errors"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// bundleNames are the files of the JavaScript client that the reference serves,
// each with its map.
var bundleNames = []string{"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"}

// bundle is the JavaScript client, read once.
type bundle struct {
	etag  string
	files map[string][]byte
}

// bannerVersion finds the version in a bundle's first comment, "Socket.IO v4.8.4".
var bannerVersion = regexp.MustCompile(`Socket\.IO v([0-9][0-9A-Za-z.+-]*)`)

var errBundle = errors.New("sio: Options.ClientBundle has none of the client's files")

// newBundle reads the client's files; those that are missing are not served.
func newBundle(files fs.FS, version string) (*bundle, error) {
	if files == nil {
		return nil, nil
	}
	b := &bundle{files: make(map[string][]byte, 2*len(bundleNames))}
	for _, name := range bundleNames {
		for _, name := range []string{name, name + ".map"} {
			data, err := fs.ReadFile(files, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			b.files[name] = data
			if version == "" {
				if m := bannerVersion.FindSubmatch(data[:min(len(data), 512)]); m != nil {
					version = string(m[1])
				}
			}
		}
	}
	if len(b.files) == 0 {
		return nil, errBundle
	}
	b.etag = `"` + version + `"`
	return b, nil
}

// serve answers a request for one of the client's files, name being what comes
// after the server's path. false: it is none of them.
func (b *bundle) serve(w http.ResponseWriter, r *http.Request, name string) bool {
	data, ok := b.files[name]
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	// As the reference: `If-None-Match: "4.8.4"` or `W/"4.8.4"`: 304, no headers.
	if strings.TrimPrefix(r.Header.Get("If-None-Match"), "W/") == b.etag {
		w.WriteHeader(http.StatusNotModified)
		return true
	}
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=0")
	h.Set("Content-Type", "application/javascript; charset=utf-8")
	if strings.HasSuffix(name, ".map") {
		h.Set("Content-Type", "application/json; charset=utf-8")
	}
	h.Set("ETag", b.etag)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = bytes.NewReader(data).WriteTo(w)
	}
	return true
}
