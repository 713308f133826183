// Command loadtest drives a Socket.IO server that offers the load contract
// (echo, join, room, all; see bench/README.md) with many clients, checks every
// message, and reports what the server needed for it.
//
// It speaks websocket and HTTP long-polling with Engine.IO 4 and Socket.IO 5
// from code of its own: nothing of the server's is imported, so a fault there
// cannot be hidden by the same fault here.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/sio-fast/sio-fast/loadtest/internal/report"
	"github.com/sio-fast/sio-fast/loadtest/internal/run"
	"github.com/sio-fast/sio-fast/loadtest/internal/worker"
)

func main() {
	if os.Getenv(worker.EnvWorker) != "" {
		os.Exit(worker.Main())
	}
	runtime.LockOSThread() // children are bound to the thread that starts them
	os.Exit(command(os.Args[1:], os.Stdout, os.Stderr))
}

// files are the reports to write.
type files struct{ json, html string }

// command runs the program and returns its exit code.
func command(args []string, stdout, stderr io.Writer) int {
	cfg, out, err := parse(args, stdout)
	if err == nil {
		err = cfg.Check()
	}
	if errors.Is(err, pflag.ErrHelp) {
		return 0
	}
	if err != nil {
		help := "loadtest --help"
		if scenarioOf(cfg.Scenario) != nil {
			help = "loadtest " + cfg.Scenario + " --help"
		}
		_, _ = fmt.Fprintf(stderr, "loadtest: %v (see %s)\n", err, help)
		return 2
	}
	cfg.Live = isTerminal(stderr)
	cfg.Progress = func(line string, live bool) {
		if live {
			_, _ = fmt.Fprintf(stderr, "\r%s\x1b[K", line)
		} else {
			_, _ = fmt.Fprintln(stderr, line)
		}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	res, err := run.Run(ctx, cfg)
	if cfg.Live {
		_, _ = fmt.Fprint(stderr, "\r\x1b[K")
	}
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "loadtest: %v\n", err)
		switch {
		case errors.As(err, new(run.Usage)):
			return 2
		case errors.Is(err, run.ErrInterrupted):
			return 130
		}
		return 1
	}
	report.Table(stdout, res)
	if err := out.write(res); err != nil {
		_, _ = fmt.Fprintf(stderr, "loadtest: %v\n", err)
		return 1
	}
	if !res.OK {
		return 1
	}
	return 0
}

func (f files) write(res *report.Result) error {
	for name, fn := range map[string]func(io.Writer, *report.Result) error{f.json: report.JSON, f.html: report.HTML} {
		if name == "" {
			continue
		}
		w, err := os.Create(name)
		if err != nil {
			return err
		}
		if err := errors.Join(fn(w, res), w.Close()); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
	}
	return nil
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	st, err := f.Stat()
	return err == nil && st.Mode()&os.ModeCharDevice != 0 && os.Getenv("TERM") != "dumb"
}
