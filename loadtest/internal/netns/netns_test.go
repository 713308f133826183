package netns

import (
	"net"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// TestNamespace: where this user may make one, who is inside sees the server's end and
// nothing of the outside. Where he may not, the error says why. Either way nothing is
// left behind.
func TestNamespace(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n, err := New(3)
	if err != nil && err.Error() == "" {
		t.Error("no reason")
	}
	t.Run("inside", func(t *testing.T) {
		if err != nil {
			t.Logf("there is no network namespace: %v", err)
			return
		}
		defer n.Close()
		inside(t, n)
	})
	own := named(os.Getpid())
	if _, err := os.Stat(filepath.Join(folder, own.name)); err == nil {
		t.Error("the namespace is still there")
	}
	if _, err := net.InterfaceByName(own.here); err == nil {
		t.Error("its card is still there")
	}
}

func inside(t *testing.T, n *Net) {
	runtime.LockOSThread() // a subtest has a goroutine of its own
	defer runtime.UnlockOSThread()
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
}
