package main

import (
	"net"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/loadtest/internal/fake"
	"github.com/sio-fast/sio-fast/loadtest/internal/netns"
	"github.com/sio-fast/sio-fast/loadtest/internal/report"
)

// TestRemoteServer has the server in a network namespace of its own, which is as far
// away as one machine can have it: the clients outside reach it by an address that is
// not their machine's, over a pair of network cards. Where this user may make no
// namespace (it needs root) that is skipped. What needs none is checked anywhere: that
// an address elsewhere is refused without --allow-remote, and that the flag takes
// nothing away from a local server, neither a figure nor a check. What is told of a
// server elsewhere is then left to TestRemote of package run.
func TestRemoteServer(t *testing.T) {
	t.Run("refused", func(t *testing.T) {
		code, out := program(t, "echo", "--target=198.18.0.1:9")
		if code != 2 || !strings.Contains(out, "--allow-remote") {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
	t.Run("local", func(t *testing.T) {
		code, r, out := loadtest(t, &fake.Server{}, "echo", "-n5", "--allow-remote")
		if code != 0 || r.Figures.ServerCPUPerMessage <= 0 || r.Figures.RSSBefore == 0 || !strings.Contains(out, "server memory before") {
			t.Errorf("exit code %d\n%s", code, out)
		}
		code, r, out = loadtest(t, &fake.Server{Fault: fake.Drop, After: 30}, "echo", "-n5", "-k4", "--allow-remote", "--duration=10s")
		failed(t, code, r, out, "lost", "out of order")
	})
	t.Run("elsewhere", elsewhere)
}

func elsewhere(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	n, err := netns.New(1)
	if err != nil {
		t.Logf("there is no network namespace for a server: %v", err)
		return
	}
	defer n.Close()
	for name, args := range map[string][]string{
		"echo": {"echo", "-n5", "-k4"}, "polling": {"echo", "-n5", "-k4", "--transport=polling"}, "fanout": {"fanout", "-n10", "--rate=100"},
		"rooms": {"rooms", "-n10", "-k2"}, "idle": {"idle", "-n5", "--after=1s"}, "with a process": {"echo", "-n5", "--pid=" + strconv.Itoa(os.Getpid())},
	} {
		t.Run(name, func(t *testing.T) {
			s := &fake.Server{Everywhere: true}
			addr := inside(t, n, s)
			defer s.Close()
			if args[0] != "idle" {
				args = append(args, "--runtime-metrics=http://"+addr+"/stats")
			}
			code, r, out := against(t, addr, append(args, "--allow-remote")...)
			if code != 0 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			nothingOfTheServer(t, &r, out)
			if args[0] != "idle" && (r.Figures.Latency == nil || r.Figures.ObjectsPerMessage == nil || r.Figures.Rate <= 0) {
				t.Errorf("%+v\n%s", r.Figures, out)
			}
			if from := s.From(); len(from) > 1 || len(from) == 1 && from[n.Server.String()] == 0 {
				t.Errorf("clients from %v", from)
			}
		})
	}
	for fault, want := range map[string][]string{fake.Drop: {"lost", "out of order"}, fake.Double: {"doubled"}, fake.Leave: {"disconnected"}} {
		t.Run(fault, func(t *testing.T) {
			s := &fake.Server{Everywhere: true, Fault: fault, After: 30}
			addr := inside(t, n, s)
			defer s.Close()
			code, r, out := against(t, addr, "echo", "-n5", "-k4", "--allow-remote", "--duration=10s", "--drain=2s")
			failed(t, code, r, out, want...)
		})
	}
}

// inside has a server listen in a namespace, and returns its address there.
func inside(t *testing.T, n *netns.Net, s *fake.Server) string {
	t.Helper()
	runtime.LockOSThread() // a subtest has a goroutine of its own
	defer runtime.UnlockOSThread()
	var addr string
	if err := n.Do(func() (err error) { addr, err = s.Listen(); return err }); err != nil {
		t.Fatal(err)
	}
	_, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(n.From[0], port)
}

// nothingOfTheServer checks that no figure of a server elsewhere is told that can only
// be of some process or the kernel here.
func nothingOfTheServer(t *testing.T, r *report.Result, out string) {
	t.Helper()
	f := r.Figures
	if f.ServerCPUPerMessage != 0 || f.ServerCores != 0 || f.ServerCPUPerConnect != 0 || f.RSSBefore != 0 || f.RSSConnected != 0 ||
		f.RSSPeak != 0 || f.RSSAfter != 0 || f.BytesPerClient != 0 || f.BackAfter != 0 || f.KernelSlabsPerClient != 0 || f.KernelBuffersPerClient != 0 {
		t.Errorf("figures of a server elsewhere: %+v", f)
	}
	for _, x := range r.Samples {
		if x.ServerCPU != 0 || x.ServerRSS != 0 {
			t.Errorf("a sample of a server elsewhere: %+v", x)
		}
	}
	for _, bad := range []string{"server CPU", "server memory", "bytes a client", "resident", "MiB"} {
		if strings.Contains(out, bad) {
			t.Errorf("%q is told of a server elsewhere:\n%s", bad, out)
		}
	}
	if !strings.Contains(out, "the server is on another machine: no figures of its CPU and memory") {
		t.Errorf("nothing is said of that:\n%s", out)
	}
}
