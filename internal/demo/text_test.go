package demo

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/sim"
)

var spaces = regexp.MustCompile(" +")

// TestTextFollowsTheResult holds that the story tells what the result says, with
// attacker text escaped, in 80 columns.
func TestTextFollowsTheResult(t *testing.T) {
	report := func(score int, letter string) *finding.Report {
		g := finding.Grade{Assessed: true, Letter: letter, Score: score}
		if score < 100 {
			g.Deductions = []finding.Deduction{{ID: "silent-refresh", Points: 100 - score, Why: "nothing was recorded"}}
		}
		return &finding.Report{Grades: finding.Grades{Protection: g, Visibility: g}, Runs: []finding.Run{{Check: "missing", Title: "no token at all"}}}
	}
	res := &Result{
		Blind: Outcome{Report: report(30, "F"), Visit: Visit{Attackers: sim.Tally{
			"alg none": {200: 1, 401: 2}, "guessed signature": {401: 28}, "token after logout": {200: 3}}}},
		Guarded: Outcome{Report: report(100, "A"), Visit: Visit{Alerts: 6, Attackers: sim.Tally{"alg none": {401: 3}}}},
		Alerts: []detect.Alert{
			{ID: "1", Rule: "refresh-abuse", Severity: "high", Group: detect.Labels{{Key: "jwt.family", Value: "f1:abc"}}},
			{ID: "2", Rule: "forged-algorithm", Severity: "critical", Group: detect.Labels{{Key: "client.address", Value: "\x1b[31m203.0.113.44"}}},
			{ID: "3", Rule: "refresh-abuse", Severity: "high"},
		},
	}
	var b strings.Builder
	if err := WriteText(&b, res, finding.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	for _, want := range []string{
		" 3 tokens without signature (alg none) 1 of 3 none\n",
		" 28 guessed signatures none not tried\n",
		" 3 uses of a stolen token after logout all 3 not tried\n",
		" alerts that this raised 0 6\n",
		"F 30 of 100", "A 100 of 100",
		"arrived, those of the scan too: 3\n",
		" high refresh-abuse 2x jwt.family=f1:abc\n",
		`\x1b[31m203.0.113.44`,
		"jotsight explain silent-refresh\n",
	} {
		if !strings.Contains(spaces.ReplaceAllString(got, " "), want) {
			t.Errorf("text lacks %q", want)
		}
	}
	if strings.Index(got, "forged-algorithm") > strings.Index(got, "refresh-abuse  ") {
		t.Error("the critical alert does not come first")
	}
	for line := range strings.Lines(got) {
		if n := utf8.RuneCountInString(strings.TrimSuffix(line, "\n")); n > 80 {
			t.Errorf("line of %d columns: %s", n, line)
		}
	}
	if t.Failed() {
		t.Log(got)
	}
}
