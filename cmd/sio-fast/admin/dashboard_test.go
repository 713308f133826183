package admin

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
)

// The dashboard can be imported as it is: panels have their own numbers and places
// and a data source that exists, and ask for metrics that a server has. The module
// dashboardtest parses the queries and looks at their labels.
func TestDashboard(t *testing.T) {
	a, _ := open(t)
	families, _ := scrape(t, a)
	b, err := os.ReadFile("../../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	type place struct{ X, Y, W, H int }
	var board struct {
		Title  string
		UID    string
		Panels []struct {
			ID         int
			Title      string
			GridPos    place
			Datasource struct{ Type, UID string }
			Targets    []struct{ Expr, RefID string }
		}
		Templating struct {
			List []struct{ Name, Type string }
		}
	}
	if err := json.Unmarshal(b, &board); err != nil || board.Title == "" || board.UID == "" {
		t.Fatal(err, board.Title, board.UID)
	}
	known := map[string]bool{}
	for _, name := range families {
		for _, suffix := range []string{"", "_bucket"} {
			known[name+suffix] = true
		}
	}
	ids, taken := map[int]string{}, map[place]string{}
	for _, p := range board.Panels {
		if ids[p.ID] != "" || p.ID < 1 {
			t.Errorf("%s has the id %d of %q", p.Title, p.ID, ids[p.ID])
		}
		ids[p.ID] = p.Title
		g := p.GridPos
		if g.X < 0 || g.Y < 0 || g.W < 1 || g.H < 1 || g.X+g.W > 24 {
			t.Errorf("%s is at %+v", p.Title, g)
		}
		for o, title := range taken {
			if g.X < o.X+o.W && o.X < g.X+g.W && g.Y < o.Y+o.H && o.Y < g.Y+g.H {
				t.Errorf("%s lies over %s", p.Title, title)
			}
		}
		taken[g] = p.Title
		if p.Datasource.Type != "prometheus" || p.Datasource.UID != "${datasource}" {
			t.Errorf("%s asks %+v", p.Title, p.Datasource)
		}
		for _, q := range p.Targets {
			names := regexp.MustCompile(`\b(sio_fast|go|process)_\w+`).FindAllString(q.Expr, -1)
			if len(names) == 0 {
				t.Errorf("%s asks for nothing: %q", p.Title, q.Expr)
			}
			for _, name := range names {
				if !known[name] {
					t.Errorf("%s: no server has the metric %s", p.Title, name)
				}
			}
		}
	}
	if v := board.Templating.List; len(v) == 0 || v[0].Name != "datasource" || v[0].Type != "datasource" {
		t.Errorf("no variable for the data source: %+v", v)
	}
	if !strings.HasSuffix(string(b), "}\n") {
		t.Error("does not end with a line")
	}
}
