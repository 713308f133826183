package netns

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestNamespace: where this user may make one, who is inside sees the server's
// end and nothing of the outside, and nothing is left behind. Where he may not,
// the error says what it takes.
func TestNamespace(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n, err := New(3)
	if err != nil {
		if err.Error() == "" {
			t.Error("no reason")
		}
		t.Logf("no namespace here: %v", err)
		return
	}
	ln, err := net.Listen("tcp4", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ln.Close() }()
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	if len(n.From) != 3 {
		t.Errorf("addresses %v", n.From)
	}
	err = n.Do(func() error {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(n.From[2])}}
		c, err := d.Dial("tcp4", net.JoinHostPort(n.Server.String(), port))
		if err != nil {
			return err
		}
		return c.Close()
	})
	if err != nil {
		t.Errorf("from inside to the server: %v", err)
	}
	_ = n.Do(func() error {
		if c, err := net.Dial("tcp4", net.JoinHostPort("127.0.0.1", port)); err == nil {
			_ = c.Close()
			t.Error("the outside's loopback is seen from inside")
		}
		return nil
	})
	n.Close()
	if _, err := os.Stat(filepath.Join(folder, n.name)); err == nil {
		t.Error("it is still there")
	}
	if _, err := net.InterfaceByName(n.here); err == nil {
		t.Error("its card is still there")
	}
}
