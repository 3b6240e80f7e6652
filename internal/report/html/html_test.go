package html

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/reporttest"
)

func write(t *testing.T, r *finding.Report) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func rich(t *testing.T) *finding.Report { return reporttest.Rich(t, "../testdata/rich.json") }

func TestGolden(t *testing.T) { reporttest.Golden(t, "rich.html", write(t, rich(t))) }

var (
	element = regexp.MustCompile(`<[a-zA-Z/!][^>]*>`)
	outside = regexp.MustCompile(`(?i)<(script|img|iframe|object|embed|form|svg)|@import|url\(|(src|href)="?(http|//)|\bon[a-z]+=`)
)

// TestOnePage holds that the page asks for nothing, runs nothing, and gives a
// target no way in: its elements are those of a harmless report.
func TestOnePage(t *testing.T) {
	spoiled := rich(t)
	reporttest.Spoil(spoiled)
	for name, r := range map[string]*finding.Report{"rich": rich(t), "hostile": spoiled, "empty": {Command: "lint"}} {
		text := write(t, r)
		for _, e := range element.FindAll(text, -1) {
			if outside.Match(e) {
				t.Errorf("%s: %s", name, e)
			}
		}
		if s := style; outside.MatchString(s) {
			t.Errorf("the style asks for something: %s", outside.FindString(s))
		}
		if c, bad := reporttest.Unprintable(text); bad {
			t.Errorf("%s: %U stands in the page", name, c)
		}
		if n := strings.Count(string(text), "<style>"); n != 1 {
			t.Errorf("%s: %d styles", name, n)
		}
		if !bytes.Contains(text, []byte(`content="default-src &#39;none&#39;; style-src &#39;sha256-`)) {
			t.Errorf("%s: no policy", name)
		}
	}
}

// TestEverythingIsOnIt holds that each finding, fix, row and reason of the report
// can be read.
func TestEverythingIsOnIt(t *testing.T) {
	r := rich(t)
	text := string(write(t, r))
	if got := strings.Count(text, "<details class=\"finding"); got != len(r.Findings) {
		t.Errorf("%d findings, want %d", got, len(r.Findings))
	}
	m := finding.MatrixOf(r.Runs)
	if got := strings.Count(text, `<th scope="row">`); got != len(m.Rows) {
		t.Errorf("%d rows, want %d", got, len(m.Rows))
	}
	for _, want := range []string{"needs the signing key or a short-lived token", "With guard:", "CWE-347", "supports", "suppressed", "Skipped: these are no passes either", "alg-none-accepted</b>"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
}
