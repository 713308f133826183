package sio

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/sio-fast/sio-fast/pool"
)

// TestMain fails the package when its tests leave goroutines or, with the tag
// pooldebug, pooled memory behind.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if code == 0 && flag.Lookup("test.fuzz").Value.String() == "" { // a fuzzing process has goroutines of its own
		code = leaks(before)
	}
	os.Exit(code)
}

func leaks(before int) int {
	deadline := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before || pool.Outstanding() != 0 {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			fmt.Printf("left behind: %d goroutines, %d pooled values\n%s\n",
				runtime.NumGoroutine()-before, pool.Outstanding(), buf[:runtime.Stack(buf, true)])
			return 1
		}
		runtime.Gosched()
	}
	return 0
}
