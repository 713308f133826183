package admin

import (
	"bytes"
	"embed"
	"net/http"
	"time"
)

//go:embed web
var files embed.FS

// file answers one embedded file.
func file(name, contentType string) http.HandlerFunc {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("admin: " + err.Error()) // the file is embedded: it cannot be missing
	}
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; frame-ancestors 'none'")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
	}
}
