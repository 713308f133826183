package main

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sio-fast/sio-fast/examples/web/webtest"
)

func key(name string) map[string]any {
	return map[string]any{"name": name, "key": "the secret key of " + name}
}

func TestTabsAreCounted(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	watcher := webtest.Open(t, url, key("Eve"))
	watcher.Get("online", nil)
	changed := func(name string, tabs int) {
		t.Helper()
		var p Person
		if watcher.Get("changed", &p); p.Name != name || p.Tabs != tabs {
			t.Fatalf("%+v, want %s with %d tabs", p, name, tabs)
		}
	}
	first := webtest.Open(t, url, key("Ada"))
	changed("Ada", 1)
	second := webtest.Open(t, url, key("Ada"))
	changed("Ada", 2)
	e, err := second.Next(t.Context())
	if err != nil || e.Name != "online" || len(e.Args) != 2 {
		t.Fatalf("%q %s, %v", e.Name, e.Args, err)
	}
	if list := string(e.Args[1]); strings.Count(list, `"Ada"`) != 1 || !strings.Contains(list, `"Eve"`) || strings.Contains(list, "secret") {
		t.Errorf("online: %s", list)
	}
	first.Close()
	changed("Ada", 1)
	second.Close()
	changed("Ada", 0)
	webtest.Open(t, url, key("Bob"))
	changed("Bob", 1)
}

func TestBadVisitorsAreRefused(t *testing.T) {
	io, err := server()
	url := webtest.Start(t, io, err)
	for _, c := range []struct {
		auth any
		why  string
	}{
		{nil, "a key has 16 to 64 bytes"},
		{map[string]any{"name": "Ada", "key": "short"}, "a key has 16 to 64 bytes"},
		{map[string]any{"name": "Ada", "key": strings.Repeat("k", 65)}, "a key has 16 to 64 bytes"},
		{key(" "), "a name has 1 to 24 letters"},
		{key(strings.Repeat("x", maxName+1)), "a name has 1 to 24 letters"},
	} {
		if why := webtest.Refused(t, url, c.auth); why != c.why {
			t.Errorf("%v is refused with %q, want %q", c.auth, why, c.why)
		}
	}
	for range maxTabs {
		webtest.Open(t, url, key("Ada")).Get("online", nil)
	}
	var why string
	late := webtest.Open(t, url, key("Ada"))
	if late.Get("problem", &why); !strings.HasPrefix(why, "no room") {
		t.Error(why)
	}
	late.Gone()
}

func TestTheHouseIsBounded(t *testing.T) {
	h := &house{people: map[string]*Person{}}
	for i := range maxPeople {
		if h.enter(Auth{Name: "x", Key: fmt.Sprint(i)}) == nil {
			t.Fatalf("person %d is refused", i)
		}
	}
	if h.enter(Auth{Name: "x", Key: "one more"}) != nil {
		t.Error("one person too many")
	}
	if h.enter(Auth{Name: "y", Key: "0"}) == nil {
		t.Error("a second tab is refused")
	}
}
