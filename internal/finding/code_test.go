package finding

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/internal/catalog"
)

// A report about code reads like the output of a compiler: a link, a story, the
// path, and once a weakness what closes it.
func TestCodeText(t *testing.T) {
	silent := func(line int) Finding {
		return Finding{
			ID: catalog.SilentVerifyFailure, Severity: catalog.High, Confidence: Certain,
			Message:  "POST /refresh: a bad token leaves by line 47 (401) with no log, metric or alert",
			Location: Location{Path: "api/auth.go", Line: line, Column: 2, Function: "refresh"},
			Related: []Related{
				{Location{Path: "api/token.go", Line: 112}, "jwt.Parse verifies the token"},
				{Location{Path: "api/auth.go", Line: line}, "the error is looked at"},
				{Location{Path: "api/auth.go", Line: line + 5}, "answers 401 without a record"},
			},
			References: []string{"CWE-778"},
		}
	}
	known := silent(90)
	known.Suppressed = &Suppression{Reason: "the gateway records\nit", By: "directive", Until: "2027-01-31"}
	tentative := Finding{
		ID: catalog.TokenInLog, Severity: catalog.High, Confidence: Firm,
		Message: "the token is written to the log", Location: Location{Path: "web/\x1b[31mlogin.ts", Line: 7, Column: 3}, Evidence: []string{"console.log(token)"},
	}
	r := &Report{Command: "lint", Target: "./...", Findings: []Finding{silent(42), known, tentative}, Notes: []string{"api/x.go:3: directive without a reason"},
		Stats: Stats{Files: 3, Lines: 512, DurationMS: 40}}
	var b strings.Builder
	if err := WriteText(&b, r, TextOptions{Width: 100}); err != nil {
		t.Fatal(err)
	}
	anybody, ours := "", ""
	if w, ok := catalog.WeaknessOf(catalog.SilentVerifyFailure); ok {
		anybody, ours = w.Fixes()
	}
	got := b.String()
	for _, want := range []string{
		"api/auth.go:42:2: silent-verify-failure (high)\n    POST /refresh: a bad token leaves by line 47 (401) with no log, metric or alert\n" +
			"      api/token.go:112  jwt.Parse verifies the token\n" +
			"      :42               the error is looked at\n" +
			"      :47               answers 401 without a record\n" +
			"    fix: ",
		"    suppressed by directive until 2027-01-31: the gateway records\\nit\n",
		`web/\x1b[31mlogin.ts:7:3: token-in-log (high)` + "\n    the token is written to the log\n    evidence: console.log(token)\n    confidence: medium\n",
		"Findings: 3 (1 suppressed)\n", "  api/x.go:3: directive without a reason\n", "3 files, 512 lines",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	for _, fix := range []string{anybody, ours} {
		if n := strings.Count(got, Wrap("fix: "+fix, 96)[0][5:]); n > 1 {
			t.Errorf("%q stands %d times", fix, n)
		}
	}
	if strings.Contains(got, "Protection") {
		t.Errorf("grades in a report about code:\n%s", got)
	}
	b.Reset()
	if err := WriteText(&b, &Report{Command: "lint", Target: ".", Stats: Stats{Files: 1, Lines: 1}}, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), "jotsight lint  .\n1 file, 1 line, 0s\n\nNo findings\n"); diff != "" {
		t.Error(diff)
	}
}
