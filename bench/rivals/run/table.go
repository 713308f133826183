package main

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
)

// number prints three digits of a figure, more of a big one.
func number(v float64) string {
	switch a := math.Abs(v); {
	case a >= 1000:
		s := strconv.FormatInt(int64(math.Round(v)), 10)
		for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case a >= 100:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case a >= 10:
		return strconv.FormatFloat(v, 'f', 1, 64)
	case a >= 0.1:
		return strconv.FormatFloat(v, 'f', 2, 64)
	}
	return strconv.FormatFloat(v, 'g', 2, 64)
}

// table is the report in Markdown.
func table(s *state, plot string) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("# sio-fast beside others\n")
	p("Written by `bench/rivals/run`; `make rivals` does it again. Server CPU is user and kernel")
	p("time by a unit, one server core; see bench/README.md for how loadtest measures and checks.\n")
	switch {
	case s.Short || s.Done < s.Planned:
		p("**Not a full run: %s. Its figures show that it works, not how fast.**\n", s.lack())
	case !s.full():
		p("Not everything that there is: %s.\n", s.lack())
	}
	if n := s.warned(); n > 0 {
		p("**loadtest warned in %d of %d runs: see the end.**\n", n, s.Done)
	}
	if s.full() {
		p("![server CPU and memory of each server](%s)\n", plot)
	}
	s.results(p)
	if s.fit() {
		s.verdicts(p)
	}
	s.rings(p)
	s.circumstances(p)
	s.ranges(p)
	s.troubles(p)
	return strings.TrimRight(b.String(), "\n") + "\n"
}

// least is how many rounds a median needs to be held against an aim.
const least = 3

// fit says whether the figures may be held against the aims: there are medians
// of enough rounds with all their clients.
func (s *state) fit() bool { return !s.Short && s.Rounds >= least && s.Done == s.Planned }

// warned counts the runs with warnings.
func (s *state) warned() (n int) {
	for _, x := range s.Samples {
		if len(x.Warnings) > 0 {
			n++
		}
	}
	return n
}

func (s *state) lack() string {
	switch {
	case s.Short:
		return "few clients, a second each"
	case s.Done < s.Planned:
		return fmt.Sprintf("%d of %d runs", s.Done, s.Planned)
	case s.Whole && len(s.absent()) > 0:
		return "without " + strings.Join(s.absent(), ", ")
	}
	return "a choice of servers, measures or rounds"
}

type printer func(format string, args ...any)

// footnotes number what goes wrong in a table's cells, in their order.
type footnotes struct{ list []string }

// mark gives the reference to a text.
func (f *footnotes) mark(text string) string {
	i := slices.Index(f.list, text)
	if i < 0 {
		i = len(f.list)
		f.list = append(f.list, text)
	}
	return fmt.Sprintf("failed (%d)", i+1)
}

func (f *footnotes) print(p printer) {
	for i, text := range f.list {
		p("%d. %s", i+1, text)
	}
	if len(f.list) > 0 {
		p("")
	}
}

// shown are the columns of the run that have a figure or a failure.
func (s *state) shown(objects bool) (out []column) {
	for _, m := range measures() {
		if _, ran := s.Commands[m.name]; !ran {
			continue
		}
		for _, c := range m.columns {
			if c.ofObjects() == objects {
				out = append(out, c)
			}
		}
	}
	return out
}

func (s *state) results(p printer) {
	p("## Results\n")
	p("The median of the rounds is shown, whose number is in the first line; smaller is better. \"–\": does not apply, or was not")
	p("run. Where a message was lost, doubled or altered, or a client cut that reads, in any round, there is no figure, and a note")
	p("says what happened. \"(2 of 3)\": a good run lacks this figure, and it is the median of the others. References have no")
	p("Socket.IO library: they answer with hand-written bytes.\n")
	cols := s.shown(false)
	p("%s", grid{cols: cols, head: column.heading, rounds: true}.of(s))
	s.meanings(p, cols)
	if cols := s.shown(true); slices.ContainsFunc(s.Servers, s.tells) {
		p("Objects that the process allocated for each message, of the servers in Go that tell:\n")
		p("%s", grid{cols: cols, head: column.heading, want: s.tells, rounds: true}.of(s))
	}
}

