package main

import (
	"fmt"
	"html"
	"math"
	"strings"
)

// panels are the columns that the plot shows, in reading order.
var panels = []string{"fanout", "flood", "echo", "echo-1", "rooms", "polling", "connect", "idle"}

const (
	panelW, labelW, valueW = 560, 250, 70
	barH, barGap           = 15, 4
	panelHead, panelGap    = 40, 26
	margin                 = 16
)

// draw makes one SVG: a panel for each measure, a bar for each server, on a
// logarithmic scale, since they differ by a factor of ten and more.
func draw(s *state) string {
	var body strings.Builder
	x, y, row := margin, 58, 0
	n := 0
	var drawn []column
	for _, name := range panels {
		p, h := s.panel(name, x, y)
		if h == 0 {
			continue
		}
		_, col := find(name)
		drawn = append(drawn, col)
		body.WriteString(p)
		row = max(row, h)
		if n++; n%2 == 1 {
			x += panelW + panelGap
			continue
		}
		x, y, row = margin, y+row+panelGap, 0
	}
	if n%2 == 1 {
		y += row + panelGap
	}
	w := 2*panelW + panelGap + 2*margin
	note := fmt.Sprintf("%s, %s, %s; medians of %s; one server core", s.Ended.Format("2006-01-02"), s.Machine.CPU, s.Machine.Kernel, s.rounds(drawn))
	if !s.full() {
		note = "Not everything (" + s.lack() + "). " + note
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="sio-fast beside other servers">
<style>
text{font:12px system-ui,sans-serif;fill:#1f2328}.h{font-size:20px;font-weight:600}.t{font-size:14px;font-weight:600}.n{fill:#59636e}.r{text-anchor:end}.o{font-weight:600}.f{fill:#a40e26}.g{stroke:#d1d9e0}
.b{fill:#fff}.ours{fill:#1a7f37}.rival{fill:#0969da}.ref{fill:#afb8c1}
@media(prefers-color-scheme:dark){text{fill:#f0f6fc}.n{fill:#9198a1}.f{fill:#ff8182}.g{stroke:#3d444d}.b{fill:#0d1117}.ours{fill:#3fb950}.rival{fill:#4493f8}.ref{fill:#656c76}}
</style>
<rect class="b" width="100%%" height="100%%" rx="8"/>
<text class="h" x="%d" y="28">sio-fast beside other servers: smaller is better (logarithmic)</text>
<text class="n" x="%d" y="46">%s</text>
%s
%s</svg>
`, w, y, margin, margin, html.EscapeString(note), legend(w-margin), body.String())
}

// panel draws one column; height 0: there is nothing in it.
func (s *state) panel(name string, x, y int) (string, int) {
	m, col := find(name)
	if _, ran := s.Commands[m.name]; !ran {
		return "", 0
	}
	most, least := 0.0, math.Inf(1)
	for _, v := range s.Servers {
		if f, _, _, err := s.cell(v.Name, name); err == nil && f > 0 {
			most, least = max(most, f), min(least, f)
		}
	}
	if most == 0 {
		return "", 0
	}
	least /= 2 // the least bar is seen too
	width := func(v float64) float64 {
		return math.Log(v/least) / math.Log(most/least) * (panelW - labelW - valueW)
	}
	unit := map[string]string{"µs": "µs of server CPU", "B": "bytes"}[col.unit]
	var b strings.Builder
	fmt.Fprintf(&b, `<text class="t" x="%d" y="%d">%s</text><text class="n" x="%d" y="%d">%s</text>`+"\n",
		x, y+14, html.EscapeString(m.title), x, y+30, unit)
	at := y + panelHead
	for _, v := range s.Servers {
		f, low, high, err := s.cell(v.Name, name)
		if err == errNone {
			continue
		}
		style := map[bool]string{true: "r o", false: "r"}[v.Kind == ours]
		fmt.Fprintf(&b, `<text class="%s" x="%d" y="%d">%s</text>`, style, x+labelW-8, at+12, html.EscapeString(v.Title))
		if err != nil {
			fmt.Fprintf(&b, `<text class="f" x="%d" y="%d">failed: no figure</text>`+"\n", x+labelW, at+12)
		} else {
			w := width(f)
			fmt.Fprintf(&b, `<rect x="%d" y="%d" width="%.1f" height="%d" rx="2" class="%s"><title>%s … %s</title></rect><text x="%.1f" y="%d">%s</text>`+"\n",
				x+labelW, at, w, barH, class(v.Kind), number(low), number(high), float64(x+labelW)+w+6, at+12, number(f)+s.partly(v.Name, name))
		}
		at += barH + barGap
	}
	fmt.Fprintf(&b, `<path class="g" d="M%d %dV%d"/>`+"\n", x+labelW, y+panelHead-2, at-2)
	return b.String(), at - y
}

// class is the kind of server as the style names it. The picture brings its own
// background, so that it reads well whatever the page around it has.
func class(kind string) string {
	switch kind {
	case ours:
		return "ours"
	case reference:
		return "ref"
	}
	return "rival"
}

// legend says what the colours mean, ending at x.
func legend(x int) string {
	var b strings.Builder
	for i, k := range []struct{ kind, text string }{{ours, ours}, {rival, "Socket.IO servers"}, {reference, "references without Socket.IO"}} {
		at := x - 460 + []int{0, 90, 240}[i]
		fmt.Fprintf(&b, `<rect class="%s" x="%d" y="17" width="12" height="12" rx="2"/><text x="%d" y="28">%s</text>`, class(k.kind), at, at+18, k.text)
	}
	return b.String()
}
