package proc

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ParseCPUs reads a list as taskset takes it: 0,2-5.
func ParseCPUs(list string) ([]int, error) {
	var out []int
	if list == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(list, ",") {
		lo, hi, ranged := strings.Cut(part, "-")
		a, err := strconv.Atoi(lo)
		b := a
		if err == nil && ranged {
			b, err = strconv.Atoi(hi)
		}
		if err != nil || a < 0 || b < a || b > 1023 {
			return nil, fmt.Errorf("%q is not a list of CPUs such as 0,2-5", list)
		}
		for ; a <= b; a++ {
			out = append(out, a)
		}
	}
	return out, nil
}

// CPUSet makes the kernel's form of a list.
func CPUSet(list []int) *unix.CPUSet {
	var s unix.CPUSet
	for _, c := range list {
		s.Set(c)
	}
	return &s
}

// Pinned runs fn with the calling thread, which must be locked to its
// goroutine, on the given CPUs, so that processes it starts inherit them. An
// empty list changes nothing.
func Pinned(list []int, fn func() error) error {
	if len(list) == 0 {
		return fn()
	}
	var old unix.CPUSet
	if err := unix.SchedGetaffinity(0, &old); err != nil {
		return err
	}
	if err := unix.SchedSetaffinity(0, CPUSet(list)); err != nil {
		return fmt.Errorf("pinning to CPUs %v: %w", list, err)
	}
	defer func() { _ = unix.SchedSetaffinity(0, &old) }()
	return fn()
}

// Affinity returns the CPUs a process may use.
func Affinity(pid int) (s unix.CPUSet, err error) {
	err = unix.SchedGetaffinity(pid, &s)
	return s, err
}
