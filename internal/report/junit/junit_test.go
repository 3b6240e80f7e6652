package junit

import (
	"bytes"
	"encoding/xml"
	"io"
	"slices"
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

func TestGolden(t *testing.T) { reporttest.Golden(t, "rich.xml", write(t, rich(t))) }

// TestEveryCheckIsACase counts what a CI would count.
func TestEveryCheckIsACase(t *testing.T) {
	r := rich(t)
	r.Partial = "interrupted"
	var got suites
	if err := xml.Unmarshal(write(t, r), &got); err != nil {
		t.Fatal(err)
	}
	checks := got.Suites[0]
	if checks.Tests != len(r.Runs)+1 || len(checks.Cases) != checks.Tests {
		t.Errorf("%d cases, want one for each of %d checks, and one that the report is not whole", checks.Tests, len(r.Runs))
	}
	want := map[finding.Verdict]int{}
	for _, run := range r.Runs {
		want[run.Verdict]++
	}
	want[finding.Fail]--         // the refresh burst, suppressed
	want[finding.Skipped]++      // which is skipped instead
	want[finding.Inconclusive]++ // the partial report
	if checks.Failures != want[finding.Fail] || checks.Errors != want[finding.Inconclusive] || checks.Skipped != want[finding.Skipped] {
		t.Errorf("%+v, want %v", checks.counts, want)
	}
	if got.Tests != checks.Tests+got.Suites[1].Tests || got.Failures != checks.Failures+got.Suites[1].Failures {
		t.Errorf("the sums %+v are wrong", got.counts)
	}
	for _, c := range got.Suites[1].Cases {
		if c.Failure == nil && c.Skipped == nil {
			t.Errorf("finding %s passes", c.Name)
		}
	}
}

func TestHostileTextStaysText(t *testing.T) {
	r := rich(t)
	reporttest.Spoil(r)
	text := write(t, r)
	if c, bad := reporttest.Unprintable(text); bad {
		t.Errorf("%U stands in the file", c)
	}
	known := strings.Fields("testsuites testsuite properties property testcase failure error skipped")
	for d := xml.NewDecoder(bytes.NewReader(text)); ; {
		tok, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := tok.(xml.StartElement); ok && !slices.Contains(known, e.Name.Local) {
			t.Errorf("element %s is not ours", e.Name.Local)
		}
	}
}
