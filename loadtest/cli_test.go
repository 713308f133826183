package main

import (
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"github.com/sio-fast/sio-fast/loadtest/internal/fake"
	"github.com/sio-fast/sio-fast/loadtest/internal/run"
)

// TestScenarioHelp: each scenario is known to the runner, and its help has what
// it does, examples that are good command lines, and its flags, not others'.
func TestScenarioHelp(t *testing.T) {
	_, all := program(t, "--help")
	for _, s := range scenarios {
		if run.DefaultClients(s.name) == 0 || !strings.Contains(all, "\n  "+s.name+" ") {
			t.Errorf("%s: not a scenario, or not in --help", s.name)
		}
		code, out := program(t, s.name, "--help")
		if again, same := program(t, "help", s.name); code != 0 || again != 0 || out != same {
			t.Errorf("%s --help: exit codes %d and %d", s.name, code, again)
		}
		for _, want := range []string{s.short, "Measured: ", "--target", "exit codes", "(default " + strings.Trim(regexp.MustCompile(`\n  ` + s.name + ` +\((\d+)\)`).FindStringSubmatch(all)[1], " ") + ")"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s --help lacks %q", s.name, want)
			}
		}
		if strings.Contains(out, "--rounds") != (s.name == "churn") || strings.Contains(out, "--slow-share") != (s.name == "slow") {
			t.Errorf("%s --help has flags of another scenario:\n%s", s.name, out)
		}
		for _, e := range s.examples {
			c, _, err := parse(strings.Fields(e)[1:], nil)
			if err == nil {
				err = c.Check()
			}
			if err != nil || c.Scenario != s.name {
				t.Errorf("%s: %v", e, err)
			}
		}
		for _, line := range strings.Split(all+out, "\n") {
			if strings.HasPrefix(line, "  -") || strings.HasPrefix(line, "    ") {
				continue // a flag
			}
			if len([]rune(line)) > 90 {
				t.Errorf("a long line: %s", line)
			}
		}
	}
	if code, out := program(t, "help", "nonsense"); code != 2 || !strings.Contains(out, `unknown scenario "nonsense"`) {
		t.Errorf("help of nothing: %d %s", code, out)
	}
}

// TestForeignFlags: a flag that does nothing in a scenario is refused there.
func TestForeignFlags(t *testing.T) {
	for _, line := range []string{"echo --rounds 3", "fanout --ack", "idle -k 2", "connect --size 100", "churn --rate 5", "slow --in-flight 2", "echo --settle 1s"} {
		code, out := program(t, strings.Fields(line)...)
		if code != 2 || !strings.Contains(out, "it does nothing in "+strings.Fields(line)[0]) {
			t.Errorf("%s: exit code %d, %s", line, code, out)
		}
	}
	var c run.Config
	var x text
	for _, g := range []group{loadFlags(&c), targetFlags(&c, &x), generatorFlags(&c, &x), timeFlags(&c)} {
		g.VisitAll(func(f *pflag.Flag) {
			for _, s := range f.Annotations[only] {
				if scenarioOf(s) == nil {
					t.Errorf("--%s is for %q", f.Name, s)
				}
			}
		})
	}
}

// TestSources: clients connect from each of the addresses.
func TestSources(t *testing.T) {
	s := &fake.Server{}
	code, _, out := loadtest(t, s, "echo", "-n6", "--source", "127.0.0.2,127.0.0.3")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	from := s.From()
	if from["127.0.0.2"] != 3 || from["127.0.0.3"] != 3 {
		t.Errorf("clients came from %v", from)
	}
}

// TestNetns: the clients are in a namespace of their own, or, where none can be
// made, beside the server, and a sentence says why.
func TestNetns(t *testing.T) {
	s := &fake.Server{Everywhere: true}
	code, r, out := loadtest(t, s, "echo", "-n6", "--netns")
	if code != 0 || !r.OK {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	apart := strings.Contains(r.Setup, "in a network namespace of their own")
	if apart == strings.Contains(out, "no network namespace for the clients, they share the server's: ") {
		t.Errorf("neither or both:\n%s", out)
	}
	for addr := range s.From() {
		if apart != strings.HasPrefix(addr, "198.18.") {
			t.Errorf("a client from %s; apart: %v", addr, apart)
		}
	}
	// A server that listens on loopback alone is not reached from there.
	t.Run("loopback alone", func(t *testing.T) {
		if !apart {
			t.Log("no network namespace can be made here")
			return
		}
		alone := &fake.Server{}
		addr := listen(t, alone)
		defer alone.Close()
		code, out := program(t, "echo", "--netns", "--target", addr)
		if code != 1 || !strings.Contains(out, "must listen on all addresses") {
			t.Errorf("exit code %d\n%s", code, out)
		}
	})
}

func TestNetnsIsLocal(t *testing.T) {
	for _, args := range [][]string{{"--source", "127.0.0.1"}, {"--allow-remote"}} {
		if code, out := program(t, append([]string{"echo", "--netns"}, args...)...); code != 2 {
			t.Errorf("%v: exit code %d, %s", args, code, out)
		}
	}
}

// TestSaturated: a generator that never waits says so. Its clients have far more
// to do than the server, which is busy elsewhere.
func TestSaturated(t *testing.T) {
	code, r, out := loadtest(t, &fake.Server{}, "echo", "-n200", "-k50", "--pid=-1")
	if code != 0 || r.Figures.GeneratorCores <= 0 {
		t.Fatalf("exit code %d\n%s", code, out)
	}
	if r.Figures.Saturated != strings.Contains(out, "not the server, may be what is measured") {
		t.Errorf("saturated: %v\n%s", r.Figures.Saturated, out)
	}
}
