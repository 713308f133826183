package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/loadtest/internal/fake"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/run"
	"github.com/sio-fast/sio-fast/loadtest/internal/worker"
)

// TestMain is what main does for a process of clients: the tests start the test
// binary anew.
func TestMain(m *testing.M) {
	if os.Getenv(worker.EnvWorker) != "" {
		os.Exit(worker.Main())
	}
	if at := os.Getenv(envFake); at != "" {
		os.Exit(fakeServer(at))
	}
	flag.Parse()
	_ = flag.Set("test.parallel", strconv.Itoa(min(16, 4*runtime.NumCPU()))) // they mostly wait
	run.Grace = 100 * time.Millisecond
	os.Exit(m.Run())
}

// loadtest runs the program against a fake server and returns its exit code,
// its result and what it printed.
func loadtest(t *testing.T, s *fake.Server, args ...string) (code int, r report.Result, out string) {
	t.Helper()
	addr := listen(t, s)
	defer s.Close()
	return against(t, addr, args...)
}

// listen starts a fake server, for a test that needs its address before it can say
// what to run against it.
func listen(t *testing.T, s *fake.Server) string {
	t.Helper()
	addr, err := s.Listen()
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

// against is loadtest with a server that listens at addr already.
func against(t *testing.T, addr string, args ...string) (code int, r report.Result, out string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "result.json")
	// Of a flag that is given twice the last one counts.
	base := []string{args[0], "--target", addr, "--warmup=50ms", "--duration=200ms", "--drain=5s", "--stall=5s", "--max-time=60s", "--json", file}
	switch args[0] {
	case "idle", "churn", "grow":
		base = append(base, "--settle=10ms")
	case "loops":
		base = append(base, "--runtime-metrics", "http://"+addr+"/stats")
	}
	code, out = program(t, append(base, args[1:]...)...)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := json.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return code, r, out
}

func program(t *testing.T, args ...string) (int, string) {
	t.Helper()
	var out bytes.Buffer
	done := make(chan int)
	go func() { // of a thread of its own, as in main
		runtime.LockOSThread()
		done <- command(args, &out, &out)
	}()
	select {
	case code := <-done:
		return code, out.String()
	case <-time.After(2 * time.Minute):
		t.Fatal("not bounded in time")
		return 0, ""
	}
}

func TestGoodRuns(t *testing.T) {
	for name, args := range map[string][]string{
		"connect":            {"connect", "-n50"},
		"connect paced":      {"connect", "-n20", "--connect-rate=100"},
		"idle":               {"idle", "-n50", "--pid=-1"},
		"echo":               {"echo", "-n20"},
		"echo in flight":     {"echo", "-n5", "-k10", "--size=300"},
		"echo large":         {"echo", "-n2", "--size=400000", "--duration=1s"},
		"echo ack":           {"echo", "-n20", "--ack", "-k3"},
		"echo paced":         {"echo", "-n20", "--rate=500"},
		"echo polling":       {"echo", "-n10", "-k3", "--transport=polling"},
		"fanout":             {"fanout", "-n40"},
		"fanout 3 processes": {"fanout", "-n40", "-k4", "--processes=3"},
		"fanout paced":       {"fanout", "-n40", "--rate=50"},
		"fanout polling":     {"fanout", "-n10", "--transport=polling"},
		"rooms":              {"rooms", "-n40", "--room-size=5", "-k2", "--processes=2"},
		"rooms paced":        {"rooms", "-n40", "--rate=200"},
		"rooms polling":      {"rooms", "-n6", "--room-size=3", "--transport=polling"},
		"churn":              {"churn", "-n10", "--rounds=3", "--visits=30", "--processes=2"},
		"churn polling":      {"churn", "-n10", "--rounds=2", "--visits=20", "--transport=polling"},
		"slow":               {"slow", "-n20", "--slow-share=10", "--rate=100", "--turns=2", "--drain=20s", "--processes=3"},
		"slow, nobody":       {"slow", "-n20", "--slow-share=0", "--rate=100", "--turns=1", "--drain=20s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			code, r, out := loadtest(t, &fake.Server{}, args...)
			// On a slow machine it may be that none comes in a window so short.
			for window := time.Second; strings.Contains(out, "no message came in the measured time") && window < 30*time.Second; window *= 5 {
				code, r, out = loadtest(t, &fake.Server{}, append(slices.Clone(args), "--duration="+window.String())...)
			}
			if code != 0 || !r.OK || r.Figures == nil {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			f := r.Figures
			if args[0] != "connect" && args[0] != "idle" && args[0] != "churn" && (f.Messages == 0 || f.Latency == nil || f.Latency.P50 <= 0) {
				t.Errorf("no messages measured\n%s", out)
			}
			if f.Connect == nil || f.Connect.Count == 0 {
				t.Errorf("no connects measured\n%s", out)
			}
			if f.Messages > 2000 && !strings.Contains(name, "polling") && r.GeneratorObjects > 0.05 {
				t.Errorf("the generator allocates %.3f objects a message", r.GeneratorObjects)
			}
			if args[0] == "slow" && (f.Slow == nil || f.Slow.Cut != 0 || f.Slow.Baseline == nil || f.Slow.Ratio <= 0) {
				t.Errorf("slow readers: %+v", f.Slow)
			}
			if args[0] == "churn" && len(f.Rounds) < 2 {
				t.Errorf("rounds: %+v", f.Rounds)
			}
		})
	}
}

