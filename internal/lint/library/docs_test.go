package library

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// The page for people has every role and field, and its examples can be read.
func TestPageIsWhole(t *testing.T) {
	data, err := os.ReadFile("../../../docs/lint/library.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(data)
	for _, r := range roles {
		if !strings.Contains(page, "`"+string(r)+"`") {
			t.Errorf("the role %s is not on the page", r)
		}
	}
	for f := range fields {
		if f != "does" && !strings.Contains(page, "`"+f+"`") {
			t.Errorf("the field %s is not on the page", f)
		}
	}
	for _, m := range marks {
		if !strings.Contains(page, "`"+string(m)+"`") {
			t.Errorf("the mark %s is not on the page", m)
		}
	}
	n := 0
	for _, block := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(page, -1) {
		var doc struct {
			Lint struct{ Rows yaml.Node }
		}
		text := block[1]
		if !strings.HasPrefix(text, "lint:") {
			text = "lint:\n  rows:\n" + text
		}
		if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
			t.Errorf("%v in:\n%s", err, text)
			continue
		}
		entries, err := ParseNode("page", &doc.Lint.Rows)
		if err != nil {
			t.Error(err)
		}
		n += len(entries)
	}
	if n < 10 {
		t.Errorf("%d symbols in the examples of the page, want 10 at least", n)
	}
}
