package main

import (
	"fmt"
	"os"
	"strings"
)

// The page's blocks stand between these, which have the form of the README's. What
// is outside of them is prose without figures that go stale.
const (
	opening = "<!-- capacity:%s:begin -->\n"
	closing = "<!-- capacity:%s:end -->\n"
)

// write puts a part's blocks into the page.
func (p part) write(c *config, results [][]result, where string) error {
	text, err := os.ReadFile(c.page)
	if err != nil {
		return err
	}
	page := string(text)
	for i, b := range p.blocks {
		s, err := b.text(results)
		if err != nil {
			return err
		}
		s += "\n" + where + "\n"
		if i == 0 {
			s += warnings(results)
		}
		if b.show >= 0 {
			s += "\n```sh\n" + p.runs(c)[b.show].shown() + "\n```\n"
		}
		if page, err = fill(page, b.name, s); err != nil {
			return err
		}
	}
	return os.WriteFile(c.page, []byte(page), 0o644)
}

// warnings are loadtest's, each once: a reader has to know of them.
func warnings(results [][]result) string {
	seen := map[string]int{}
	var order []string
	for _, runs := range results {
		for _, r := range runs {
			for _, w := range r.Warnings {
				if seen[w]++; seen[w] == 1 {
					order = append(order, w)
				}
			}
		}
	}
	if len(order) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nloadtest warned:\n\n")
	for _, w := range order {
		fmt.Fprintf(&b, "- %s\n", w)
	}
	return b.String()
}

// fill replaces what a block of the page holds.
func fill(page, name, text string) (string, error) {
	open, end := fmt.Sprintf(opening, name), fmt.Sprintf(closing, name)
	before, rest, ok := strings.Cut(page, open)
	if !ok {
		return "", fmt.Errorf("the page has no %q", strings.TrimSpace(open))
	}
	_, after, ok := strings.Cut(rest, end)
	if !ok {
		return "", fmt.Errorf("the block %s has no end", name)
	}
	return before + open + "\n" + text + "\n" + end + after, nil
}

// writeSkeleton makes a page of nothing but blocks.
func writeSkeleton(file string) error {
	var b strings.Builder
	b.WriteString("# A trial: these figures say nothing\n")
	for _, p := range parts {
		for _, x := range p.blocks {
			fmt.Fprintf(&b, "\n## %s\n\n"+opening+closing, x.name, x.name, x.name)
		}
	}
	return os.WriteFile(file, []byte(b.String()), 0o644)
}
