package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// The files of the repository that a run of everything replaces beside the
// table and the plot. What they hold is written from results, so that a test
// can hold them to it.
const (
	results = "bench/results.json"
	readme  = "README.md"
)

// The marks between which the README's figures stand.
const (
	blockBegin = "<!-- rivals:begin -->"
	blockEnd   = "<!-- rivals:end -->"
)

// readmeTables are the README's: what each is of, and its columns with heads
// that need no other text.
var readmeTables = []struct {
	title string
	heads []head
}{
	{"µs of server CPU a message, 64 bytes if not said otherwise", []head{
		{"fanout", "one broadcast at a time to 10,000, a delivery"},
		{"flood", "eight in flight"},
		{"fanout-1k", "one at a time, of 1 KB"},
		{"paced", "two a second: p99 in ms"},
		{"rooms", "rooms of ten"},
		{"echo", "echo, 100 clients, ten in flight"},
		{"echo-1", "one in flight"},
		{"polling", "one in flight, over polling"},
		{"connect", "a connect"},
	}},
	{"memory and bounds", []head{
		{"idle", "15,000 idle clients, bytes a client"},
		{"left", "memory after they left (read until within 10 %, 20 s at most), of that before"},
		{"churn", "memory of the last five of 20 rounds of visits, of that of the second to sixth"},
		{"churn-second", "the same, of that of the second round alone (not judged)"},
		{"slow", "p99 beside slow readers, of that with all reading"},
		{"calm", "the same with nobody slow"},
		{"slow-held", "memory held for slow readers, MiB"},
	}},
	{"objects allocated a message", []head{
		{"fanout-objects", "one broadcast at a time"},
		{"flood-objects", "eight in flight"},
		{"fanout-1k-objects", "of 1 KB"},
		{"paced-objects", "two a second"},
		{"rooms-objects", "rooms of ten"},
		{"echo-objects", "echo, ten in flight"},
		{"echo-1-objects", "one in flight"},
		{"polling-objects", "over polling"},
		{"slow-objects", "beside slow readers"},
	}},
}

type head struct{ col, text string }

// block is what stands between the marks.
func block(s *state) string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("%s", fold(s.origin()))
	p("\n![server CPU of each server](bench/rivals.svg)\n")
	for _, t := range readmeTables {
		if text := s.readmeTable(t.title, t.heads); text != "" {
			p("%s", text)
		}
	}
	p("%s", fold(s.aims()))
	return b.String()
}

// origin says where the figures are from.
func (s *state) origin() string {
	m := s.Machine
	var versions []string
	for _, v := range s.Servers {
		for _, one := range strings.Split(v.Versions, ", ") {
			if one != "" && !slices.Contains(versions, one) {
				versions = append(versions, one)
			}
		}
	}
	out := fmt.Sprintf("Server CPU, user and kernel together, on one core of a machine with %s cores (%s, %s, %s); medians of %s in which the servers took turns, on %s at commit `%s`. Versions: %s.",
		m.Cores, m.CPU, m.Memory, m.Kernel, s.rounds(slices.Concat(s.shown(false), s.shown(true))), s.Ended.Format("2006-01-02"), m.Commit, strings.Join(versions, ", "))
	if len(s.Skipped) > 0 {
		var names []string
		for _, v := range s.Skipped {
			names = append(names, v.Title)
		}
		out += " Not measured: " + strings.Join(names, ", ") + "."
	}
	return out
}

// readmeTable has the servers that have a figure in it, or failed.
func (s *state) readmeTable(title string, heads []head) string {
	text := map[string]string{}
	var cols []column
	for _, h := range heads {
		m, c := find(h.col)
		if _, ran := s.Commands[m.name]; ran {
			cols = append(cols, c)
			text[c.name] = h.text
		}
	}
	shown := func(v installed) bool {
		if len(cols) > 0 && cols[0].ofObjects() && !s.tells(v) {
			return false
		}
		return slices.ContainsFunc(cols, func(c column) bool {
			_, err := s.values(v.Name, c.name)
			return !errors.Is(err, errNone)
		})
	}
	if !slices.ContainsFunc(s.Servers, shown) {
		return ""
	}
	g := grid{cols: cols, head: func(c column) string { return text[c.name] }, want: shown}.of(s)
	return strings.Replace(g, "| |", "| "+title+" |", 1)
}

