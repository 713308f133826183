package main

import (
	"context"
	"net"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/sio-fast/sio-fast/eio"
	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/examples/greeter/greetertest"
)

// counted counts the connections that a host takes.
type counted struct {
	*eventloop.Host
	adopted atomic.Int32
}

func (c *counted) Adopt(m *eio.Mux, conn net.Conn, head []byte) error {
	err := c.Host.Adopt(m, conn, head)
	if err == nil {
		c.adopted.Add(1)
	}
	return err
}

func TestServes(t *testing.T) {
	host := &counted{Host: eventloop.NewHost(nil)}
	h, err := handler(host)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(h)
	defer s.Close()
	for range 4 { // on each of the loops
		greetertest.Run(t, greetertest.Server{URL: s.URL})
	}
	if n := host.adopted.Load(); n != 4 {
		t.Errorf("%d websockets were moved to the loops, want 4", n)
	}
	if err := host.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
}
