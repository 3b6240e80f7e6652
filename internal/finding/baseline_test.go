package finding

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/internal/catalog"
)

var today = time.Date(2027, 1, 31, 23, 59, 0, 0, time.UTC)

func TestBaselineAdmitsThePast(t *testing.T) {
	r := blind()
	r.Notes = nil
	old := BaselineOf(r, nil)
	if len(old.Findings) != len(r.Findings)-1 { // one is suppressed by the configuration
		t.Fatalf("a baseline of %d findings out of %d", len(old.Findings), len(r.Findings))
	}
	old.Findings[0].Reason = "accepted in March"
	old.Findings[1].Until = "2027-01-30"
	old.Findings = append(old.Findings, Known{Fingerprint: "gone"})
	var b bytes.Buffer
	if err := old.Write(&b); err != nil {
		t.Fatal(err)
	}
	read, err := ReadBaseline(&b)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(read, old); diff != "" {
		t.Fatalf("written and read (got -, want +)\n%s", diff)
	}
	fresh := Finding{ID: catalog.WeakSecret, Severity: catalog.Critical, Fingerprint: "fresh"}
	r.Findings = append(r.Findings, fresh)
	before := r.Grades
	read.Mark(r, today)
	GradeReport(r)
	if diff := cmp.Diff(*r.Baseline, Compared{New: 1, Known: 4, Gone: 1}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	if r.Grades.Visibility.Score != before.Visibility.Score {
		t.Errorf("the baseline changed the grade from %d to %d", before.Visibility.Score, r.Grades.Visibility.Score)
	}
	var marked []string
	for _, f := range Sorted(r.Findings) {
		if f.Suppressed != nil && f.Suppressed.By == "baseline" {
			marked = append(marked, string(f.ID)+": "+f.Suppressed.Reason)
		}
	}
	if diff := cmp.Diff(marked, []string{
		"alg-none-accepted: accepted in March", "expired-accepted: known when the baseline was written",
		"token-in-log: known when the baseline was written",
	}); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
	if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "silent-verify-failure GET /me ended on 2027-01-30") {
		t.Errorf("notes %q", r.Notes)
	}
	again := BaselineOf(r, read)
	if len(again.Findings) != 5 || again.Findings[2].Reason != "accepted in March" || again.Findings[1].Until != "2027-01-30" {
		t.Errorf("a baseline written anew: %+v", again)
	}
}

func TestReadBaselineNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "not a baseline"},
		{"[]", "not a baseline"},
		{`{"schema":"jotsight-baseline/2"}`, `schema "jotsight-baseline/2"`},
		{`{"schema":"jotsight-baseline/1","findings":[{"id":"weak-secret"}]}`, "findings[0].fingerprint: missing"},
		{`{"schema":"jotsight-baseline/1","findings":[{"fingerprint":"a","until":"soon"}]}`, `findings[0].until "soon"`},
		{`{"schema":"jotsight-baseline/1","findings":[],"fail_on":"none"}`, "unknown field"},
		{`{"schema":"jotsight-baseline/1","findings":[]} {}`, "more than one document"},
	} {
		if _, err := ReadBaseline(strings.NewReader(c.text)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.text, err, c.want)
		}
	}
}

func TestSuppress(t *testing.T) {
	at := Location{Method: "GET", Route: "/me", Path: "jotsight.yaml", Line: 4}
	for _, c := range []struct {
		rule       Rule
		suppressed bool
		note       string
	}{
		{Rule{}, true, ""},
		{Rule{Route: "/me"}, true, ""},
		{Rule{Route: "GET /me"}, true, ""},
		{Rule{Route: "GET /*"}, true, ""},
		{Rule{Route: "/m*"}, true, ""},
		{Rule{Route: "POST /me"}, false, "matches no finding"},
		{Rule{ID: catalog.FailOpen}, false, "matches no finding"},
		{Rule{Until: today}, true, ""},
		{Rule{Until: today.AddDate(0, 0, -1)}, false, "ended on 2027-01-30"},
	} {
		if c.rule.ID == "" {
			c.rule.ID = catalog.WeakSecret
		}
		r := &Report{Findings: []Finding{{ID: catalog.WeakSecret, Location: at}, {ID: catalog.ExpiredAccepted, Location: at, Implied: catalog.WeakSecret}}}
		Suppress(r, []Rule{c.rule}, today)
		for _, f := range r.Findings {
			if got := f.Suppressed != nil; got != c.suppressed {
				t.Errorf("%+v: %s suppressed %v, want %v", c.rule, f.ID, got, c.suppressed)
			}
		}
		if notes := strings.Join(r.Notes, " "); !strings.Contains(notes, c.note) || c.note == "" && notes != "" {
			t.Errorf("%+v: notes %q, want %q", c.rule, notes, c.note)
		}
	}
}

// FuzzReadBaseline holds that whatever is read can be written, read again, and
// compared with a report.
func FuzzReadBaseline(f *testing.F) {
	var b bytes.Buffer
	if err := BaselineOf(blind(), nil).Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Add([]byte(`{"schema":"jotsight-baseline/1","findings":[{"fingerprint":"a","until":"2027-01-31"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		b, err := ReadBaseline(bytes.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := b.Write(&out); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadBaseline(&out); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
		r := blind()
		b.Mark(r, today)
		if c := r.Baseline; c.New+c.Known > len(r.Findings) || c.Gone > len(b.Findings) {
			t.Errorf("%+v of %d findings", c, len(r.Findings))
		}
	})
}
