package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sio-fast/sio-fast/loadtest/internal/proc"
	"github.com/sio-fast/sio-fast/loadtest/internal/shm"
	"github.com/sio-fast/sio-fast/loadtest/internal/worker"
)

// process is one started process of clients.
type process struct {
	cmd  *exec.Cmd
	out  bytes.Buffer
	done chan struct{}
	err  error
}

// spawn starts the processes of clients.
func (r *runner) spawn(ip netip.Addr, port int) error {
	area, file, err := shm.Create()
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	efd, err := unix.Eventfd(0, unix.EFD_NONBLOCK|unix.EFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("eventfd: %w", err)
	}
	wake := os.NewFile(uintptr(efd), "wake")
	defer func() { _ = wake.Close() }()
	r.area = area
	base := r.workerConfig(ip, port)
	clients := r.cfg.parts()
	visits := shares(r.cfg.Visits, r.cfg.Processes, 1)
	for i := range r.cfg.Processes {
		w := base
		part := float64(clients[i]) / float64(r.cfg.Clients)
		w.Index, w.Clients, w.Visits = i, clients[i], visits[i]
		w.ConnectRate *= part
		if w.Scenario == "echo" || w.Scenario == "rooms" { // else one alone sends
			w.Rate *= part
		}
		if n := len(r.cfg.CPUs); n > 0 { // one thread each: one CPU each, in turn
			w.CPUs = r.cfg.CPUs[i%n : i%n+1]
		}
		p, err := startProcess(&w, file, wake)
		if err != nil {
			return err
		}
		r.processes = append(r.processes, p)
		base.First += clients[i]
	}
	return nil
}

func (r *runner) workerConfig(ip netip.Addr, port int) worker.Config {
	c := &r.cfg
	w := worker.Config{
		Run: r.run, Epoch: r.epoch, IP: ip.As4(), Port: port, Host: r.target, Path: c.Path, From: c.sources(ip),
		Scenario: c.Scenario, Polling: c.Polling, Total: c.Clients,
		ConnectRate: c.ConnectRate, Concurrency: max(c.Concurrency/c.Processes, 1),
		InFlight: c.InFlight, Rate: c.Rate, Size: c.Size, Ack: c.Ack, RoomSize: c.RoomSize, Spin: c.Spin,
	}
	if w.Windows = 1; c.Scenario == "slow" {
		w.Slow, w.Windows = c.slow(), 2*c.Turns
	}
	return w
}

func startProcess(cfg *worker.Config, area, wake *os.File) (*process, error) {
	in, err := json.Marshal(cfg)
	if err != nil {
		return nil, err
	}
	p := &process{cmd: exec.Command("/proc/self/exe"), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), worker.EnvWorker+"=1", "GOMAXPROCS=1")
	p.cmd.ExtraFiles = []*os.File{area, wake}
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = bytes.NewReader(in), &p.out, os.Stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting a process of clients: %w", err)
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

// died tells of a process of clients that ended before it was to.
func (r *runner) died() error {
	for i, p := range r.processes {
		select {
		case <-p.done:
			return fmt.Errorf("process %d of clients ended early: %v", i, p.err)
		default:
		}
	}
	if r.server != nil {
		if ended, how := r.server.Ended(); ended {
			return fmt.Errorf("the server ended: %s", how)
		}
	}
	return nil
}

// collect ends the processes and reads their results.
func (r *runner) collect() ([]worker.Result, error) {
	r.area.Phase.Store(shm.Exit)
	var out []worker.Result
	var errs []error
	deadline := time.After(10 * time.Second)
	for i, p := range r.processes {
		select {
		case <-p.done:
		case <-deadline:
			_ = p.cmd.Process.Kill()
			<-p.done
		}
		var res worker.Result
		if p.err != nil {
			errs = append(errs, fmt.Errorf("process %d of clients: %w", i, p.err))
		} else if err := json.Unmarshal(p.out.Bytes(), &res); err != nil {
			errs = append(errs, fmt.Errorf("process %d of clients: %w", i, err))
		}
		out = append(out, res)
	}
	return out, errors.Join(errs...)
}

// kill ends what is left of the processes of clients.
func (r *runner) kill() {
	for _, p := range r.processes {
		select {
		case <-p.done:
		default:
			_ = p.cmd.Process.Kill()
			<-p.done
		}
	}
}

// generatorCPU is what each process of clients has used.
func (r *runner) generatorCPU() (each []time.Duration) {
	for _, p := range r.processes {
		d, _ := proc.CPU(p.cmd.Process.Pid) // one that has ended is told of elsewhere
		each = append(each, d)
	}
	return each
}
