package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// made is a run of three rounds in which node fails once in echo.
func made() *state {
	s := &state{
		Started: time.Unix(0, 0).UTC(), Ended: time.Unix(60, 0).UTC(), Rounds: 3, Duration: "8s", Warmup: "2s", Whole: true, Planned: 24, Done: 24,
		Machine:  machine{CPU: "a <CPU>", Cores: "2", Memory: "4 GiB", Kernel: "Linux", Commit: "abc"},
		Commands: map[string]string{"fanout": "loadtest fanout", "echo": "loadtest echo"},
		Skipped:  []skipped{{"uws", "uws", "npm ci: no network"}},
	}
	for i, v := range []installed{{Name: "floor", Kind: reference}, {Name: "sio", Kind: ours}, {Name: "sio-raw", Kind: ours}, {Name: "node", Kind: rival}} {
		v.Title = v.Name
		s.Servers = append(s.Servers, v)
		for r := range 3 {
			few := 0.001
			f := &figures{ServerCPUPerMessage: float64((i + 1) * []int{10, 30, 11}[r])}
			if v.Kind == ours {
				f.ObjectsPerMessage = &few
			}
			s.Samples = append(s.Samples, sample{Measure: "fanout", Server: v.Name, Round: r, Figures: f})
			x := sample{Measure: "echo", Server: v.Name, Round: r, Figures: f}
			if v.Name == "node" && r == 1 {
				x.Figures, x.Failed = nil, "3 messages lost"
			}
			s.Samples = append(s.Samples, x)
		}
	}
	return s
}

func TestCells(t *testing.T) {
	s := made()
	if mid, low, high, err := s.cell("sio", "fanout"); err != nil || mid != 22 || low != 20 || high != 60 {
		t.Errorf("cell: %v %v %v %v", mid, low, high, err)
	}
	if r, err := s.ratios("sio", "floor", "fanout"); err != nil || len(r) != 3 || median(r) != 2 {
		t.Errorf("ratios: %v %v", r, err)
	}
	if _, _, _, err := s.cell("floor", "fanout-objects"); !errors.Is(err, errNone) {
		t.Errorf("nothing measured: %v", err)
	}
}

