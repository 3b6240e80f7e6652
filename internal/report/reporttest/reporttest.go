// Package reporttest gives the tests of all formats the same reports, and
// compares what they write with golden files.
package reporttest

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/internal/finding"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// Hostile is what a target may put into any text of a report: markup of every
// format, controls, and marks that turn the direction of a text.
const Hostile = "</style></script><script>alert(1)</script><img src=x onerror=alert(1)> | [x](https://evil.example) `c` **b** @everyone ]]>" +
	" &lt; \"q\" 'q' \x1b]0;owned\a\r\n\x00\x7f\u0085\u009b\u200b\u202e\u2028\u2066\ufeff\U000e0001\xff"

// Rich reads the report that all golden files are of: a scan of a weak service
// with every field in use. file is the path of internal/report/testdata/rich.json.
func Rich(t *testing.T, file string) *finding.Report {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r := new(finding.Report)
	if err := json.Unmarshal(text, r); err != nil {
		t.Fatal(err)
	}
	finding.GradeReport(r)
	return r
}

// Spoil puts Hostile into every text of r.
func Spoil(r *finding.Report) {
	r.Target, r.Partial, r.Version, r.Notes = Hostile, Hostile, Hostile, []string{Hostile}
	for i := range r.Runs {
		x := &r.Runs[i]
		x.Check, x.Title, x.Why, x.Seen.Reason, x.Seen.Severity, x.Seen.Missing = Hostile, Hostile, Hostile, Hostile, Hostile, []string{Hostile}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Message, f.Evidence, f.References = Hostile, []string{Hostile}, []string{Hostile}
		f.Location.Path, f.Location.Function, f.Location.Method, f.Location.Route = Hostile, Hostile, Hostile, Hostile
		f.Related = []finding.Related{{Location: f.Location, Message: Hostile}}
		if f.Suppressed != nil {
			f.Suppressed.Reason = Hostile
		}
	}
}

// Golden compares got with testdata/name; -update writes it.
func Golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(got), string(want)); diff != "" {
		t.Errorf("%s (got -, want +); go test -update writes it\n%s", file, diff)
	}
}

// Unprintable gives the first rune of text, line ends apart, that a terminal or
// a reader could take for a command.
func Unprintable(text []byte) (rune, bool) {
	for _, c := range string(bytes.ReplaceAll(text, []byte("\n"), nil)) {
		if finding.Escape(string(c)) != string(c) {
			return c, true
		}
	}
	return 0, false
}
