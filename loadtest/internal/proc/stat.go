// Package proc reads what Linux tells of processes, and starts and pins them.
package proc

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the unit of /proc/stat: USER_HZ is 100 on every Linux that Go runs on.
const tick = 10 * time.Millisecond

// CPU returns the user and system time of a process and its threads, also of
// those that have ended, in nanoseconds: /proc/PID/stat counts the same in steps
// of 10 ms, in which a hundred connects would be nothing.
func CPU(pid int) (time.Duration, error) {
	var t unix.Timespec
	// What clock_getcpuclockid(3) makes of a process: its number inverted, and
	// CPUCLOCK_SCHED (2) in the low bits.
	if err := unix.ClockGettime(int32(^pid<<3|2), &t); err != nil { //nolint:gosec // a pid has 22 bits
		return 0, fmt.Errorf("the CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// MachineCPU returns the time that the cores of the machine have been busy,
// whoever used them.
func MachineCPU() (sum time.Duration) {
	b, _ := os.ReadFile("/proc/stat")
	line, _, _ := strings.Cut(string(b), "\n")
	for i, v := range strings.Fields(line) {
		switch i {
		case 1, 2, 3, 6, 7: // user, nice, system, irq, softirq
			n, _ := strconv.ParseInt(v, 10, 64)
			sum += time.Duration(n) * tick
		}
	}
	return sum
}

// RSS returns the resident bytes of a process: the quick, slightly late figure.
func RSS(pid int) (int64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	f := strings.Fields(string(b))
	if len(f) < 2 {
		return 0, fmt.Errorf("/proc/%d/statm: too short", pid)
	}
	n, err := strconv.ParseInt(f[1], 10, 64)
	return n * int64(os.Getpagesize()), err
}

// ExactRSS adds up the page tables; it costs the process milliseconds.
func ExactRSS(pid int) (int64, error) {
	n, err := field(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Rss:")
	if err != nil {
		return RSS(pid)
	}
	return n * 1024, nil
}

// KernelMemory returns what the kernel holds, for the whole machine: the bytes of
// its slabs (sockets, files, epoll entries) and those of TCP's buffers.
func KernelMemory() (slabs, buffers int64) {
	slabs, _ = field("/proc/meminfo", "Slab:")
	b, _ := os.ReadFile("/proc/net/sockstat")
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 0 && f[0] == "TCP:" && f[len(f)-2] == "mem" {
			n, _ := strconv.ParseInt(f[len(f)-1], 10, 64)
			buffers = n * int64(os.Getpagesize())
		}
	}
	return slabs * 1024, buffers
}

// field returns the number behind a word at the start of a line.
func field(file, word string) (int64, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) > 1 && f[0] == word {
			return strconv.ParseInt(f[1], 10, 64)
		}
	}
	return 0, fmt.Errorf("%s: no %s", file, word)
}

// Machine names the processor, the kernel and the number of cores.
func Machine() string {
	model := "unknown processor"
	b, _ := os.ReadFile("/proc/cpuinfo")
	cores := 0
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok {
			switch strings.TrimSpace(k) {
			case "processor":
				cores++
			case "model name":
				model = strings.TrimSpace(v)
			}
		}
	}
	release, _ := os.ReadFile("/proc/sys/kernel/osrelease")
	return fmt.Sprintf("%d x %s, Linux %s", cores, model, strings.TrimSpace(string(release)))
}
