package admin

import (
	"bytes"
	"os"

	"golang.org/x/sys/unix"
)

// process is what the kernel says of the process.
type process struct {
	resident uint64  // bytes
	cpu      float64 // seconds, user and system
	files    uint64  // open descriptors; 0: not known
	maxFiles uint64
}

// readProcess asks the kernel. What it does not tell stays zero.
func readProcess() (p process) {
	p.resident = residentPages() * uint64(os.Getpagesize())
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) == nil {
		p.cpu = float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
	}
	// Since Linux 6.2 the size of the directory is the number of descriptors. To
	// count them is no answer: with a million it takes the better part of a second.
	var st unix.Stat_t
	if unix.Stat("/proc/self/fd", &st) == nil {
		p.files = uint64(st.Size)
	}
	var lim unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &lim) == nil {
		p.maxFiles = lim.Cur
	}
	return p
}

// residentPages is the second number of statm, 0 where the kernel talks nonsense.
func residentPages() (n uint64) {
	fd, err := unix.Open("/proc/self/statm", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0
	}
	var b [128]byte
	size, _ := unix.Read(fd, b[:])
	_ = unix.Close(fd)
	_, second, _ := bytes.Cut(b[:max(size, 0)], []byte{' '})
	for _, c := range second {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}
