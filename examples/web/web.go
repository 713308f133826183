// Package web is what the examples with a page have in common: the page, the
// look, the bounds, and the way from main to a listening server.
package web

import (
	"context"
	"embed"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/internal/bundle"
	"github.com/sio-fast/sio-fast/sio"
)

//go:embed style.css common.js
var shared embed.FS

// Pages answers the files of an example, index.html for /, and the shared ones.
func Pages(files fs.FS) *http.ServeMux {
	mux := http.NewServeMux()
	mux.Handle("GET /", guard(http.FileServerFS(files)))
	for _, name := range []string{"/style.css", "/common.js"} {
		mux.Handle("GET "+name, guard(http.FileServerFS(shared)))
	}
	return mux
}

// guard lets a page load nothing from elsewhere and run no script of its text.
func guard(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; connect-src 'self' ws: wss:")
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-cache")
		h.ServeHTTP(w, r)
	})
}

// Options serve the site beside Socket.IO, the browser's client with it, and take
// no message above 64 KiB. In a program of your own ClientBundle is
// os.DirFS("node_modules/socket.io-client/dist").
func Options(site http.Handler) *sio.Options {
	o := &sio.Options{Fallback: site, MaxPayload: 64 << 10}
	if files, ok := bundle.FS(); ok {
		o.ClientBundle = files
	} else {
		log.Print(bundle.Missing)
	}
	return o
}

// Polite tells a client what was wrong with an event that it has sent. Errors
// that are no *sio.CallError are for the log alone.
func Polite(io *sio.Server) {
	io.OnError(func(s *sio.Socket, event string, err error) {
		say := "that was not understood"
		if told, ok := errors.AsType[*sio.CallError](err); ok {
			say = told.Message
		} else {
			log.Printf("event %.40q: %v", event, err)
		}
		_ = s.Emit("problem", say) // a client that has left needs no answer
	})
}

// Line makes one clean line of s: blanks collapsed, without control characters.
// The error, a *sio.CallError that names what, is fit for the client.
func Line(what, s string, most int) (string, error) {
	s = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Bidi_Control, r) || unicode.IsControl(r) && !unicode.IsSpace(r) {
			return -1
		}
		return r
	}, s)
	s = strings.Join(strings.Fields(s), " ")
	if n := utf8.RuneCountInString(s); n == 0 || n > most {
		return "", &sio.CallError{Message: fmt.Sprintf("%s has 1 to %d letters", what, most)}
	}
	return s, nil
}

// Main serves io on the address of the flag -addr until a signal comes.
func Main(io *sio.Server, err error) {
	addr := flag.String("addr", ":3000", "where to listen")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	if err == nil {
		err = Serve(ctx, io, *addr, func(url string) { log.Print("open ", url) })
	}
	stop()
	if err != nil {
		log.Fatal(err)
	}
}

// Serve serves io on event loops until ctx ends. ready hears where.
func Serve(ctx context.Context, io *sio.Server, addr string, ready func(url string)) error {
	s := eventloop.NewServer(addr, io, nil)
	if err := s.Start(); err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(s.Addr().String())
	if err != nil {
		return err
	}
	if ip := net.ParseIP(host); ip == nil || ip.IsUnspecified() {
		host = "localhost"
	}
	ready("http://" + net.JoinHostPort(host, port))
	<-ctx.Done()
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return errors.Join(io.Close(end), s.Shutdown(end))
}