func TestDeadServers(t *testing.T) {
	code, r, out := loadtest(t, &fake.Server{Fault: fake.Idle}, "echo", "-n5", "--stall=3s")
	if code != 1 || r.OK || r.Faults["lost"] != 5 {
		t.Errorf("a server that never answers: exit code %d\n%s", code, out)
	}
	code, out = program(t, "echo", "--target=127.0.0.1:1")
	if code != 1 || strings.Count(out, "\n") != 1 || !strings.Contains(out, "no server at 127.0.0.1:1: ") {
		t.Errorf("no server: exit code %d\n%s", code, out)
	}
	code, out = program(t, "echo", "--server", "false")
	if code != 1 || strings.Count(out, "\n") != 1 {
		t.Errorf("a server that ends at once: exit code %d\n%s", code, out)
	}
	code, out = program(t, "echo", "--server", "/no/such/program")
	if code != 1 || strings.Count(out, "\n") != 1 {
		t.Errorf("a server that is not there: exit code %d\n%s", code, out)
	}
	for _, transport := range []string{"websocket", "polling"} { // something else than Socket.IO
		code, r, out = loadtest(t, &fake.Server{}, "connect", "-n3", "--path=/other/", "--transport", transport)
		if code != 1 || r.Faults["connect failed"] != 3 || !strings.Contains(out, "HTTP/1.1 404") {
			t.Errorf("%s, wrong path: exit code %d\n%s", transport, code, out)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{
		{}, {"nonsense"}, {"echo", "extra"}, {"echo", "--nonsense"}, {"echo", "--clients=-1"}, {"echo", "-n", "x"},
		{"echo", "--size=23"}, {"echo", "--in-flight=0"}, {"echo", "--transport=smoke"}, {"echo", "--cpu=a"},
		{"echo", "--target=nowhere"}, {"echo", "--target=192.0.2.1:80"}, {"rooms", "-n15"}, {"slow", "--transport=polling"}, {"slow", "--turns=0"}, {"slow", "--rate=1", "--duration=4s"},
		{"echo", "--server-cpu=0"}, {"echo", "--duration=0s"}, {"echo", "--path=x"}, {"echo", "--processes=99"},
		{"churn", "--rounds=0"}, {"echo", "--rate=-1"}, {"echo", "--source=x"},
		{"grow", "--counts=0"}, {"grow", "-n5", "--counts=10"}, {"loops"}, {"loops", "--runtime-metrics=x", "--server=x"},
		{"loops", "--runtime-metrics=x", "--server={loops}", "--loops=0"}, {"loops", "--runtime-metrics=x", "-n1"},
	} {
		code, out := program(t, args...)
		if code != 2 || strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "loadtest: ") {
			t.Errorf("%q: exit code %d, output %q", args, code, out)
		}
	}
	code, out := program(t, "--help")
	if code != 0 || !strings.Contains(out, "usage: loadtest SCENARIO") || !strings.Contains(out, "--in-flight") {
		t.Errorf("--help: exit code %d\n%s", code, out)
	}
}

func TestHTML(t *testing.T) {
	file := filepath.Join(t.TempDir(), "report.html")
	code, _, out := loadtest(t, &fake.Server{}, "echo", "-n5", "--duration=1s", "--html", file)
	b, err := os.ReadFile(file)
	if code != 0 || err != nil {
		t.Fatalf("exit code %d, %v\n%s", code, err, out)
	}
	page := string(b)
	for _, want := range []string{"<!doctype html>", "Latency by percentile", "Throughput", "Server memory", "<svg", "server CPU a message"} {
		if !strings.Contains(page, want) {
			t.Errorf("the report lacks %q", want)
		}
	}
	for _, bad := range []string{"http://", "https://", "<script", "NaN", "Inf"} {
		if strings.Contains(page, bad) {
			t.Errorf("the report has %q", bad)
		}
	}
}
