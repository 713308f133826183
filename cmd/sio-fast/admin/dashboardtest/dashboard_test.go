// Package dashboardtest loads docs/grafana.json and asks a server that runs for all
// that it asks for. It is a module of its own for Prometheus' parser of queries.
package dashboardtest

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/sio-fast/sio-fast/cmd/sio-fast/admin"
	"github.com/sio-fast/sio-fast/eventloop"
	"github.com/sio-fast/sio-fast/sio"
)

// target is one query of a panel.
type target struct{ Expr, RefID, LegendFormat string }

type panel struct {
	ID         int
	Title      string
	Datasource source
	GridPos    struct{ X, Y, W, H int }
	Targets    []target
}

type source struct{ Type, UID string }

type board struct {
	Panels     []panel
	Templating struct {
		List []struct {
			Name, Type, Query string
			Datasource        source
		}
	}
}

func load(t *testing.T) *board {
	t.Helper()
	b, err := os.ReadFile("../../../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	d := &board{}
	if err := json.Unmarshal(b, d); err != nil {
		t.Fatal(err)
	}
	return d
}

// scraped is what a server's /metrics has, by the names that queries use, with the
// kind of each and the labels of its series.
type scraped map[string]*metric

type metric struct {
	grows  bool // a counter, or of a histogram or summary
	labels map[string][]string
}

// scrape runs a server of two loops and asks for its metrics.
func scrape(t *testing.T) scraped {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	server, err := sio.New(&sio.Options{Logger: quiet})
	if err != nil {
		t.Fatal(err)
	}
	a := admin.New(server, admin.Options{Version: "v1", Revision: "abc", Logger: quiet})
	s := eventloop.NewServer("127.0.0.1:0", server, &eventloop.Options{Loops: 2, Logger: quiet})
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	a.Serving(s)
	web := httptest.NewServer(a)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		web.Close()
		a.Close()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
	})
	res, err := http.Get(web.URL + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	parse := expfmt.TextParser{}
	all, err := parse.TextToMetricFamilies(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := scraped{}
	for name, f := range all {
		out.take(name, f)
	}
	return out
}

// take notes one family under each name that a query may ask it by.
func (s scraped) take(name string, f *dto.MetricFamily) {
	put := func(name string, grows bool, m *dto.Metric, more ...string) {
		have := s[name]
		if have == nil {
			// The scraper adds these two.
			have = &metric{grows, map[string][]string{"job": nil, "instance": nil}}
			s[name] = have
		}
		for _, l := range m.Label {
			have.labels[l.GetName()] = append(have.labels[l.GetName()], l.GetValue())
		}
		for _, l := range more {
			have.labels[l] = nil
		}
	}
	for _, m := range f.Metric {
		switch f.GetType() {
		case dto.MetricType_HISTOGRAM:
			put(name+"_bucket", true, m, "le")
			put(name+"_sum", true, m)
			put(name+"_count", true, m)
		case dto.MetricType_SUMMARY:
			put(name, false, m, "quantile")
			put(name+"_sum", true, m)
			put(name+"_count", true, m)
		default:
			put(name, f.GetType() == dto.MetricType_COUNTER, m)
		}
	}
}

// filled puts values in place of the variables that Grafana fills in.
var filled = strings.NewReplacer("$__rate_interval", "1m", "$__interval", "1m", "$job", "sio-fast", "$instance", ".*")

// query checks one expression against what a server has, and gives the labels that
// what comes of it may have.
func (s scraped) query(expr string) (left []string, problems []string) {
	bad := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	e, err := parser.ParseExpr(filled.Replace(expr))
	if err != nil {
		return nil, []string{err.Error()}
	}
	parser.Inspect(e, func(n parser.Node, path []parser.Node) error {
		switch n := n.(type) {
		case *parser.VectorSelector:
			m := s[n.Name]
			if m == nil {
				bad("no server has the metric %s", n.Name)
				return nil
			}
			for _, l := range n.LabelMatchers {
				if l.Name == labels.MetricName {
					continue
				}
				values, ok := m.labels[l.Name]
				if !ok {
					bad("%s has no label %s", n.Name, l.Name)
				}
				if len(values) > 0 && !slices.ContainsFunc(values, l.Matches) {
					bad("%s has no series with %s", n.Name, l)
				}
			}
			if growth := rates(path); growth != m.grows {
				bad("%s: a counter and only that has a rate", n.Name)
			}
		case *parser.AggregateExpr:
			have := s.labelsOf(n.Expr)
			for _, l := range n.Grouping {
				if !slices.Contains(have, l) {
					bad("nothing below has the label %s of %s", l, n.Op)
				}
			}
		case *parser.Call:
			if n.Func.Name == "histogram_quantile" && !slices.Contains(s.labelsOf(n.Args[1]), "le") {
				bad("a quantile without the label le")
			}
		}
		return nil
	})
	return s.labelsOf(e), problems
}

// rates reports that a selector stands below a function that wants a counter.
func rates(path []parser.Node) bool {
	return slices.ContainsFunc(path, func(n parser.Node) bool {
		c, ok := n.(*parser.Call)
		return ok && slices.Contains([]string{"rate", "irate", "increase"}, c.Func.Name)
	})
}

// labelsOf gives the labels that the series of an expression may have.
func (s scraped) labelsOf(e parser.Expr) []string {
	switch e := e.(type) {
	case *parser.AggregateExpr:
		if e.Without {
			return slices.DeleteFunc(s.labelsOf(e.Expr), func(l string) bool { return slices.Contains(e.Grouping, l) })
		}
		return e.Grouping
	case *parser.VectorSelector:
		if m := s[e.Name]; m != nil {
			return slices.Collect(maps.Keys(m.labels))
		}
	case *parser.Call:
		if e.Func.Name == "histogram_quantile" {
			return slices.DeleteFunc(slices.Clone(s.labelsOf(e.Args[1])), func(l string) bool { return l == "le" })
		}
		for _, arg := range e.Args {
			if have := s.labelsOf(arg); have != nil {
				return have
			}
		}
	case *parser.BinaryExpr:
		return s.labelsOf(e.LHS)
	case *parser.MatrixSelector:
		return s.labelsOf(e.VectorSelector)
	case *parser.ParenExpr:
		return s.labelsOf(e.Expr)
	}
	return nil
}

// Every query can be parsed, asks for metrics and labels that a server has, and for
// the rate of what grows and of nothing else; every legend names labels that are
// left by then.
func TestQueries(t *testing.T) {
	d, have := load(t), scrape(t)
	asked := ""
	for _, p := range d.Panels {
		refs := map[string]bool{}
		if len(p.Targets) == 0 {
			t.Errorf("%s: no query", p.Title)
		}
		for _, q := range p.Targets {
			asked += q.Expr + "\n"
			left, problems := have.query(q.Expr)
			for _, problem := range problems {
				t.Errorf("%s: %s\n%s", p.Title, problem, q.Expr)
			}
			if q.RefID == "" || refs[q.RefID] {
				t.Errorf("%s: a second query %q", p.Title, q.RefID)
			}
			refs[q.RefID] = true
			for _, m := range regexp.MustCompile(`{{(\w+)}}`).FindAllStringSubmatch(q.LegendFormat, -1) {
				if !slices.Contains(left, m[1]) {
					t.Errorf("%s: the legend %q has a label that %s has not", p.Title, q.LegendFormat, q.Expr)
				}
			}
		}
	}
	for name := range have {
		shown := strings.Contains(asked, name+"{")
		plain := strings.HasPrefix(name, "sio_fast_") && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count")
		if plain && !shown && name != "sio_fast_build_info" && name != "sio_fast_namespaces" {
			t.Errorf("the dashboard does not show %s", name)
		}
	}
}

// What is wrong is found.
func TestQueriesFound(t *testing.T) {
	have := scrape(t)
	for expr, says := range map[string]string{
		`sio_fast_clients{`:                   "unexpected",
		`sio_fast_nothing`:                    "no server has",
		`sio_fast_clients{loop="0"}`:          "no label loop",
		`sio_fast_backlog_bytes{loop="7"}`:    "no series",
		`sum by (why) (sio_fast_clients)`:     "label why",
		`sio_fast_sessions_total`:             "rate",
		`rate(sio_fast_clients[1m])`:          "rate",
		`rate(sio_fast_loop_lag_seconds[1m])`: "no server has",
		`histogram_quantile(0.5, sum by (loop) (rate(sio_fast_loop_lag_seconds_bucket[1m])))`: "without the label le",
	} {
		if _, problems := have.query(expr); len(problems) == 0 || !strings.Contains(strings.Join(problems, "\n"), says) {
			t.Errorf("%s: %q, want %q", expr, problems, says)
		}
	}
}

// The variables are there, and ask for what a server has.
func TestVariables(t *testing.T) {
	d, have := load(t), scrape(t)
	ask := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
	defined := []string{}
	for _, v := range d.Templating.List {
		defined = append(defined, v.Name)
		switch v.Type {
		case "datasource":
			if v.Query != "prometheus" {
				t.Errorf("%s: %q", v.Name, v.Query)
			}
		case "query":
			m := ask.FindStringSubmatch(v.Query)
			if m == nil || v.Datasource != (source{"prometheus", "${datasource}"}) {
				t.Errorf("%s: %q of %v", v.Name, v.Query, v.Datasource)
				continue
			}
			if left, problems := have.query(m[1]); len(problems) > 0 || !slices.Contains(left, m[2]) {
				t.Errorf("%s: %q: %v", v.Name, v.Query, problems)
			}
		default:
			t.Errorf("%s is a %s", v.Name, v.Type)
		}
	}
	raw, err := os.Open("../../../../docs/grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	text, err := io.ReadAll(raw)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`\$\{?(\w+)`).FindAllSubmatch(text, -1) {
		if name := string(m[1]); !strings.HasPrefix(name, "__") && !slices.Contains(defined, name) {
			t.Errorf("nobody defines $%s", name)
		}
	}
}
