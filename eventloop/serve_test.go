//go:build linux

package eventloop

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio"
)

func TestStartStop(t *testing.T) {
	for _, addr := range []string{"127.0.0.1:0", ":0", "[::1]:0", "unix://" + t.TempDir() + "/a.sock"} {
		s := NewServer(addr, eio.NewMux(), nil)
		if err := s.Start(); err != nil {
			t.Fatal(addr, err)
		}
		t.Log(s.Addr())
		var cs []net.Conn
		for range 4 {
			c, err := net.Dial(s.Addr().Network(), s.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			cs = append(cs, c)
		}
		for end := time.Now().Add(time.Second); s.Stats().Conns != 4 && time.Now().Before(end); {
			time.Sleep(time.Millisecond)
		}
		t.Log(s.Stats())
		if s.Addr().Network() == "tcp" {
			t.Log(NewServer(s.Addr().String(), eio.NewMux(), nil).Start())
			s2 := NewServer(s.Addr().String(), eio.NewMux(), &Options{ReusePort: true})
			t.Log("shared", s2.Start())
			s2.Shutdown(context.Background())
		} else {
			t.Log(NewServer(addr, eio.NewMux(), nil).Start())
		}
		t0 := time.Now()
		if err := s.Shutdown(context.Background()); err != nil {
			t.Fatal(err)
		}
		t.Log("shutdown", time.Since(t0), s.Wait(), s.Stats())
		for _, c := range cs {
			c.Close()
		}
		ln, err := net.Listen(s.Addr().Network(), s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
	}
}