// TestFailedIsNotQuoted: one lost message in one round, and there is no figure.
func TestFailedIsNotQuoted(t *testing.T) {
	s := made()
	if _, _, _, err := s.cell("node", "echo"); err == nil || err.Error() != "failed in 1 of 3: 3 messages lost" {
		t.Errorf("cell: %v", err)
	}
	if r, err := s.ratios("sio", "node", "echo"); err == nil {
		t.Errorf("a ratio to a failed run: %v", r)
	}
	text := table(s, "rivals.svg")
	for _, want := range []string{
		"failed (1) |", "1. node, echo: failed in 1 of 3: 3 messages lost", "| echo ×10 | sio | ≤ 0.10 × node | node failed in 1 of 3: 3 messages lost | not measured |",
		"| fan-out | sio | ≤ 1.00 × floor | 2.00 × floor | **missed**: 2.00 times the aim |", "uws: npm ci: no network", "a <CPU>",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	// What we fail at ourselves is missed, whatever the other did.
	for i := range s.Samples {
		if x := &s.Samples[i]; x.Measure == "echo" && x.Server == "sio" && x.Round == 2 {
			x.Figures, x.Failed = nil, "5 messages lost"
		}
	}
	text = table(s, "rivals.svg")
	for _, want := range []string{
		"| echo ×10 | sio | ≤ 1.60 × floor-share | failed in 1 of 3: 5 messages lost | **missed**: failed |",
		"| echo ×10 | sio | ≤ 0.10 × node | failed in 1 of 3: 5 messages lost | **missed**: failed |",
		"| echo ×10: objects allocated | sio | ≤ 0.01 | failed in 1 of 3: 5 messages lost | **missed**: failed |",
		"\nReached: 3 of 7 measured; 1 not measured.\n",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if text := s.aims(); !strings.Contains(text, "; echo ×10 of sio failed in 1 of 3: 5 messages lost (≤ 0.10 × node was wanted);") {
		t.Error(text)
	}
	s.Short = true
	if short := table(s, "x"); strings.Contains(short, "≤") || !strings.Contains(short, "Not a full run") {
		t.Error("a short run is held against the aims")
	}
	if svg := draw(s); !strings.Contains(svg, "failed: no figure") {
		t.Error("the plot does not say that node failed")
	}
}

// TestPartly: a figure that a good run lacks is not passed over in silence.
func TestPartly(t *testing.T) {
	s := made()
	for i := range s.Samples {
		if x := &s.Samples[i]; x.Measure == "fanout" && x.Server == "sio" && x.Round == 1 {
			x.Figures = &figures{ObjectsPerMessage: x.Figures.ObjectsPerMessage}
		}
	}
	text := table(s, "x")
	for _, want := range []string{
		"| **sio** | 21.0 (2 of 3) | 22.0 |", "| sio | 20.0 … 22.0 (2 of 3) |", "| ≤ 1.00 × floor | 2 of at least 3 rounds | not measured |",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the table lacks %q:\n%s", want, text)
		}
	}
	if svg := draw(s); !strings.Contains(svg, ">21.0 (2 of 3)<") {
		t.Error("the plot does not say that a round lacks the figure")
	}
}

// TestRelease: what follows the number of a kernel is the machine's name, also in
// a file that has it.
func TestRelease(t *testing.T) {
	for in, want := range map[string]string{"6.18.44-fc-v1\n": "6.18.44", "6.18.44\n": "6.18.44", "Linux 6.1.0-2-cloud": "Linux 6.1.0", "": ""} {
		if got := release(in); got != want {
			t.Errorf("%q: %q", in, got)
		}
	}
	s, file := made(), filepath.Join(t.TempDir(), "state.json")
	s.Machine.Kernel = "Linux 6.18.44-guest7"
	if err := s.save(file); err != nil {
		t.Fatal(err)
	}
	back, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	if text := table(back, "x") + draw(back) + block(back); strings.Contains(text, "guest7") || !strings.Contains(text, "Linux 6.18.44") {
		t.Error(text)
	}
}

func TestReadRefuses(t *testing.T) {
	for name, c := range map[string]struct{ json, stderr, want string }{
		"good":      {`{"OK":true,"Figures":{"ServerCPUPerMessage":3}}`, "", ""},
		"lost":      {`{"OK":false,"Failure":"2 lost","Figures":{"ServerCPUPerMessage":3}}`, "", "2 lost"},
		"no server": {"", "connecting\nloadtest: no server at x", "no server at x"},
		"nothing":   {`{"OK":true}`, "", "loadtest gave no result"},
		"torn":      {`{"OK":tr`, "", "loadtest gave no result"},
		"not asked": {`{"OK":true,"Figures":{"Slow":{"Cut":3}}}`, "", ""},
		"agreed":    {`{"OK":true,"Figures":{"Slow":{"Cut":3,"ServerCuts":{"slow client":3,"ping timeout":1}}}}`, "", ""},
		"miscount":  {`{"OK":true,"Figures":{"Slow":{"Cut":3,"ServerCuts":{"ping timeout":3}}}}`, "", "the server counts 0 slow clients cut, 3 saw themselves cut"},
	} {
		file := filepath.Join(t.TempDir(), "run.json")
		if c.json != "" {
			if err := os.WriteFile(file, []byte(c.json), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		var x sample
		x.read(file, nil, c.stderr)
		if (x.Failed == "") != (c.want == "") || !strings.HasPrefix(x.Failed, c.want) || (x.Figures != nil) != (c.want == "") {
			t.Errorf("%s: %+v", name, x)
		}
	}
}

func TestPlotIsXML(t *testing.T) {
	for d := xml.NewDecoder(strings.NewReader(draw(made()))); ; {
		if _, err := d.Token(); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// TestPlan: the servers come in turn, and only where they suit.
func TestPlan(t *testing.T) {
	c, err := parse([]string{"--servers", "floor,sio,node", "--measures", "echo,polling,slow", "--rounds", "2"})
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.choose()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, j := range p.jobs(c.rounds) {
		got = append(got, j.measure.name+" "+j.server.name)
	}
	const want = "echo floor,echo sio,echo node,echo floor,echo sio,echo node,polling sio,polling node,polling sio,polling node,slow sio,slow node,slow sio,slow node"
	if strings.Join(got, ",") != want || p.whole {
		t.Errorf("got %q", got)
	}
	for _, bad := range [][]string{{"--servers", "x"}, {"--rounds", "0"}, {"--server-cpu", "1"}, {"x"}, {"--nosuch"}} {
		c, err := parse(bad)
		if err == nil {
			_, err = c.choose()
		}
		if err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestTargets: each names columns and servers that exist.
func TestTargets(t *testing.T) {
	known := map[string]bool{"": true}
	for _, s := range servers() {
		known[s.name] = true
	}
	for _, x := range targets {
		find(x.col)
		if !known[x.server] || !known[x.than] {
			t.Errorf("%+v", x)
		}
	}
	for _, p := range panels {
		find(p)
	}
}

func TestStateComesBack(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a", "state.json")
	s := made()
	if err := s.save(file); err != nil {
		t.Fatal(err)
	}
	back, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	if table(back, "x") != table(s, "x") || draw(back) != draw(s) {
		t.Error("another report of the same state")
	}
}

func TestNumber(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 0.0012: "0.0012", 0.5: "0.50", 12.34: "12.3", 123.4: "123", 1234.5: "1,234", 13900: "13,900", 1234567: "1,234,567", -123456: "-123,456", -1234: "-1,234", -0.5: "-0.50"} {
		if got := number(v); got != want && !(v == 1234.5 && got == "1,235") {
			t.Errorf("%v: %q, want %q", v, got, want)
		}
	}
}
