package main

import (
	"fmt"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/fake"
)

// envFake and envLoops have the test binary be a server: at an address, with a
// number of loops.
const (
	envFake  = "LOADTEST_FAKE"
	envLoops = "LOADTEST_FAKE_LOOPS"
)

func fakeServer(at string) int {
	loops, _ := strconv.Atoi(os.Getenv(envLoops))
	s := &fake.Server{At: at, Loops: loops}
	addr, err := s.Listen()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	_, port, _ := net.SplitHostPort(addr)
	fmt.Println("READY", port)
	select {} // until it is killed
}

// startable is a command that starts a fake server, and the address of it.
func startable(t *testing.T, loops string) (command, addr string) {
	t.Helper()
	addr = freeAddress(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("env %s=%s %s=%s %s", envFake, addr, envLoops, loops, self), addr
}

// freeAddress is one of loopback on which nobody listens, and which until the test is
// over the kernel gives to nobody who does not ask for it: a socket is bound to it.
func freeAddress(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	// A listener has this option too, and then may bind beside one that does not listen.
	if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	at, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", at.(*unix.SockaddrInet4).Port)
}

// TestGrow: a row for each number of clients, of a server that runs or of new ones.
func TestGrow(t *testing.T) {
	command, at := startable(t, "1")
	for name, more := range map[string][]string{"running": nil, "started": {"--server", command, "--target", at},
		"beside": {"--server", command, "--target", at, "--beside", command}} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"grow", "--counts=5,500,20", "-n100", "--duration=1s"}, more...)
			code, r, out := loadtest(t, &fake.Server{}, args...)
			if code != 0 || !r.OK || len(r.Figures.Growth) != 2 {
				t.Fatalf("exit code %d\n%s", code, out)
			}
			for i, n := range []int{5, 20} {
				x := r.Figures.Growth[i]
				if x.Clients != n || x.Deliveries == 0 || x.ServerCPUPerDelivery <= 0 || x.ServerCPUPerConnect <= 0 || x.RSSBefore == 0 || x.Complete == nil {
					t.Errorf("%d clients: %+v", n, x)
				}
			}
			if b := r.Figures.Beside; (b != nil) != (name == "beside") || b != nil && (len(b.Growth) != 2 || b.Growth[1].ServerCPUPerDelivery <= 0 || !strings.Contains(out, ", beside ")) {
				t.Errorf("beside: %+v\n%s", b, out)
			}
			for _, want := range []string{"CPU a delivery", "resident a client", "slabs", "CPU a connect", "5, 20 clients over websocket"} {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in\n%s", want, out)
				}
			}
		})
	}
}

// TestLoops: the fake server with two loops says half the time of one.
func TestLoops(t *testing.T) {
	command, at := startable(t, "{loops}")
	code, r, out := loadtest(t, &fake.Server{}, "loops", "-n20", "--loops=1,2", "--broadcasts=3",
		"--server", command, "--target", at, "--runtime-metrics", "http://"+at+"/stats")
	if code != 0 || !r.OK || len(r.Figures.Loops) != 2 || len(r.Figures.Ratios) != 1 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	for i, x := range r.Figures.Loops {
		if x.Loops != i+1 || x.Sharing != i+1 || x.Clients != 20 || len(x.Fanouts) != 3 || math.Abs(x.Fanouts[0]-20000/float64(i+1)) > 1 {
			t.Errorf("run %d: %+v", i, x)
		}
	}
	if x := r.Figures.Ratios[0]; x.Loops != 2 || x.Base != 1 || math.Abs(x.Throughput-2) > 0.01 {
		t.Errorf("%+v", x)
	}
	if r.Received != 2*4*20 {
		t.Errorf("%d received", r.Received)
	}
	// A second one, beside: the same of it.
	code, r, out = loadtest(t, &fake.Server{}, "loops", "-n20", "--loops=1,2", "--broadcasts=3",
		"--server", command, "--beside", command, "--target", at, "--runtime-metrics", "http://"+at+"/stats")
	if b := r.Figures.Beside; code != 0 || b == nil || len(b.Loops) != 2 || len(b.Ratios) != 1 || !strings.Contains(out, "beside: 2 against 1") {
		t.Errorf("exit code %d, %+v\n%s", code, b, out)
	}
	// A server that runs is measured as it is.
	code, r, out = loadtest(t, &fake.Server{Loops: 3}, "loops", "-n20", "--broadcasts=2")
	if code != 0 || len(r.Figures.Loops) != 1 || r.Figures.Loops[0].Loops != 3 || len(r.Figures.Ratios) != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
	// Figures that say nothing of each loop are refused.
	code, _, out = loadtest(t, &fake.Server{}, "loops", "-n20")
	if code != 1 || !strings.Contains(out, "runtime metrics: ") {
		t.Errorf("exit code %d\n%s", code, out)
	}
}
