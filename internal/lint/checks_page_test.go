package lint

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/ir"
)

var update = flag.Bool("update", false, "write docs/lint/checks.md instead of comparing with it")

const checksPage = "../../docs/lint/checks.md"

// TestChecksPage holds that the page for people is what the checks are, and that
// every side L of the catalogue has one.
func TestChecksPage(t *testing.T) {
	var b strings.Builder
	b.WriteString(`# The checks

<!-- Written by internal/lint, TestChecksPage. Change the checks and their examples, not this page. -->

What each check takes for a fault, with one example that is wrong and one that is right. More of them, for other
frameworks and languages, stand in internal/lint/testdata; they are the tests of the checks.

| check | severity | profile | CWE |
|---|---|---|---|
`)
	for _, c := range Checks() {
		w, ok := catalog.WeaknessOf(c.ID)
		if !ok || w.Sides&catalog.Lint == 0 {
			t.Errorf("%s is no weakness that lint sees", c.ID)
		}
		var cwe []string
		for _, n := range w.CWE {
			cwe = append(cwe, fmt.Sprint(n))
		}
		fmt.Fprintf(&b, "| [%s](#%s) | %s | %s | %s |\n", c.ID, c.ID, w.Severity, profile(c), strings.Join(cwe, ", "))
	}
	for _, c := range Checks() {
		w, _ := catalog.WeaknessOf(c.ID)
		fmt.Fprintf(&b, "\n## %s\n\n%s. %s\n", c.ID, w.Title, c.Counts)
		bad, good := c.Pair()
		for _, e := range []struct {
			head string
			Example
		}{{"Wrong", bad}, {"Right", good}} {
			fmt.Fprintf(&b, "\n%s:\n\n```%s\n%s\n```\n", e.head, fences[e.Language], strings.TrimSpace(e.Source))
		}
	}
	got := b.String()
	if *update {
		if err := os.WriteFile(checksPage, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(checksPage)
	if err != nil {
		t.Fatal(err)
	}
	if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
		t.Errorf("%s is not what the checks are: go test -run TestChecksPage ./internal/lint -update", filepath.Base(checksPage))
	}
	for _, w := range catalog.Weaknesses() {
		if _, ok := CheckOf(w.ID); w.Sides&catalog.Lint != 0 && !ok {
			t.Errorf("%s can be seen by lint, says the catalogue, and has no check", w.ID)
		}
	}
}

var fences = map[ir.Language]string{ir.Go: "go", ir.JavaScript: "js", ir.Clojure: "clojure"}

func profile(c Check) string {
	if c.Strict {
		return "strict"
	}
	return "default"
}
