package cli

import (
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/catalog/reference"
	"github.com/jotsight/jotsight/internal/finding"
)

// TestExplainSaysWhatTheDocsSay holds that every text of every page reaches the
// terminal and docs/reference alike.
func TestExplainSaysWhatTheDocsSay(t *testing.T) {
	words := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	var all strings.Builder
	for _, text := range reference.Files() {
		all.WriteString(words(text) + "\n")
	}
	docs := all.String()
	for _, p := range reference.Pages() {
		text, err := explain(p.Name, finding.TextOptions{})
		if err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		text = words(text)
		says := []string{p.Name, p.Title}
		for _, f := range p.Facts {
			says = append(says, f.Label, f.Value)
		}
		for _, s := range p.Sections {
			says = append(says, s.Heading, s.Text)
			for _, item := range s.List {
				says = append(says, item.Name, item.Text)
			}
		}
		for _, s := range says {
			if !strings.Contains(text, words(s)) {
				t.Errorf("explain %s does not say %q", p.Name, s)
			}
			if !strings.Contains(docs, words(s)) {
				t.Errorf("docs/reference does not say %q of %s", s, p.Name)
			}
		}
	}
}

func TestExplainKeepsTheWidth(t *testing.T) {
	for _, width := range []int{40, 80, 200} {
		o := finding.TextOptions{Width: width}
		for _, p := range reference.Pages() {
			text, err := explain(p.Name, o)
			if err != nil {
				t.Fatal(err)
			}
			for l := range strings.Lines(text) {
				if l = strings.TrimSuffix(l, "\n"); len([]rune(l)) > max(o.Columns(), 60) { // facts are not broken
					t.Errorf("width %d: %q", width, l)
				}
			}
		}
	}
}

// TestExplainShowsCode holds that a weakness that lint finds comes with code that
// has it and code that has not, and another with none.
func TestExplainShowsCode(t *testing.T) {
	for _, w := range catalog.Weaknesses() {
		text := examples(string(w.ID), finding.TextOptions{})
		if w.Sides&catalog.Lint == 0 {
			if text != "" {
				t.Errorf("%s: lint does not see it, but: %s", w.ID, text)
			}
			continue
		}
		_, code, _ := strings.Cut(text, "\nFound\n")
		bad, good, ok := strings.Cut(code, "\nRight\n")
		if !ok || len(bad) < 50 || len(good) < 50 || bad == good || strings.Contains(text, "want "+string(w.ID)) {
			t.Errorf("%s: %s", w.ID, text)
		}
	}
}