// meanings says of the columns whose head is too short what they are.
func (s *state) meanings(p printer, cols []column) {
	var lines []string
	for _, x := range []struct{ col, text string }{
		{"left", "Memory after all left is read every half second, for 20 s at most and until it is within 10 % of that before: of a server that gives it back this is the figure of that moment, not the least it comes to."},
		{"churn", "Memory of visits is judged by its slope: the median after each of the last five rounds of visits by the median after the second to the sixth. By the second round alone, as before, it moves by percents with when the collector last came; that is shown beside, not judged."},
		{"slow", "The p99 beside slow readers is by that of the same run while all read: both take turns, and the median of the turns' ratios is the figure of a run. The same with nobody slow says how far the turns differ by themselves" + s.calm() + "."},
		{"slow-held", "Memory held for slow readers is the most that the server had meanwhile over what it had before anybody came; its clients, and what a broadcast touches first, count in. " + heldAim()},
	} {
		if slices.ContainsFunc(cols, func(c column) bool { return c.name == x.col }) {
			lines = append(lines, "- "+x.text)
		}
	}
	if len(lines) > 0 {
		p("%s\n", strings.Join(lines, "\n"))
	}
}

// calm says what the ratio beside slow readers is with nobody slow: its noise.
func (s *state) calm() string {
	var list []string
	for _, v := range s.Servers {
		if mid, low, high, err := s.cell(v.Name, "calm"); err == nil {
			list = append(list, fmt.Sprintf("%s (%s … %s)%s of %s", ratio(mid), ratio(low), ratio(high), s.partly(v.Name, "calm"), v.Name))
		}
	}
	if len(list) == 0 {
		return ""
	}
	return ": here it was " + strings.Join(list, ", ") + ", and a ratio within that says nothing of slow readers"
}

// heldAim says where the aim for what is held for slow readers comes from.
func heldAim() string {
	return fmt.Sprintf("The aim is %d MiB: %d slow readers with the %d MiB that a client's backlog may have (`MaxBacklog`), twice, since Go's collector lets as much garbage stand as lives, and %d MiB that the server grows by with nobody slow.",
		slowAllowance, slowReaders, maxBacklog, calmGrowth)
}

// tells says whether a server's objects were counted.
func (s *state) tells(v installed) bool {
	return slices.ContainsFunc(s.Samples, func(x sample) bool {
		return x.Server == v.Name && x.Figures != nil && x.Figures.ObjectsPerMessage != nil
	})
}

// heading is a column's title with its unit.
func (c column) heading() string {
	if c.unit == "" {
		return c.title
	}
	return c.title + ", " + c.unit
}

// grid is a table of servers by columns.
type grid struct {
	cols   []column
	head   func(column) string
	want   func(installed) bool // nil: every server
	rounds bool                 // their number in the first line
}

// of fills the table, with notes of what failed below it.
func (g grid) of(s *state) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	head, rule, rounds := "| |", "|---|", "| rounds |"
	for _, c := range g.cols {
		m, _ := find(c.name)
		head += " " + g.head(c) + " |"
		rule += "---:|"
		rounds += fmt.Sprintf(" %d |", s.roundsOf(m.name))
	}
	p("%s\n%s", head, rule)
	if g.rounds {
		p("%s", rounds)
	}
	var notes footnotes
	for _, v := range s.Servers {
		if g.want != nil && !g.want(v) {
			continue
		}
		line := "| " + v.Title + " |"
		if v.Kind == ours {
			line = "| **" + v.Title + "** |"
		}
		for _, c := range g.cols {
			line += " " + s.text(v.Name, c.name, &notes) + " |"
		}
		p("%s", line)
	}
	p("")
	notes.print(p)
	return strings.TrimSuffix(b.String(), "\n")
}

