package chat

import (
	"bytes"
	"embed"
	"net/http"
	"time"
)

//go:embed web
var files embed.FS

// Pages answers the chat page and its files.
func Pages() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", page("web/index.html", "text/html; charset=utf-8"))
	mux.HandleFunc("GET /chat.js", page("web/chat.js", "text/javascript; charset=utf-8"))
	mux.HandleFunc("GET /chat.css", page("web/chat.css", "text/css; charset=utf-8"))
	return mux
}

func page(name, contentType string) http.HandlerFunc {
	b, err := files.ReadFile(name)
	if err != nil {
		panic("chat: " + err.Error()) // the file is embedded: it cannot be missing
	}
	return func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "no-cache")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' blob: data:; connect-src 'self' ws: wss:")
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(b))
	}
}
