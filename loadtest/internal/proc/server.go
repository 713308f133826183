package proc

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Server is a server under test that we started.
type Server struct {
	Port int // as it said; 0: it did not
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error
	tail tail
}

// tail keeps the last bytes written to it.
type tail struct {
	mu sync.Mutex
	b  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.b = append(t.b, p...)
	if n := len(t.b) - 2000; n > 0 {
		t.b = append(t.b[:0], t.b[n:]...)
	}
	return len(p), nil
}

func (t *tail) last() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := bytes.Split(bytes.TrimSpace(t.b), []byte("\n"))
	return string(lines[len(lines)-1])
}

// Start runs a command line, split at blanks, on the given CPUs, and waits for
// its line `READY <port>`, or until target accepts connections if it did not
// before. The calling goroutine must be locked to its thread.
func Start(command, target string, cpus []int, wait time.Duration) (*Server, error) {
	words := strings.Fields(command)
	if len(words) == 0 {
		return nil, errors.New("empty server command")
	}
	s := &Server{cmd: exec.Command(words[0], words[1:]...), done: make(chan struct{})}
	s.cmd.Stderr = &s.tail
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	taken := accepts(target)
	if err := Pinned(cpus, s.cmd.Start); err != nil {
		return nil, fmt.Errorf("starting the server: %w", err)
	}
	ready := make(chan int, 1)
	go func() {
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if rest, ok := strings.CutPrefix(lines.Text(), "READY "); ok {
				if port, err := strconv.Atoi(strings.TrimSpace(rest)); err == nil {
					select {
					case ready <- port:
					default:
					}
				}
			}
		}
		s.err = s.cmd.Wait()
		close(s.done)
	}()
	deadline := time.After(wait)
	for {
		select {
		case s.Port = <-ready:
			return s, nil
		case <-s.done:
			return nil, fmt.Errorf("the server ended before it was ready: %v: %s", s.err, s.tail.last())
		case <-deadline:
			s.Stop()
			return nil, fmt.Errorf("the server did not say READY within %v", wait)
		case <-time.After(50 * time.Millisecond):
			if !taken && accepts(target) {
				return s, nil
			}
		}
	}
}

func accepts(target string) bool {
	c, err := net.DialTimeout("tcp4", target, time.Second)
	if err != nil {
		return false
	}
	_ = c.Close()
	return true
}

// PID returns the process that was started.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Ended tells whether the server has ended, and how.
func (s *Server) Ended() (bool, string) {
	select {
	case <-s.done:
		return true, strings.TrimSpace(fmt.Sprintf("%v %s", s.cmd.ProcessState, s.tail.last()))
	default:
		return false, ""
	}
}

// Stop ends the server and its children: politely, after five seconds not.
func (s *Server) Stop() {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		_ = syscall.Kill(-s.PID(), sig)
		select {
		case <-s.done:
			return
		case <-time.After(5 * time.Second):
		}
	}
}
