package sio

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/sio-fast/sio-fast/eio"
)

// bundleNames are the files of the JavaScript client that the reference serves,
// each with its map.
var bundleNames = []string{"socket.io.js", "socket.io.min.js", "socket.io.esm.min.js", "socket.io.msgpack.min.js"}

// bundle is the JavaScript client, read once.
type bundle struct {
	etag  string
	files map[string]*bundleFile
}

// bundleFile is one of the files, and its compressed forms: br if it lies beside
// it, the others made when somebody asks for them, and kept.
type bundleFile struct {
	plain, br     []byte
	gzip, deflate func() []byte
	offered       []string
}

func newBundleFile(plain, br []byte, compress bool) *bundleFile {
	f := &bundleFile{plain: plain, br: br}
	if !compress {
		return f
	}
	if br != nil {
		f.offered = append(f.offered, "br")
	}
	f.offered = append(f.offered, "gzip", "deflate")
	f.gzip = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // a level that there is
		return pack(&b, w, plain)
	})
	f.deflate = sync.OnceValue(func() []byte {
		var b bytes.Buffer
		w, _ := zlib.NewWriterLevel(&b, zlib.BestCompression)
		return pack(&b, w, plain)
	})
	return f
}

// pack gives what w writes to b of data. Into memory nothing can fail.
func pack(b *bytes.Buffer, w io.WriteCloser, data []byte) []byte {
	_, _ = w.Write(data)
	_ = w.Close()
	return b.Bytes()
}

// as lends the file in the coding that accept likes best, and its name, "" for
// the file as it is.
func (f *bundleFile) as(accept string) (data []byte, coding string) {
	switch coding = eio.PreferredEncoding(accept, f.offered...); coding {
	case "br":
		return f.br, coding
	case "gzip":
		return f.gzip(), coding
	case "deflate":
		return f.deflate(), coding
	}
	return f.plain, ""
}

// bannerVersion finds the version in a bundle's first comment, "Socket.IO v4.8.4".
var bannerVersion = regexp.MustCompile(`Socket\.IO v([0-9][0-9A-Za-z.+-]*)`)

var errBundle = errors.New("sio: Options.ClientBundle has none of the client's files")

// newBundle reads the client's files; those that are missing are not served.
// A file with the suffix .br beside one is that, compressed by brotli.
func newBundle(files fs.FS, version string, compress bool) (*bundle, error) {
	if files == nil {
		return nil, nil
	}
	b := &bundle{files: make(map[string]*bundleFile, 2*len(bundleNames))}
	for _, name := range bundleNames {
		for _, name := range []string{name, name + ".map"} {
			data, err := fs.ReadFile(files, name)
			if errors.Is(err, fs.ErrNotExist) {
				continue
			}
			if err != nil {
				return nil, err
			}
			br, _ := fs.ReadFile(files, name+".br") // it need not be there
			b.files[name] = newBundleFile(data, br, compress)
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
// after the server's path. false: it is none of them. cors adds the headers for
// pages of other origins.
func (b *bundle) serve(w http.ResponseWriter, r *http.Request, name string, cors func(http.Header, *http.Request)) bool {
	file, ok := b.files[name]
	if !ok || r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	cors(w.Header(), r)
	// As the reference: `If-None-Match: "4.8.4"` or `W/"4.8.4"`: 304, no headers but those.
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
	data, coding := file.as(strings.Join(r.Header.Values("Accept-Encoding"), ","))
	if coding != "" {
		h.Set("Content-Encoding", coding)
	}
	if len(file.offered) > 0 {
		h.Add("Vary", "Accept-Encoding")
	}
	h.Set("Content-Length", strconv.Itoa(len(data)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = bytes.NewReader(data).WriteTo(w)
	}
	return true
}
