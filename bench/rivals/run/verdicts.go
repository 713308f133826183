package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// verdict is a target beside what was measured.
type verdict struct {
	target
	title, measured, text string
	known, met, failed    bool
}

// judge holds the measured figure against the target. Where our own server has
// failed the aim is missed; where only the other one has, there is nothing to
// hold it against.
func (t target) judge(s *state) verdict {
	m, col := find(t.col)
	out := verdict{target: t, title: col.title, text: "not measured"}
	own, err := s.values(t.server, t.col)
	list := sorted(own)
	out.failed = err != nil && !errors.Is(err, errNone)
	if err == nil && t.than != "" {
		list, err = s.ratios(t.server, t.than, t.col)
	}
	switch {
	case err != nil:
		out.measured = strings.ReplaceAll(err.Error(), "|", "/")
		if out.failed {
			out.known, out.text = true, "**missed**: failed"
		}
		return out
	case len(list) < least:
		out.measured = fmt.Sprintf("%d of at least %d rounds", len(list), least)
		return out
	}
	v := median(list)
	out.known, out.met = true, v <= t.limit
	out.measured = nearby(v, t.limit) + t.unit() + outOf(len(list), s.roundsOf(m.name))
	switch over := v / t.limit; {
	case out.met:
		out.text = "reached"
	case over >= 2:
		out.text = fmt.Sprintf("**missed**: %s times the aim", number(over))
	default:
		out.text = "**missed** by " + percent(over-1)
	}
	return out
}

func (t target) wish() string { return "≤ " + number(t.limit) + t.unit() }

// unit follows a figure of the target.
func (t target) unit() string {
	_, col := find(t.col)
	switch {
	case t.than != "":
		return " × " + t.than
	case col.unit != "":
		return " " + col.unit
	}
	return ""
}

// nearby prints a figure with so many digits that it is seen on which side of a
// limit it is: a ratio with at least three decimals within 2 % of it.
func nearby(v, limit float64) string {
	missed := v > limit
	text := number(v)
	hides := func() bool {
		shown, _ := strconv.ParseFloat(strings.ReplaceAll(text, ",", ""), 64)
		return missed && shown <= limit
	}
	if math.Abs(v/limit-1) > 0.02 && !hides() {
		return text
	}
	digits := max(0, 3-int(math.Floor(math.Log10(limit))))
	if digits > 0 {
		text = strconv.FormatFloat(v, 'f', digits, 64)
	}
	for ; hides() && digits < 15; digits++ {
		text = strconv.FormatFloat(v, 'f', digits+1, 64)
	}
	return text
}

// percent prints a share that is more than nothing as such.
func percent(share float64) string {
	text := ""
	for digits := 1; digits <= 6; digits++ {
		text = strconv.FormatFloat(share*100, 'f', digits, 64)
		if strings.Trim(text, "0.") != "" {
			return text + " %"
		}
	}
	return "less than 0.000001 %"
}

// judged are the verdicts of all targets whose measure was run.
func (s *state) judged() (out []verdict) {
	for _, t := range targets {
		m, _ := find(t.col)
		if _, ran := s.Commands[m.name]; ran {
			out = append(out, t.judge(s))
		}
	}
	return out
}

// tally says how many aims are reached, of those that were measured.
func tally(all []verdict) string {
	measured, reached := 0, 0
	for _, v := range all {
		if v.known {
			measured++
		}
		if v.met {
			reached++
		}
	}
	out := fmt.Sprintf("%d of %d measured", reached, measured)
	if rest := len(all) - measured; rest > 0 {
		out += fmt.Sprintf("; %d not measured", rest)
	}
	return out
}

// doubts are the warnings of loadtest that cast doubt on an aim, with the sign
// that marks it.
var doubts = []struct{ warning, sign, text string }{
	{"it, not the server, may be what is measured", "†", "in at least one of its runs a process of clients had no time left: it, not the server, may be what was measured"},
	{"other processes of this machine kept", "‡", "in at least one of its runs other processes kept the machine busy: times are of little worth, CPU is too high"},
}

// signs are those of the doubts about a target's runs.
func (s *state) signs(t target) (out string) {
	m, _ := find(t.col)
	for _, d := range doubts {
		if slices.ContainsFunc(s.Samples, func(x sample) bool {
			return x.Measure == m.name && (x.Server == t.server || x.Server == t.than) &&
				slices.ContainsFunc(x.Warnings, func(w string) bool { return strings.Contains(w, d.warning) })
		}) {
			out += d.sign
		}
	}
	return out
}

func (s *state) verdicts(p printer) {
	p("## Against the aims\n")
	p("A ratio is the median of the rounds' ratios, each of two runs of the same round. Where a run of sio-fast failed the aim is")
	p("missed; where only the other server failed there is nothing to compare with.\n")
	p("| measure | server | aim | measured | |\n|---|---|---|---|---|")
	all, seen := s.judged(), ""
	for _, v := range all {
		signs := ""
		if v.known {
			signs = s.signs(v.target)
		}
		seen += signs
		p("| %s | %s | %s | %s | %s |", v.title, v.server, v.wish(), v.measured, strings.TrimSpace(v.text+" "+signs))
	}
	p("\nReached: %s.\n", tally(all))
	for _, d := range doubts {
		if strings.Contains(seen, d.sign) {
			p("%s: %s.\n", d.sign, d.text)
		}
	}
	p("Objects a message are of every measure that has messages. To connect and to be idle are none, and the one of a visit comes")
	p("with a connect: what that allocates is in the memory.\n")
	s.counts(p)
}

// counts says of how many runs with slow readers the server's own count was held
// against the clients'; those in which they differed have failed.
func (s *state) counts(p printer) {
	runs, cut := 0, int64(0)
	for _, x := range s.Samples {
		if x.Figures != nil && x.Figures.Slow != nil && x.Figures.Slow.ServerCuts != nil {
			runs++
			cut += x.Figures.Slow.Cut
		}
	}
	if runs > 0 {
		p("In %d runs with a server that tells whom it cuts and why, clients saw themselves cut %d times, and the server counted as", runs, cut)
		p("many for the reason `%s`. A run in which the two differ is not quoted.\n", slowClient)
	}
}

// rings compares sio-fast with itself where the system forbids io_uring.
func (s *state) rings(p printer) {
	var lines []string
	for _, c := range slices.Concat(s.shown(false), s.shown(true)) {
		if r, err := s.ratios("sio", "sio-send", c.name); err == nil {
			m, _ := find(c.name)
			lines = append(lines, fmt.Sprintf("| %s | %s%s | %s … %s |", c.title, ratio(median(r)), outOf(len(r), s.roundsOf(m.name)), ratio(r[0]), ratio(r[len(r)-1])))
		}
	}
	if len(lines) == 0 {
		return
	}
	p("## With io_uring and without\n")
	p("sio-fast by itself without io_uring (`sio` / `sio-send`): the median of the rounds' ratios, the least and the most.\n")
	p("| | with / without | range |\n|---|---:|---:|\n%s\n", strings.Join(lines, "\n"))
}

// ratio prints two decimals, three near 1, where sides are taken.
func ratio(v float64) string {
	if math.Abs(v-1) <= 0.02 {
		return strconv.FormatFloat(v, 'f', 3, 64)
	}
	return number(v)
}