func (s *state) text(server, col string, notes *footnotes) string {
	v, _, _, err := s.cell(server, col)
	switch {
	case err == errNone:
		return err.Error()
	case err != nil:
		m, _ := find(col)
		return notes.mark(fmt.Sprintf("%s, %s: %v", server, m.name, err))
	}
	return number(v) + s.partly(server, col)
}

func (s *state) circumstances(p printer) {
	m := s.Machine
	p("## Circumstances\n")
	p("- %s to %s (UTC), %d runs; commit %s", s.Started.Format("2006-01-02 15:04"), s.Ended.Format("2006-01-02 15:04"), s.Done, m.Commit)
	p("- %s, %s cores, %s, %s", m.CPU, m.Cores, m.Memory, m.Kernel)
	p("- %s measured after %s of warm-up; order within a measure: each server once, then again", s.Duration, s.Warmup)
	p("- `%s`\n", s.Command)
	p("| server | versions | command |\n|---|---|---|")
	for _, v := range s.Servers {
		p("| %s | %s | `%s` |", v.Name, v.Versions, v.Command)
	}
	p("\n| measure | command |\n|---|---|")
	for _, x := range measures() {
		if cmd := s.Commands[x.name]; cmd != "" {
			p("| %s, %s | `%s` |", x.title, inRounds(s.roundsOf(x.name)), cmd)
		}
	}
	p("")
	if len(s.Skipped) > 0 {
		p("Not measured:\n")
		for _, v := range s.Skipped {
			p("- %s: %s", v.Title, v.Why)
		}
		p("")
	}
}

func (s *state) ranges(p printer) {
	p("## Ranges\n")
	p("Least and most of the rounds.\n")
	cols := s.shown(false)
	head, rule := "| |", "|---|"
	for _, c := range cols {
		head, rule = head+" "+c.title+" |", rule+"---:|"
	}
	p("%s\n%s", head, rule)
	for _, v := range s.Servers {
		line := "| " + v.Name + " |"
		for _, c := range cols {
			_, low, high, err := s.cell(v.Name, c.name)
			if err != nil {
				line += " – |"
				continue
			}
			line += " " + number(low) + " … " + number(high) + s.partly(v.Name, c.name) + " |"
		}
		p("%s", line)
	}
	p("")
}

// troubles lists what loadtest warned of and what failed.
func (s *state) troubles(p printer) {
	var lines []string
	for _, x := range s.Samples {
		at := fmt.Sprintf("- %s, %s, round %d: ", x.Measure, x.Server, x.Round+1)
		if x.Failed != "" {
			lines = append(lines, at+"FAILED: "+x.Failed)
		}
		for _, w := range x.Warnings {
			lines = append(lines, at+w)
		}
		if f := x.Figures; f != nil && f.Slow != nil {
			lines = append(lines, at+f.Slow.line())
		}
	}
	if len(lines) > 0 {
		p("## Notes and warnings of the runs\n\n%s", strings.Join(lines, "\n"))
	}
}

// line says what became of those that did not read.
func (s *slow) line() string {
	out := fmt.Sprintf("%d slow clients cut", s.Cut)
	if s.ServerCuts == nil {
		out += " (the server does not tell why)"
	} else {
		var why []string
		for _, k := range slices.Sorted(maps.Keys(s.ServerCuts)) {
			why = append(why, fmt.Sprintf("%s %d", k, s.ServerCuts[k]))
		}
		out += "; closed by the server's own count: " + cmp.Or(strings.Join(why, ", "), "none")
	}
	if v, ok := s.growth(); ok {
		out += fmt.Sprintf("; memory grew by %s bytes at most", number(float64(v)))
	}
	var turns []string
	for _, t := range s.Turns {
		turns = append(turns, number(t.Ratio))
	}
	if len(turns) > 0 {
		out += "; turns " + strings.Join(turns, ", ")
	}
	return out
}
