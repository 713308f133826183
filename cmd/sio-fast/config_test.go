package main

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/eio/eiotest"
)

// Each mistake is answered by one line that names it, and exit code 2.
func TestBadFlags(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.pem")
	for _, c := range []struct {
		args string
		says string
	}{
		{"--nonsense", "-nonsense"},
		{"--addr 3000", "want host:port"},
		{"--addr :70000", "port"},
		{"--addr :http", "port"},
		{"--admin nowhere", "want host:port"},
		{"--app game", "--app"},
		{"--path socket.io", "--path"},
		{"--path /", "--path"},
		{"--ping-interval 0s", "longer than 0"},
		{"--ping-timeout ten", "invalid value"},
		{"--max-payload 0", "greater than 0"},
		{"--max-backlog -1", "greater than 0"},
		{"--when-slow wait", "--when-slow"},
		{"--loops -2", "negative"},
		{"--user-timeout 0s", "--user-timeout"},
		{"--user-timeout 1000h", "--user-timeout"},
		{"--drain -1s", "negative"},
		{"--log-level loud", "--log-level"},
		{"--log-format xml", "--log-format"},
		{"--tls-cert a.pem", "belong together"},
		{"--tls-cert " + missing + " --tls-key " + missing, "--tls-cert: "},
		{"serve", "unexpected argument"},
	} {
		var out, errs bytes.Buffer
		code := run(context.Background(), strings.Fields(c.args), &out, &errs)
		if code != exitUsage {
			t.Errorf("%s: exit code %d, want %d", c.args, code, exitUsage)
		}
		if !strings.Contains(errs.String(), c.says) || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%s: says %q, want one line with %q", c.args, errs.String(), c.says)
		}
		if out.Len() != 0 {
			t.Errorf("%s: wrote %q to standard output", c.args, out.String())
		}
	}
}

func TestHelpAndVersion(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"--help"}, &out, &errs); code != exitOK || errs.Len() != 0 {
		t.Fatalf("--help: exit code %d, standard error %q", code, &errs)
	}
	if out.String() != usage {
		t.Error("--help does not print the help to standard output")
	}
	out.Reset()
	if code := run(context.Background(), []string{"--version"}, &out, &errs); code != exitOK || !strings.HasPrefix(out.String(), "sio-fast ") {
		t.Errorf("--version: exit code %d, %q", code, &out)
	}
}

// The help names each flag that is read, and no other.
func TestHelpIsComplete(t *testing.T) {
	named := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^  --([a-z0-9-]+)`).FindAllStringSubmatch(usage, -1) {
		named[m[1]] = true
	}
	for name := range named {
		if name == "help" {
			continue
		}
		_, err := parse([]string{"--" + name}, &bytes.Buffer{})
		if err != nil && strings.Contains(err.Error(), "not defined") {
			t.Errorf("the help names --%s, which does not exist", name)
		}
	}
	for _, name := range []string{
		"addr", "admin", "app", "path", "ping-interval", "ping-timeout", "max-payload", "max-backlog", "when-slow",
		"cors-origin", "allow-eio3", "loops", "no-io-uring", "tls-cert", "tls-key", "log-level", "log-format", "user-timeout", "drain", "version",
	} {
		if !named[name] {
			t.Errorf("the help does not name --%s", name)
		}
	}
}

// What --when-slow says is what becomes of a client that does not read.
func TestWhenSlow(t *testing.T) {
	for _, c := range []struct {
		args         string
		cut, refused bool
	}{
		{"", true, false},
		{"--when-slow cut", true, false},
		{"--when-slow refuse", false, true},
	} {
		conf, err := parse(strings.Fields("--app none --max-backlog 5000 "+c.args), &bytes.Buffer{})
		if err != nil {
			t.Fatal(err)
		}
		a, err := newApp(conf, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		d := eiotest.New(a.io.Mux())
		client := d.Dial()
		client.WriteString("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n" +
			"Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
		client.WriteString("\x81\x82\x00\x00\x00\x0040") // CONNECT, in a frame with an empty mask
		client.SetRoom(100)
		for range 20 {
			if err := a.io.Emit("news", strings.Repeat("x", 1000)); err != nil {
				t.Fatal(err)
			}
			d.Run()
		}
		client.Settle()
		d.Advance(time.Second)
		s := a.io.Mux().Stats()
		if (s.SlowClosed == 1) != c.cut || (s.SlowRefused > 0) != c.refused || (s.Open == 1) != c.refused {
			t.Errorf("%q: %d cut, %d refused, %d clients left", c.args, s.SlowClosed, s.SlowRefused, s.Open)
		}
		d.Stop()
		d.Settle()
		a.stop()
	}
}

func TestPortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	for _, flag := range []string{"--addr", "--admin"} {
		args := []string{"--log-level", "error", "--addr", "127.0.0.1:0", flag, ln.Addr().String()}
		var out, errs bytes.Buffer
		if code := run(context.Background(), args, &out, &errs); code != exitFailed {
			t.Errorf("%s in use: exit code %d, want %d", flag, code, exitFailed)
		}
		if !strings.Contains(errs.String(), "in use") || strings.Count(errs.String(), "\n") != 1 {
			t.Errorf("%s in use: says %q", flag, errs.String())
		}
	}
}
