package github

import (
	"bytes"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/reporttest"
)

func TestAnnotations(t *testing.T) {
	r := &finding.Report{Command: "lint", Findings: []finding.Finding{
		{ID: catalog.WrongLevel, Severity: catalog.Low, Message: "recorded at debug", Location: finding.Location{Path: "a,b:c.go", Line: 3}},
		{ID: catalog.SilentRefresh, Severity: catalog.High, Message: "100% silent", Location: finding.Location{Path: "api/auth.go", Line: 7, Column: 2},
			Related: []finding.Related{{Location: finding.Location{Path: "api/auth.go", Line: 9}, Message: "answers 401"}}},
		{ID: catalog.NoAlert, Severity: catalog.Medium, Message: "no alert", Location: finding.Location{Method: "GET", Route: "/me"}},
		{ID: catalog.TokenInURL, Severity: catalog.Medium, Message: "known", Suppressed: &finding.Suppression{Reason: "x"}},
	}}
	var b bytes.Buffer
	if err := Write(&b, r, ""); err != nil {
		t.Fatal(err)
	}
	const want = `::error file=api/auth.go,line=7,col=2,title=silent-refresh (high)::100%25 silent%0Aapi/auth.go:9: answers 401
::warning title=no-alert (medium)::GET /me: no alert
::notice file=a%2Cb%3Ac.go,line=3,title=wrong-level (low)::recorded at debug
jotsight lint: findings: 4 (1 suppressed)
`
	if b.String() != want {
		t.Errorf("got\n%swant\n%s", b.String(), want)
	}
}

// No text of a target becomes a command of its own, or moves a terminal.
func TestHostileText(t *testing.T) {
	r := reporttest.Rich(t, "../testdata/rich.json")
	reporttest.Spoil(r)
	for i := range r.Findings {
		r.Findings[i].Suppressed, r.Findings[i].Implied = nil, ""
		r.Findings[i].Message += "\n::error::owned\r\n::set-output name=x::y"
	}
	var b bytes.Buffer
	if err := Write(&b, r, ""); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(r.Findings)+1 {
		t.Errorf("%d lines for %d findings", len(lines), len(r.Findings))
	}
	if c, ok := reporttest.Unprintable(b.Bytes()); ok {
		t.Errorf("%U in the output", c)
	}
}
