package markdown

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/report/reporttest"
)

func write(t *testing.T, r *finding.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func rich(t *testing.T) *finding.Report { return reporttest.Rich(t, "../testdata/rich.json") }

func TestGolden(t *testing.T) { reporttest.Golden(t, "rich.md", []byte(write(t, rich(t)))) }

// TestHostileTextIsOnlyShown holds that whatever the target says, the elements,
// links and table columns of the page are those of a harmless report.
func TestHostileTextIsOnlyShown(t *testing.T) {
	bare, r := rich(t), rich(t)
	for _, x := range []*finding.Report{bare, r} {
		reporttest.Spoil(x)
	}
	harmless := func(s *string) { *s = "x" }
	for _, s := range []*string{&bare.Target, &bare.Partial, &bare.Notes[0]} {
		harmless(s)
	}
	for i := range bare.Runs {
		x := &bare.Runs[i]
		x.Check, x.Title, x.Why, x.Seen.Reason, x.Seen.Severity = "x", "x", "x", "x", "x"
	}
	for i := range bare.Findings {
		f := &bare.Findings[i]
		f.Message, f.Evidence = "x", []string{"x"}
		f.Location.Path, f.Location.Function, f.Location.Method, f.Location.Route = "x", "x", "x", "x"
		f.Related = []finding.Related{{Location: f.Location, Message: "x"}}
		if f.Suppressed != nil {
			f.Suppressed.Reason = "x"
		}
	}
	markup := regexp.MustCompile("<[a-z/][^>]*>|\\]\\([^)]*\\)|\\||`|\\*\\*|@|!\\[")
	want, got := markup.FindAllString(write(t, bare), -1), markup.FindAllString(write(t, r), -1)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		t.Errorf("hostile text adds markup: %d pieces instead of %d", len(got), len(want))
	}
	if c, bad := reporttest.Unprintable([]byte(write(t, r))); bad {
		t.Errorf("%U stands in the page", c)
	}
}

// TestFitsIntoAJobSummary holds the bound of 1 MiB for a report of any size.
func TestFitsIntoAJobSummary(t *testing.T) {
	r := rich(t)
	for len(r.Findings) < 20000 {
		r.Findings = append(r.Findings, r.Findings...)
	}
	if n := len(write(t, r)); n > 1<<20 {
		t.Errorf("%d bytes", n)
	}
}

// FuzzText holds that no text of a target holds markup, whatever it says.
func FuzzText(f *testing.F) {
	f.Add(reporttest.Hostile)
	f.Add("&#60;b> &lt; https://a www.b \\| ~~c~~")
	f.Fuzz(func(t *testing.T, s string) {
		got := text(s)
		if strings.ContainsAny(got, "\\`*_{}[]<>|~@\"'!$\n\r") || strings.Contains(got, "://") || strings.Contains(got, "www.") {
			t.Errorf("%q becomes %q", s, got)
		}
		if c, bad := reporttest.Unprintable([]byte(got)); bad {
			t.Errorf("%q: %U", s, c)
		}
		if back := html.UnescapeString(got); back != finding.Escape(s) {
			t.Errorf("%q is shown as %q", s, back)
		}
	})
}
