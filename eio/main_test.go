package eio_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/pool"
)

// TestMain fails if a test leaves a goroutine or a pooled buffer behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if code == 0 && flag.Lookup("test.fuzz").Value.String() == "" { // fuzzing keeps goroutines of its own
		code = leaks(before)
	}
	os.Exit(code)
}

func leaks(before int) int {
	for range 2000 {
		if runtime.NumGoroutine() <= before && pool.Outstanding() == 0 {
			return 0
		}
		time.Sleep(10 * time.Millisecond)
	}
	fmt.Fprintf(os.Stderr, "%d goroutines before, %d after; %d pooled values not put back\n",
		before, runtime.NumGoroutine(), pool.Outstanding())
	for _, l := range pool.Leaks() {
		fmt.Fprintln(os.Stderr, l)
	}
	buf := make([]byte, 1<<20)
	fmt.Fprintf(os.Stderr, "%s\n", buf[:runtime.Stack(buf, true)])
	return 1
}
