//go:build linux

package eventloop

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
)

// TestHost gives connections that net/http has read a request from to a loop.
func TestHost(t *testing.T) {
	m := echoMux()
	h := NewHost(&Options{Loops: 2, Logger: quiet(t)})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		buffered, _ := rw.Reader.Peek(rw.Reader.Buffered())
		if err := h.Adopt(m, c, append([]byte("GET /ws"+upgradeHead), buffered...)); err != nil {
			t.Error(err)
		}
	})}
	go func() { _ = srv.Serve(ln) }()
	defer srv.Close()
	s := &Server{at: ln.Addr()}
	for range 10 {
		c := connect(t, s)
		x := wrap(t, c)
		// Frames in the same write as the request end up in net/http's buffer.
		x.raw(masked([]byte("GET /ws"+upgradeHead), 1, []byte("early")))
		x.upgraded()
		x.want("early")
		big := strings.Repeat("b", 200_000)
		go x.text(big)
		x.want(big)
	}
	if n := h.Stats().Conns; n != 10 {
		t.Errorf("%d connections", n)
	}
	if err := h.Adopt(eio.NewMux(), connect(t, s), nil); !errors.Is(err, errOtherMux) {
		t.Error(err)
	}
	if err := h.Adopt(m, tls.Client(connect(t, s), nil), nil); !errors.Is(err, errNotPlain) {
		t.Error(err)
	}
	if err := h.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if n := h.Stats().Conns; n != 0 {
		t.Errorf("%d connections left", n)
	}
	c := connect(t, s)
	if err := h.Adopt(m, c, nil); !errors.Is(err, net.ErrClosed) {
		t.Error(err)
	}
	if err := h.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	_, _ = io.WriteString(c, "")
}
