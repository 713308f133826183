package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The kinds of server.
const (
	ours      = "sio-fast"
	rival     = "Socket.IO server"
	reference = "reference" // hand-written bytes: no Socket.IO library
)

// server is one that offers the load contract.
type server struct {
	name, title, kind string
	polling           bool
	counts            bool // tells at its ADMIN address how many objects it allocated
	// install makes it ready and says its versions. It is called at the top of
	// the repository.
	install func(context.Context) (versions string, err error)
	// command starts it; PORT and ADMIN stand for ports.
	command func() string
	asked   bool // measured only where --servers names it
}

const folder = "bench/rivals/"

func servers() []server {
	return []server{
		{"floor", "floor: bare epoll, one send a delivery", reference, false, false, goInstall(".", "bench/floor"), fixed("bin/rivals/floor --port PORT"), false},
		{"floor-share", "floor: messages of one read share sends", reference, false, false, goInstall(".", "bench/floor"), fixed("bin/rivals/floor --share --port PORT"), false},
		{"sio", "sio-fast, typed handlers", ours, true, true, goInstall(".", "cmd/sio-fast"), fixed(ourCommand + "load"), false},
		{"sio-raw", "sio-fast, raw handlers", ours, true, true, goInstall(".", "cmd/sio-fast"), fixed(ourCommand + "load-raw"), false},
		{"sio-send", "sio-fast, typed handlers, without io_uring", ours, true, true, goInstall(".", "cmd/sio-fast"), fixed(ourCommand + "load --no-io-uring"), true},
		{"gnet", "bare gnet, hand-written bytes", reference, false, true, goInstall(folder, "gnet"), fixed("env GOMAXPROCS=1 bin/rivals/gnet --port PORT --admin 127.0.0.1:ADMIN"), false},
		{"gws", "lxzan/gws, hand-written bytes", reference, false, true, goInstall(folder, "gws"), fixed("env GOMAXPROCS=1 bin/rivals/gws --port PORT --admin 127.0.0.1:ADMIN"), false},
		{"uws-native", "uWebSockets.js alone, native publish", reference, false, false, npmInstall("uws", "node", uwsPackage), nodeCommand("uws/native.mjs"), false},
		{"bun-native", "Bun's websockets alone, native publish", reference, false, false, npmInstall("bun", "", "bun"), bunCommand("bun/native.mjs"), false},
		{"node", "Node socket.io + ws", rival, true, false, npmInstall("node", "node", "socket.io", "engine.io", "ws"), nodeCommand("node/server.mjs"), false},
		{"uws", "Node socket.io + uWebSockets.js", rival, true, false, npmInstall("uws", "node", "socket.io", uwsPackage), nodeCommand("uws/server.mjs"), false},
		{"bun", "Bun socket.io + its engine", rival, true, false, npmInstall("bun", "", "bun", "socket.io", "@socket.io/bun-engine"), bunCommand("bun/server.mjs"), false},
		{"zishang", "zishang520/socket.io (Go)", rival, true, true, goInstall(folder, "zishang"), fixed("env GOMAXPROCS=1 bin/rivals/zishang --port PORT --admin 127.0.0.1:ADMIN"), false},
	}
}

const (
	// uWebSockets.js itself is in no registry; this is a build of it that is.
	uwsPackage = "@trufflesuite/uws-js-unofficial"
	ourCommand = "env GOMAXPROCS=1 bin/rivals/sio-fast --addr 127.0.0.1:PORT --admin 127.0.0.1:ADMIN --loops 1 --log-level error --app "
)

func fixed(s string) func() string { return func() string { return s } }

func nodeCommand(script string) func() string {
	return fixed("env NODE_ENV=production node " + folder + script + " --port PORT")
}

func bunCommand(script string) func() string {
	return func() string {
		bin, _ := bunBinary() // install has seen to it
		return "env NODE_ENV=production " + bin + " " + folder + script + " --port PORT"
	}
}

// bunBinary finds the program for this processor.
func bunBinary() (string, error) {
	name := map[string]string{"amd64": "bun-linux-x64", "arm64": "bun-linux-aarch64"}[runtime.GOARCH]
	cpu, _ := os.ReadFile("/proc/cpuinfo")
	if runtime.GOARCH == "amd64" && !strings.Contains(string(cpu), " avx2 ") {
		name += "-baseline"
	}
	bin := folder + "bun/node_modules/@oven/" + name + "/bin/bun"
	if _, err := os.Stat(bin); err != nil {
		return "", fmt.Errorf("the bun package brought no program for this machine (%s)", name)
	}
	return bin, nil
}

// goInstall builds a command of a module into bin/rivals.
func goInstall(module, dir string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		bin, err := filepath.Abs(filepath.Join("bin", "rivals", filepath.Base(dir)))
		if err != nil {
			return "", err
		}
		if err := call(ctx, module, "go", "build", "-trimpath", "-o", bin, "./"+dir); err != nil {
			return "", err
		}
		return goVersions(bin)
	}
}

// goVersions names what a program was built from.
func goVersions(bin string) (string, error) {
	info, err := buildinfo.ReadFile(bin)
	if err != nil {
		return "", err
	}
	out := []string{info.GoVersion}
	for _, d := range info.Deps {
		for _, m := range []string{"github.com/panjf2000/gnet/v2", "github.com/lxzan/gws", "github.com/zishang520/socket.io/servers/socket/v3"} {
			if d.Path == m {
				out = append(out, strings.TrimPrefix(m, "github.com/")+" "+d.Version)
			}
		}
	}
	return strings.Join(out, ", "), nil
}

// npmInstall installs a folder by its lockfile, once, and names the versions of
// the runtime and the packages.
func npmInstall(dir, program string, packages ...string) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		dir := folder + dir
		if stale(dir) {
			if err := call(ctx, dir, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"); err != nil {
				return "", err
			}
		}
		var out []string
		if program != "" {
			v, err := exec.CommandContext(ctx, program, "--version").Output()
			if err != nil {
				return "", fmt.Errorf("%s: %w", program, err)
			}
			out = append(out, program+" "+strings.TrimSpace(string(v)))
		}
		for _, p := range packages {
			v, err := npmVersion(filepath.Join(dir, "node_modules", p, "package.json"))
			if err != nil {
				return "", err
			}
			out = append(out, p+" "+v)
		}
		if packages[0] == "bun" {
			if _, err := bunBinary(); err != nil {
				return "", err
			}
		}
		return strings.Join(out, ", "), nil
	}
}

// stale says whether what is installed is older than the lockfile.
func stale(dir string) bool {
	lock, err := os.Stat(filepath.Join(dir, "package-lock.json"))
	if err != nil {
		return true
	}
	done, err := os.Stat(filepath.Join(dir, "node_modules", ".package-lock.json"))
	return err != nil || done.ModTime().Before(lock.ModTime())
}

func npmVersion(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", errors.New("was not installed: " + filepath.Base(filepath.Dir(file)))
	}
	var p struct{ Version string }
	return p.Version, json.Unmarshal(b, &p)
}

// call runs a command in a folder; its error is the first line that says why.
func call(ctx context.Context, dir, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err == nil {
		return nil
	}
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSpace(line)
		if line != "" && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "npm warn") && !strings.HasPrefix(line, "go: downloading") {
			return fmt.Errorf("%s %s: %s", name, args[0], line)
		}
	}
	return fmt.Errorf("%s %s: %w", name, args[0], err)
}
