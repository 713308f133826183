package main

import (
	"bytes"
	"context"
	"net"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
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
		"addr", "admin", "app", "path", "ping-interval", "ping-timeout", "max-payload", "max-backlog",
		"cors-origin", "allow-eio3", "loops", "no-io-uring", "tls-cert", "tls-key", "log-level", "log-format", "user-timeout", "drain", "version",
	} {
		if !named[name] {
			t.Errorf("the help does not name --%s", name)
		}
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
