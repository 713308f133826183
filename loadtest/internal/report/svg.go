package report

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// line is one curve of a plot.
type line struct {
	name   string
	color  string
	points [][2]float64
}

// plot is a small line chart. logX suits percentiles: x is then 1/(1-p).
type plot struct {
	title, xUnit, yUnit string
	lines               []line
	logX, logY          bool
	xLabel              func(float64) string
}

const (
	plotW, plotH            = 640, 260
	left, right, top, below = 64, 16, 34, 40
)

// svg draws p, or nothing if it has no points.
func (p *plot) svg() string {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for _, l := range p.lines {
		for _, q := range l.points {
			x0, x1 = min(x0, q[0]), max(x1, q[0])
			y0, y1 = min(y0, q[1]), max(y1, q[1])
		}
	}
	if x1 <= x0 {
		return ""
	}
	if !p.logY {
		y0 = 0
	}
	if y1 <= y0 {
		y1 = y0 + 1
	}
	sx, sy := scale(x0, x1, left, plotW-right, p.logX), scale(y0, y1, plotH-below, top, p.logY)
	var b strings.Builder
	fmt.Fprintf(&b, `<svg viewBox="0 0 %d %d" role="img" aria-label="%s"><text class="t" x="%d" y="18">%s</text>`,
		plotW, plotH, html.EscapeString(p.title), left, html.EscapeString(p.title))
	for _, y := range ticks(y0, y1, p.logY) {
		fmt.Fprintf(&b, `<path class="g" d="M%d %.1fH%d"/><text class="y" x="%d" y="%.1f">%s</text>`, left, sy(y), plotW-right, left-6, sy(y)+4, short(y))
	}
	for _, x := range ticks(x0, x1, p.logX) {
		label := short(x)
		if p.xLabel != nil {
			label = p.xLabel(x)
		}
		fmt.Fprintf(&b, `<path class="g" d="M%.1f %dV%d"/><text class="x" x="%.1f" y="%d">%s</text>`, sx(x), top, plotH-below, sx(x), plotH-below+16, label)
	}
	fmt.Fprintf(&b, `<text class="x" x="%d" y="%d">%s</text><text class="u" x="4" y="%d">%s</text>`,
		(plotW+left)/2, plotH-6, html.EscapeString(p.xUnit), top-4, html.EscapeString(p.yUnit))
	at := plotW - right
	for i := len(p.lines) - 1; i >= 0; i-- {
		l := p.lines[i]
		b.WriteString(`<path class="l" stroke="` + l.color + `" d="`)
		for k, q := range l.points {
			fmt.Fprintf(&b, "%c%.1f %.1f", "LM"[btoi(k == 0)], sx(q[0]), sy(q[1]))
		}
		fmt.Fprintf(&b, `"/><text class="y" fill="%s" style="fill:%s" x="%d" y="18">%s</text>`, l.color, l.color, at, html.EscapeString(l.name))
		at -= 8*len([]rune(l.name)) + 16
	}
	return b.String() + "</svg>"
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func scale(v0, v1, p0, p1 float64, log bool) func(float64) float64 {
	if log {
		v0, v1 = math.Log(v0), math.Log(v1)
	}
	return func(v float64) float64 {
		if log {
			v = math.Log(v)
		}
		return p0 + (v-v0)/(v1-v0)*(p1-p0)
	}
}

// ticks picks four to eight round values between a and b.
func ticks(a, b float64, log bool) (out []float64) {
	if log {
		for e := math.Floor(math.Log10(a)); e <= math.Ceil(math.Log10(b)); e++ {
			if v := math.Pow(10, e); v >= a*0.999 && v <= b*1.001 {
				out = append(out, v)
			}
		}
		return out
	}
	step := math.Pow(10, math.Floor(math.Log10((b-a)/4)))
	for (b-a)/step > 8 {
		step *= 2
		if (b-a)/step > 8 {
			step *= 2.5
		}
	}
	for v := math.Ceil(a/step) * step; v <= b+step/1e6; v += step {
		out = append(out, v)
	}
	return out
}

func short(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%.3gM", v/1e6)
	case v >= 1e4:
		return fmt.Sprintf("%.3gk", v/1e3)
	}
	return fmt.Sprintf("%.4g", v)
}