// aims says in a sentence how many are reached, and of how many of these the runs
// cast doubt on it, and names the others.
func (s *state) aims() string {
	all := s.judged()
	out := fmt.Sprintf("Aims reached: **%s**.", tally(all))
	var missed []string
	doubtful, ofReached, ofMissed := 0, "", ""
	for _, v := range all {
		signs := s.signs(v.target)
		switch {
		case v.met:
			if signs != "" {
				doubtful++
			}
			ofReached += signs
		case v.known:
			missed = append(missed, v.regret(signs))
			ofMissed += signs
		}
	}
	if doubtful > 0 {
		out += fmt.Sprintf(" Of the reached ones, %d in runs with a warning (%s).", doubtful, strings.Join(distinct(ofReached), ", "))
	}
	if len(missed) > 0 {
		out += " Not reached: " + strings.Join(missed, "; ") + "."
	}
	for _, d := range doubts {
		if strings.Contains(ofReached+ofMissed, d.sign) {
			out += " " + d.sign + ": " + d.text + "."
		}
	}
	return out
}

// regret names an aim that is missed.
func (v verdict) regret(signs string) string {
	if v.failed {
		return strings.TrimSpace(fmt.Sprintf("%s of %s %s (%s was wanted) %s", v.title, v.server, v.measured, v.wish(), signs))
	}
	text := strings.TrimSpace(strings.ReplaceAll(v.text, "**", "") + " " + signs)
	return fmt.Sprintf("%s of %s, %s where %s was wanted (%s)", v.title, v.server, v.measured, v.wish(), text)
}

// distinct gives each of the doubts' signs that is there once.
func distinct(signs string) (out []string) {
	for _, d := range doubts {
		if strings.Contains(signs, d.sign) {
			out = append(out, d.sign)
		}
	}
	return out
}

// fold breaks a paragraph into lines as long as the README's, but never before
// a sign, which Markdown may take for a list's.
func fold(text string) string {
	var b strings.Builder
	at := 0
	for i, word := range strings.Fields(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case i == 0:
		case at+1+n > 88 && !strings.ContainsAny(word[:1], "+-*%"):
			b.WriteByte('\n')
			at = 0
		default:
			b.WriteByte(' ')
			at++
		}
		b.WriteString(word)
		at += n
	}
	return b.String()
}

// cut splits a text at the marks, which stay with what is around the block.
func cut(text string) (before, inside, after string, err error) {
	if strings.Count(text, blockBegin) != 1 || strings.Count(text, blockEnd) != 1 {
		return "", "", "", fmt.Errorf("%s wants %s and %s, once each", readme, blockBegin, blockEnd)
	}
	from := strings.Index(text, blockBegin) + len(blockBegin)
	to := strings.Index(text, blockEnd)
	if to < from {
		return "", "", "", fmt.Errorf("%s: %s comes after %s", readme, blockBegin, blockEnd)
	}
	return text[:from], text[from:to], text[to:], nil
}

// publish writes the committed figures, and the README's from them.
func (s *state) publish() error {
	b, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	before, _, after, err := cut(string(b))
	if err != nil {
		return err
	}
	if b, err = s.compact(); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.FromSlash(results), b, 0o666); err != nil {
		return err
	}
	return os.WriteFile(readme, []byte(before+"\n"+block(s)+after), 0o666)
}

// compact gives the state as it is committed: a line for each run, and of it
// what the report is written from.
func (s *state) compact() ([]byte, error) {
	rest := *s
	rest.Samples = nil
	b, err := json.MarshalIndent(rest, "", " ")
	if err != nil {
		return nil, err
	}
	const place = `"Samples": null`
	var lines []string
	for _, x := range s.Samples {
		x.Seconds = 0
		line, err := json.Marshal(x)
		if err != nil {
			return nil, err
		}
		lines = append(lines, string(line))
	}
	if strings.Count(string(b), place) != 1 {
		return nil, errors.New("no place for the runs in " + strconv.Quote(place))
	}
	all := "\"Samples\": [\n" + strings.Join(lines, ",\n") + "\n ]"
	return []byte(strings.Replace(string(b), place, all, 1) + "\n"), nil
}
