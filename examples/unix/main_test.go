package main

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"github.com/sio-fast/sio-fast/examples/greeter/greetertest"
)

func TestServes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sio.sock")
	ctx, stop := context.WithCancel(t.Context())
	ready, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- serve(ctx, path, func() { close(ready) }) }()
	select {
	case err := <-done:
		t.Fatal(err)
	case <-ready:
	}
	greetertest.Run(t, greetertest.Server{
		URL: "http://unix",
		Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", path)
		},
	})
	stop()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
