package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/worker"
)

// TestAffinity: what --cpu and --server-cpu ask for is what the kernel says of the
// processes while they run: all threads of the server, and the one thread of each
// process of clients that works, on the next of its CPUs.
func TestAffinity(t *testing.T) {
	may, err := proc.Affinity(0)
	if err != nil {
		t.Fatal(err)
	}
	var cpus []int
	for c := range 1024 {
		if may.IsSet(c) {
			cpus = append(cpus, c)
		}
	}
	first, last := strconv.Itoa(cpus[0]), strconv.Itoa(cpus[len(cpus)-1]) // the same where there is one
	command, at := startable(t, "1")
	seen := make(chan error, 1)
	over := make(chan struct{})
	go func() { seen <- pinned(over, first, last) }()
	code, out := program(t, "echo", "-n4", "--processes=2", "--warmup=100ms", "--duration=2s", "--target", at, "--server", command,
		"--server-cpu", last, "--cpu", first+","+last)
	close(over)
	if code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	if err := <-seen; err != nil {
		t.Error(err)
	}
}

// pinned looks at the children until they are where they are to be: nil, or what was
// seen last when the run is over.
func pinned(over chan struct{}, first, last string) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	workers := []string{first, last}
	slices.Sort(workers)
	wrong := errors.New("no server and no processes of clients were seen")
	for {
		var server, clients, stray []string
		for _, pid := range children() {
			environ, _ := os.ReadFile(filepath.Join("/proc", pid, "environ"))
			own := allowed(filepath.Join("/proc", pid, "status"))
			threads, _ := filepath.Glob(filepath.Join("/proc", pid, "task/*/status"))
			for _, f := range threads {
				at := allowed(f)
				switch {
				case at == "": // has ended since
				case bytes.Contains(environ, []byte(envFake+"=")):
					server = append(server, at)
				case at != first && at != last && at != first+","+last && at != first+"-"+last:
					stray = append(stray, at)
				}
			}
			if bytes.Contains(environ, []byte(worker.EnvWorker+"=")) {
				clients = append(clients, own)
			}
		}
		slices.Sort(clients)
		server = slices.Compact(server)
		if slices.Equal(server, []string{last}) && slices.Equal(clients, workers) && len(stray) == 0 {
			return nil
		}
		if len(server) > 0 && len(clients) > 0 {
			wrong = fmt.Errorf("the server's threads are on %q, want %q; the processes of clients on %q, want %q; others on %q", server, last, clients, workers, stray)
		}
		select {
		case <-over:
			return wrong
		case <-tick.C:
		}
	}
}

// children are the processes whose parent this one is.
func children() (out []string) {
	list, _ := filepath.Glob("/proc/[0-9]*/status")
	for _, f := range list {
		if field(f, "PPid:") == strconv.Itoa(os.Getpid()) {
			out = append(out, filepath.Base(filepath.Dir(f)))
		}
	}
	return out
}

func allowed(file string) string { return field(file, "Cpus_allowed_list:") }

func field(file, name string) string {
	b, _ := os.ReadFile(file)
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			return strings.TrimSpace(rest)
		}
	}
	return ""
}
