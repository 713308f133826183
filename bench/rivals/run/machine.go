package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
)

// machine is where it was measured.
type machine struct{ CPU, Cores, Memory, Kernel, Commit string }

func thisMachine(ctx context.Context) (m machine) {
	m.CPU = field("/proc/cpuinfo", "model name")
	m.Cores = fmt.Sprint(runtime.NumCPU())
	var kb int64
	if _, err := fmt.Sscan(field("/proc/meminfo", "MemTotal"), &kb); err == nil {
		m.Memory = fmt.Sprintf("%.1f GiB", float64(kb)/(1<<20))
	}
	b, _ := os.ReadFile("/proc/sys/kernel/osrelease") // what is not known is left empty
	m.Kernel = "Linux " + release(string(b))
	out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=10", "HEAD").Output()
	if err != nil {
		return m
	}
	m.Commit = strings.TrimSpace(string(out))
	if dirty, _ := exec.CommandContext(ctx, "git", "status", "--porcelain", "--untracked-files=no").Output(); len(dirty) > 0 {
		m.Commit += " with changes"
	}
	return m
}

// release is the number of a kernel's release. What follows it names the machine.
func release(kernel string) string {
	number, _, _ := strings.Cut(kernel, "-")
	return strings.TrimSpace(number)
}

// field reads `name : value` of a file of /proc.
func field(file, name string) string {
	b, _ := os.ReadFile(file)
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v)
		}
	}
	return ""
}
