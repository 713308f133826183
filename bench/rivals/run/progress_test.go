package main

import (
	"strings"
	"testing"
	"time"
)

// TestResume: what is there is not run again, nor what failed elsewhere than in
// ours; and nothing is mixed that was measured under other terms.
func TestResume(t *testing.T) {
	old := made()
	node, sio := server{name: "node", kind: rival}, server{name: "sio", kind: ours}
	echo, rooms := measure{name: "echo"}, measure{name: "rooms"}
	old.Samples = append(old.Samples, sample{Measure: "rooms", Server: "node", Failed: "3 messages lost"}, sample{Measure: "rooms", Server: "sio", Failed: "1 message lost"})
	now := made()
	now.Samples = nil
	if err := now.goOn(old); err != nil || len(now.Samples) != len(old.Samples) {
		t.Fatalf("%v, %d samples", err, len(now.Samples))
	}
	for _, c := range []struct {
		job  job
		want bool
	}{
		{job{&echo, &sio, 2}, true}, {job{&echo, &sio, 3}, false},
		{job{&rooms, &node, 1}, true}, {job{&rooms, &sio, 0}, true}, {job{&rooms, &sio, 1}, false},
	} {
		if got := now.settled(c.job); got != c.want {
			t.Errorf("%s, %s, round %d: settled %v", c.job.measure.name, c.job.server.name, c.job.round, got)
		}
	}
	for what, change := range map[string]func(*state){
		"commit":              func(s *state) { s.Machine.Commit = "def" },
		"times and rounds":    func(s *state) { s.Warmup = "9s" },
		"set of measures":     func(s *state) { s.Commands = map[string]string{"echo": "x"} },
		"servers or versions": func(s *state) { s.Servers[0].Versions = "2" },
	} {
		other := made()
		change(other)
		if err := now.goOn(other); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("another %s: %v", what, err)
		}
	}
}

// TestLeft: a run takes as long as the same took before, and one not yet seen as
// much longer than thought as the others did.
func TestLeft(t *testing.T) {
	c, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	echo, _ := find("echo")
	rooms, _ := find("rooms")
	sio, node := server{name: "sio"}, server{name: "node"}
	s := &state{Samples: []sample{{Measure: "echo", Server: "sio", Seconds: 2 * echo.takes(c).Seconds()}}}
	jobs := []job{{&echo, &sio, 0}, {&echo, &sio, 1}, {&rooms, &node, 0}}
	if got, want := s.left(jobs, c), 2*echo.takes(c)+2*rooms.takes(c); got.Round(time.Millisecond) != want {
		t.Errorf("%v, want %v", got, want)
	}
}

// TestFitsAnHour: a run of everything, with its set-up, is to be done within an
// hour.
func TestFitsAnHour(t *testing.T) {
	c, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.choose()
	if err != nil {
		t.Fatal(err)
	}
	if d := new(state).left(p.jobs(c.rounds), c); !p.whole || d > 57*time.Minute {
		t.Errorf("%v", d)
	}
}

// TestEnoughTurns: a median is of at least three rounds, so in a run of
// everything no measure has fewer of any server.
func TestEnoughTurns(t *testing.T) {
	c, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.choose()
	if err != nil {
		t.Fatal(err)
	}
	turns := map[string]int{}
	for _, j := range p.jobs(c.rounds) {
		turns[j.measure.name+" of "+j.server.name]++
	}
	for _, m := range measures() {
		if turns[m.name+" of sio"] == 0 {
			t.Errorf("no %s of sio", m.name)
		}
	}
	for what, n := range turns {
		if n < least {
			t.Errorf("%s: %d turns", what, n)
		}
	}
	var names []string
	for _, v := range servers() {
		names = append(names, v.name)
	}
	for what, x := range map[string]struct {
		args  []string
		whole bool
	}{
		"all by name":               {[]string{"--servers", strings.Join(names, ",")}, true},
		"sio-send but not the last": {[]string{"--servers", strings.Join(names[:len(names)-1], ",")}, false},
		"two rounds":                {[]string{"--rounds", "2"}, false},
	} {
		if c, err = parse(x.args); err != nil {
			t.Fatal(err)
		}
		if p, err = c.choose(); err != nil || p.whole != x.whole {
			t.Errorf("%s: a whole run: %v, %v", what, p.whole, err)
		}
	}
}
