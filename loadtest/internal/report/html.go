package report

import (
	"fmt"
	"html/template"
	"io"
	"math"
)

const (
	blue   = "#2563eb"
	orange = "#d97706"
	green  = "#059669"
)

var page = template.Must(template.New("report").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>loadtest {{.R.Scenario}}: {{if .R.OK}}ok{{else}}FAILED{{end}}</title>
<style>
:root{--fg:#1c2430;--dim:#68717d;--bg:#fff;--line:#e3e7ec}
@media(prefers-color-scheme:dark){:root{--fg:#e6e9ee;--dim:#97a1ad;--bg:#14181e;--line:#2b323b}}
body{font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg);max-width:1360px;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}.dim{color:var(--dim)}code{font-size:.9em;overflow-wrap:anywhere}
.ok{color:#059669}.bad{color:#dc2626}
table{border-collapse:collapse;margin:1.2rem 0}td{padding:.2rem 1.2rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top;font-variant-numeric:tabular-nums}td{white-space:pre-wrap}td:first-child{white-space:pre}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,520px),1fr));gap:1rem}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:var(--dim)}svg .t{font-size:14px;fill:var(--fg)}
svg .x{text-anchor:middle}svg .y{text-anchor:end}svg .g{stroke:var(--line);fill:none}svg .l{fill:none;stroke-width:2}
</style>
<h1>{{.R.Scenario}}: {{if .R.OK}}<span class="ok">every message came once, whole and in order</span>{{else}}<span class="bad">FAILED: {{.R.Failure}}</span>{{end}}</h1>
<p class="dim">{{.R.Setup}}<br>{{.R.Started.Format "2006-01-02 15:04:05 MST"}} on {{.R.Machine}}<br><code>{{.R.Command}}</code></p>
{{range .R.Warnings}}<p class="bad">Warning: {{.}}</p>{{end}}
<table>{{range .Rows}}<tr><td>{{.Name}}<td>{{.Value}}{{end}}</table>
{{if .R.Notes}}<ul>{{range .R.Notes}}<li><code>{{.}}</code>{{end}}</ul>{{end}}
<div class="plots">{{range .Plots}}{{.}}{{end}}</div>
</html>
`))

type shown struct{ Name, Value string }

// HTML writes the result as one page that needs nothing else.
func HTML(w io.Writer, r *Result) error {
	data := struct {
		R     *Result
		Rows  []shown
		Plots []template.HTML
	}{R: r}
	if r.OK {
		for _, x := range r.Figures.rows() {
			data.Rows = append(data.Rows, shown{x.name, x.value})
		}
		for _, p := range plots(r) {
			if s := p.svg(); s != "" {
				data.Plots = append(data.Plots, template.HTML(s)) // drawn by us, its texts escaped
			}
		}
	} else {
		for _, name := range sortedKeys(r.Faults) {
			if n := r.Faults[name]; n > 0 {
				data.Rows = append(data.Rows, shown{name, fmt.Sprint(n)})
			}
		}
	}
	return page.Execute(w, data)
}

func plots(r *Result) (out []plot) {
	f := r.Figures
	p := plot{title: "Latency by percentile", xUnit: "percentile", yUnit: "µs", logX: true, logY: true, xLabel: percentile}
	add := func(d *Percentiles, name, color string) {
		if d != nil && d.Count > 0 {
			p.lines = append(p.lines, line{name, color, curve(d)})
		}
	}
	if f.Slow != nil {
		add(f.Slow.Baseline, "while all read", green)
	}
	add(f.Latency, "messages", blue)
	add(f.Complete, "to the last receiver", orange)
	if f.Latency == nil {
		add(f.Connect, "connect", blue)
	}
	out = append(out, p)
	series := func(title, unit string, lines ...line) {
		out = append(out, plot{title: title, xUnit: "seconds", yUnit: unit, lines: lines})
	}
	pick := func(name, color string, v func(Sample) float64) line {
		l := line{name: name, color: color}
		for _, s := range r.Samples {
			l.points = append(l.points, [2]float64{s.At, v(s)})
		}
		return l
	}
	series("Throughput", "a second", pick("sent", orange, func(s Sample) float64 { return s.Sent }),
		pick("received", blue, func(s Sample) float64 { return s.Received }))
	series("CPU", "cores busy", pick("server", blue, func(s Sample) float64 { return s.ServerCPU }),
		pick("generator", orange, func(s Sample) float64 { return s.GeneratorCPU }))
	series("Server memory", "MiB resident", pick("server", blue, func(s Sample) float64 { return float64(s.ServerRSS) / (1 << 20) }))
	series("Clients", "open", pick("clients", green, func(s Sample) float64 { return float64(s.Clients) }))
	return out
}

// curve turns percentiles into 1/(1-p), so that each decade is one more nine.
func curve(d *Percentiles) (out [][2]float64) {
	for _, q := range d.Curve {
		if q[0] < 100 {
			out = append(out, [2]float64{1 / (1 - q[0]/100), max(q[1], 1)})
		}
	}
	return out
}

func percentile(x float64) string {
	nines := int(math.Round(math.Log10(x)))
	if nines <= 2 {
		return fmt.Sprintf("%.4g %%", 100-100/x)
	}
	return fmt.Sprintf("%.*f %%", nines-2, 100-100/x)
}
