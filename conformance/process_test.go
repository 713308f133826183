package conformance

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/conformance/client"
)

var binary string // of conformance/server, as the tests were built: with -race or not

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sio-fast-conformance-")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, "server")
	if out, err := exec.Command("go", "build", raceFlag, "-o", binary, "./server").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "building the server: %v\n%s", err, out)
		os.Exit(1)
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// patience bounds every single wait of these tests, on a busy machine too.
const patience = 20 * time.Second

func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// process is a running server.
type process struct {
	cmd    *exec.Cmd
	url    string
	errs   lockedBuffer
	ended  chan struct{}
	status error
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// start runs a profile and waits for its READY line. At the end of the test it
// is stopped, and has to end with 0 and without a word about races or panics.
func start(t *testing.T, profile string, args ...string) *process {
	t.Helper()
	p := &process{ended: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"--profile", profile, "--port", "0", "--host", "127.0.0.1"}, args...)...)
	p.cmd.Stderr = &p.errs
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	var port int
	if _, scan := fmt.Sscanf(line, "READY %d\n", &port); err != nil || scan != nil {
		t.Fatalf("the server said %q, %v\n%s", line, err, p.errs.String())
	}
	p.url = fmt.Sprintf("http://127.0.0.1:%d", port)
	go func() {
		p.status = p.cmd.Wait()
		close(p.ended)
	}()
	t.Cleanup(func() { p.stop(t) })
	return p
}

// stop ends the server with SIGTERM. It may be called again.
func (p *process) stop(t *testing.T) {
	t.Helper()
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.ended:
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		t.Error("the server did not end")
		return
	}
	if p.status != nil {
		t.Errorf("the server ended with %v", p.status)
	}
	for _, word := range []string{"DATA RACE", "panic", "fatal error"} {
		if strings.Contains(p.errs.String(), word) {
			t.Errorf("the server said:\n%s", p.errs.String())
			break
		}
	}
}

func (p *process) dial(t *testing.T, o client.Options) *client.Client {
	t.Helper()
	c, err := client.Dial(soon(t), p.url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

type figures struct{ Clients, Sockets, Namespaces int }

func (p *process) stats(t *testing.T) (f figures) {
	t.Helper()
	res, err := http.Get(p.url + "/stats")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&f); err != nil {
		t.Fatal(err)
	}
	return f
}

// files is the number of descriptors that the server holds.
func (p *process) files(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// until waits for something that takes its time.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !ok(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(what, "did not come true")
		}
	}
}

// TestBadStarts: one clear line, and the exit code of the contract.
func TestBadStarts(t *testing.T) {
	taken := strings.TrimPrefix(start(t, "main").url, "http://127.0.0.1:")
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"unknown profile": {[]string{"--profile", "nope"}, 2, `"nope"`},
		"argument":        {[]string{"x"}, 2, `"x"`},
		"port in use":     {[]string{"--port", taken}, 1, "address already in use"},
		"bad address":     {[]string{"--host", "256.1.1.1"}, 1, "256.1.1.1"},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(soon(t), binary, c.args...)
			var errs bytes.Buffer
			cmd.Stderr = &errs
			out, err := cmd.Output()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != c.code {
				t.Errorf("ended with %v, want code %d", err, c.code)
			}
			if said := errs.String(); strings.Count(said, "\n") != 1 || !strings.Contains(said, c.says) || len(out) > 0 {
				t.Errorf("said %q, %q", out, said)
			}
		})
	}
}

// TestShutdown has clients of all kinds when SIGTERM comes.
func TestShutdown(t *testing.T) {
	p := start(t, "main")
	var all []*client.Client
	for _, transport := range transports {
		for range 5 {
			all = append(all, p.dial(t, client.Options{Transport: transport}))
		}
	}
	begin := time.Now()
	p.stop(t)
	// 2.5 s by the contract, of which a busy machine takes a multiple.
	if took := time.Since(begin); took > patience/2 {
		t.Errorf("took %v", took)
	}
	for _, c := range all {
		select {
		case <-c.Done():
		case <-time.After(patience):
			t.Fatal("a client was not told")
		}
	}
}

// TestOthers are the plain HTTP paths.
func TestOthers(t *testing.T) {
	p := start(t, "main")
	for path, want := range map[string]int{"/healthz": 200, "/page": 200, "/stats": 200, "/": 404, "/x": 404} {
		res, err := http.Get(p.url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != want || err != nil || path == "/healthz" && string(body) != "ok" {
			t.Errorf("%s: %s %q %v", path, res.Status, body, err)
		}
	}
}
