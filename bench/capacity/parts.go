package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// part is what one or several commands tell, and the blocks of the page it fills.
type part struct {
	name, about string
	runs        func(c *config) []run
	blocks      []block
}

// block is what stands between two markers.
type block struct {
	name string
	text func(results [][]result) (string, error)
	show int // which run's command stands below the table, -1: none
}

// run is one command. Its words are shown as they are run.
type run struct {
	env   []string
	words []string // what follows is after these, a line each
	long  []string
	times int
}

var parts = []part{
	{"grow", "a delivery beside the floor's, and memory, as clients become more (5m)", growRuns,
		[]block{{"deliveries", deliveries, 0}, {"memory", memory, -1}}},
	{"loops", "one loop and two, beside the floor (2m)", loopsRuns, []block{{"loops", loops, 0}}},
	{"idle", "memory when all have left, with and without admin address (3m)", idleRuns, []block{{"left", left, 0}}},
	{"million", "the heap of a million clients without sockets (1m)", millionRuns, []block{{"million", million, 0}}},
	{"heartbeats", "what pings cost (1m)", heartbeatRuns, []block{{"heartbeats", heartbeats, 0}}},
	{"churn", "memory over forty rounds of visits (2m)", churnRuns, []block{{"churn", churn, 0}}},
}

// load is a run of loadtest against one core of sio-fast; more are flags of the
// server.
func (c *config) load(words, more string) run {
	return run{
		words: strings.Fields("bin/loadtest " + words + c.pins() + fmt.Sprintf(" -t 127.0.0.1:%d", c.port)),
		long: []string{"--server", strings.TrimSpace(fmt.Sprintf(
			"env GOMAXPROCS=1 bin/sio-fast --addr 127.0.0.1:%d --loops 1 --log-level error --app load %s", c.port, more))},
		times: c.sweeps,
	}
}

// pins keeps server and clients apart, where that can be.
func (c *config) pins() string {
	if runtime.NumCPU() < 2 {
		return ""
	}
	return " --cpu 1 --server-cpu 0"
}

// of gives few for a trial.
func (c *config) of(n, few int) int {
	if c.short {
		return few
	}
	return n
}

func growRuns(c *config) []run {
	counts := "100,1000,5000,10000,15000"
	if c.short {
		counts = "20,50"
	}
	// One process does all sweeps: it tells of each number as often as it is named.
	all := strings.TrimSuffix(strings.Repeat(counts+",", c.sweeps), ",")
	r := c.load("grow --counts "+all+" -d 2s --warmup 500ms --settle 3200ms --max-time 15m", "")
	r.long = append(r.long, "--beside", fmt.Sprintf("env GOMAXPROCS=1 bin/floor --port %d", c.port))
	r.times = 1
	return []run{r}
}

func loopsRuns(c *config) []run {
	order := strings.TrimSuffix(strings.Repeat("1,2,2,1,", (c.sweeps+1)/2), ",")
	admin := fmt.Sprintf("127.0.0.1:%d", c.port+1)
	return []run{{
		words: strings.Fields(fmt.Sprintf("bin/loadtest loops -n %d --broadcasts %d --loops %s -t 127.0.0.1:%d --runtime-metrics http://%s/stats",
			c.of(10000, 50), c.of(12, 3), order, c.port, admin)),
		long: []string{
			"--server", fmt.Sprintf("bin/sio-fast --addr 127.0.0.1:%d --admin %s --loops {loops} --log-level error --app load", c.port, admin),
			"--beside", fmt.Sprintf("bin/floor --port %d --admin %s --loops {loops}", c.port, admin)},
		times: 1,
	}}
}

func idleRuns(c *config) []run {
	words := fmt.Sprintf("idle -n %d -d 1s --settle 4s --after 15s", c.of(15000, 50))
	if c.short {
		words = "idle -n 50 -d 1s --settle 500ms --after 1s"
	}
	return []run{c.load(words, ""), c.load(words, fmt.Sprintf("--admin 127.0.0.1:%d", c.port+1))}
}

func heartbeatRuns(c *config) []run {
	return []run{c.load(fmt.Sprintf("idle -n %d -d %ds --after 0", c.of(15000, 50), c.of(8, 5)), fmt.Sprintf("--ping-interval %ds", pingEvery))}
}

func churnRuns(c *config) []run {
	r := c.load(fmt.Sprintf("churn --rounds %d --visits %d --settle %dms", c.of(40, 4), c.of(3000, 100), c.of(400, 100)), "")
	r.env, r.times = []string{"GOMAXPROCS=1"}, 1
	return []run{r}
}

func millionRuns(c *config) []run {
	return []run{{
		env:   []string{fmt.Sprintf("SIO_MILLION=%d", c.of(1_000_000, 2000))},
		words: strings.Fields("go test ./bench -run TestMillion -v -count 1 -timeout 20m"),
		times: 1,
	}}
}

// shown is the command as somebody types it.
func (r run) shown() string {
	s := strings.Join(append(append([]string{}, r.env...), r.words...), " ")
	for i := 0; i+1 < len(r.long); i += 2 {
		s += fmt.Sprintf(" \\\n  %s %q", r.long[i], r.long[i+1])
	}
	return s
}

// do runs it once. What it prints stays in file.txt, its JSON in file.json.
func (r run) do(ctx context.Context, file string) (res result, err error) {
	args := append(append([]string{}, r.words[1:]...), r.long...)
	isLoad := r.words[0] == "bin/loadtest"
	if isLoad {
		args = append(args, "--json", file+".json")
	}
	cmd := exec.CommandContext(ctx, r.words[0], args...)
	cmd.Env = append(os.Environ(), r.env...)
	// Not killed: it stops its servers then.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 20 * time.Second
	out, err := cmd.CombinedOutput()
	if werr := os.WriteFile(file+".txt", out, 0o644); werr != nil {
		return res, werr
	}
	if err != nil {
		return res, fmt.Errorf("%w of\n%s\n%s", err, r.shown(), out)
	}
	if !isLoad {
		return result{OK: true, text: string(out)}, nil
	}
	b, err := os.ReadFile(file + ".json")
	if err == nil {
		err = json.Unmarshal(b, &res)
	}
	if err == nil && (!res.OK || res.Figures == nil) {
		err = fmt.Errorf("no figures: %s", res.Failure)
	}
	return res, err
}
