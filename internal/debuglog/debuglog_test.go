package debuglog

import (
	"bytes"
	"strings"
	"testing"
)

// TestEnabled holds the patterns as the npm package debug reads them.
func TestEnabled(t *testing.T) {
	for _, c := range []struct {
		patterns, component string
		want                bool
	}{
		{"", "engine", false},
		{"*", "engine:ws", true},
		{"engine", "engine", true},
		{"engine", "engine:ws", false},
		{"engine*", "engine", true},
		{"engine*", "engine:ws", true},
		{"engine:*", "engine", false},
		{"engine*,-engine:ws", "engine:ws", false},
		{"-engine:ws,engine*", "engine:ws", false},
		{"engine* -engine:ws", "engine:polling", true},
		{" ,, engine \t socket.io:* ,", "socket.io:client", true},
		{"socket.io*", "socket.io-parser", true},
		{"socket.io:*", "socket.io-parser", false},
		{"*:ws", "engine:ws", true},
		{"e*:*s", "engine:ws", true},
		{"e*x*s", "engine:ws", false},
		{"*,-*", "engine", false},
		{"-engine", "engine:ws", false},
		{"-", "engine", false},
		{"socketxio:*", "socket.io:server", false},
		{"**", "engine", true},
	} {
		if got := Enabled(c.patterns, c.component); got != c.want {
			t.Errorf("DEBUG=%q, %s: %v", c.patterns, c.component, got)
		}
	}
}

func TestLog(t *testing.T) {
	defer Set("", nil)
	l, quiet := New("engine:ws"), New("engine:polling")
	var out bytes.Buffer
	Set("engine*,-engine:polling", &out)
	quiet.Print("unheard")
	l.Print("received", "data", Text("evil\n\x1b[2Jtime=now level=ERROR\x00"+strings.Repeat("x", 1000)))
	got := out.String()
	if strings.Count(got, "\n") != 1 || strings.ContainsAny(got, "\x1b\x00") || len(got) > 500 {
		t.Errorf("got %q", got)
	}
	for _, want := range []string{"level=DEBUG", "component=engine:ws", `msg=received`, `data="evil\n\x1b[2J`, "(1030 bytes)"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %s in %q", want, got)
		}
	}
}

// TestOff holds that a component that is off costs nothing.
func TestOff(t *testing.T) {
	l := New("test")
	data := []byte("x")
	if n := testing.AllocsPerRun(100, func() {
		if l.On() {
			l.Print("x", "data", Text(data))
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzEnabled(f *testing.F) {
	f.Add("engine*,-engine:ws", "engine:ws")
	f.Add("***a***b -**", "aab")
	f.Fuzz(func(t *testing.T, patterns, component string) {
		if Enabled(patterns, component) && !Enabled("*,"+patterns, component) {
			t.Error("a star takes something away")
		}
		if Enabled(patterns+",-*", component) {
			t.Error("excluded, and on")
		}
	})
}
