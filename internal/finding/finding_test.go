package finding

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/jotsight/jotsight/internal/catalog"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

func ptr[T any](v T) *T { return &v }

// blind is a report with every field of the form in use, and with hostile text in
// those that a target can fill.
func blind() *Report {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	r := &Report{
		Tool: "jotsight", Version: "v0.0.0", Schema: Schema, Command: "scan", Target: "http://127.0.0.1:8080\x1b[2J",
		Started: at, Ended: at.Add(4200 * time.Millisecond),
		Stats: Stats{Requests: 143, DurationMS: 4200},
		Runs: []Run{
			{Check: "alg-none", Weakness: catalog.AlgNoneAccepted, Title: "token with alg none", Verdict: Fail, Why: "answered like a good token", Accepted: true, Status: 200, Requests: 4,
				Seen: Seen{Assessed: true, Tier: TierAccess}, Alerted: Alerted{Assessed: true}},
			{Check: "signature-garbled", Weakness: catalog.SignatureNotVerified, Title: "garbled signature", Verdict: Pass, Why: "refused with 401", Status: 401, Requests: 3,
				Seen:    Seen{Assessed: true, Tier: TierPartial, Severity: "warn", Reason: "expired", ReasonCorrect: ptr(false), Missing: []string{"client.address"}, Leak: true, TimeToRecord: ptr(12.4)},
				Alerted: Alerted{Assessed: true, Fired: true, TimeToAlert: ptr(1840.0), Alerts: 3}},
			{Check: "token-expired", Weakness: catalog.ExpiredAccepted, Title: "expired token", Verdict: Pass, Why: "refused with 401", Status: 401, Requests: 2,
				Seen: Seen{Assessed: true, Tier: TierComplete, Severity: "info", Reason: "expired", ReasonCorrect: ptr(true), TimeToRecord: ptr(0.4)}, Alerted: Alerted{Assessed: true}},
			{Check: "log-forging", Weakness: catalog.LogInjection, Title: "line break in kid and sub", Verdict: Fail, Why: "a line of the log was ours", Status: 401, Requests: 2,
				Seen: Seen{Assessed: true, Tier: TierNone, ForgedLine: true}, Alerted: Alerted{Why: "no alert source"}},
			{Check: "weak-secret", Weakness: catalog.WeakSecret, Title: "guessable secret", Verdict: Inconclusive, Why: "the service answered 503\r\nto every request", Requests: 1,
				Seen: Seen{Why: "the run was inconclusive"}, Alerted: Alerted{Why: "the run was inconclusive"}},
			{Check: "refresh-reuse", Weakness: catalog.RefreshReuseAccepted, Title: "rotated refresh token", Verdict: Skipped, Why: "the recipe names no refresh"},
		},
		Findings: []Finding{
			{ID: catalog.SilentVerifyFailure, Severity: catalog.High, Confidence: Certain, Message: "2 of 4 attacks left no record of their own", Location: Location{Method: "GET", Route: "/me"}, References: []string{"CWE-778"}},
			{ID: catalog.AlgNoneAccepted, Severity: catalog.Critical, Confidence: Certain, Message: "an unsigned token was answered like a good one", Location: Location{Method: "GET", Route: "/me"},
				Evidence: []string{"alg none, four spellings: 200, 200, 401, 401", "\u202ereversed\u202c and \u009b31m coloured"}},
			{ID: catalog.ExpiredAccepted, Severity: catalog.High, Confidence: Certain, Message: "an expired unsigned token was accepted too", Location: Location{Method: "GET", Route: "/me"}, Implied: catalog.AlgNoneAccepted},
			{ID: catalog.TokenInLog, Severity: catalog.High, Confidence: Firm, Message: "the log holds the whole token", Location: Location{Path: "api.log", Line: 7, Column: 3},
				Related: []Related{{Location: Location{Path: "auth.go", Line: 41, Function: "requireUser"}, Message: "writes the error of the library"}}},
			{ID: catalog.VerboseError, Severity: catalog.Low, Confidence: Tentative, Message: "the answer names the cause", Location: Location{Method: "GET", Route: "/me"}, Suppressed: &Suppression{Reason: "wanted by the client team", By: "configuration", Until: "2027-01-31"}},
		},
		Notes:    []string{"jotsight.yaml:9: suppress weak-secret matches no finding\x1b[2J"},
		Baseline: &Compared{New: 3, Known: 1, Gone: 2},
	}
	for i := range r.Findings {
		r.Findings[i].Fingerprint = Fingerprint(&r.Findings[i], "")
	}
	GradeReport(r)
	return r
}

// guarded is the report of a service in which nothing was found, without an
// alert source.
func guarded() *Report {
	at := time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)
	r := &Report{Tool: "jotsight", Version: "v0.0.0", Schema: Schema, Command: "scan", Target: "http://127.0.0.1:8081", Started: at, Ended: at.Add(time.Second),
		Runs: []Run{{Check: "alg-none", Weakness: catalog.AlgNoneAccepted, Title: "token with alg none", Verdict: Pass, Why: "refused with 401", Status: 401,
			Seen: Seen{Assessed: true, Tier: TierComplete, Severity: "error", Reason: "alg_none", ReasonCorrect: ptr(true), TimeToRecord: ptr(3.0)}}}}
	GradeReport(r)
	return r
}

// unseen is a report without any log source, and without a verdict.
func unseen() *Report {
	r := &Report{Tool: "jotsight", Version: "v0.0.0", Schema: Schema, Command: "scan",
		Runs: []Run{{Check: "alg-none", Weakness: catalog.AlgNoneAccepted, Verdict: Inconclusive, Why: "429"}}}
	GradeReport(r)
	return r
}

func TestGoldenTexts(t *testing.T) {
	write := func(f func(b *bytes.Buffer) error) []byte {
		var b bytes.Buffer
		if err := f(&b); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	cards := []Card{{"blind", blind()}, {"guarded", guarded()}}
	for name, got := range map[string][]byte{
		"blind.txt":         write(func(b *bytes.Buffer) error { return WriteText(b, blind(), TextOptions{Width: 100}) }),
		"blind-narrow.txt":  write(func(b *bytes.Buffer) error { return WriteText(b, blind(), TextOptions{Width: 40, ASCII: true}) }),
		"blind-colour.txt":  write(func(b *bytes.Buffer) error { return WriteText(b, blind(), TextOptions{Colour: true}) }),
		"unseen.txt":        write(func(b *bytes.Buffer) error { return WriteText(b, unseen(), TextOptions{}) }),
		"blind.json":        write(func(b *bytes.Buffer) error { return WriteJSON(b, blind()) }),
		"unseen.json":       write(func(b *bytes.Buffer) error { return WriteJSON(b, unseen()) }),
		"cards.txt":         write(func(b *bytes.Buffer) error { return WriteCards(b, cards, TextOptions{Width: 100}) }),
		"cards-stacked.txt": write(func(b *bytes.Buffer) error { return WriteCards(b, cards, TextOptions{Width: 40}) }),
		"matrix.txt":        write(func(b *bytes.Buffer) error { return WriteMatrix(b, blind().Runs, TextOptions{}) }),
	} {
		t.Run(name, func(t *testing.T) {
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
				t.Errorf("%s (got -, want +); go test ./internal/finding -update writes it\n%s", file, diff)
			}
		})
	}
}

// TestNothingOfTheTargetReachesTheTerminal holds that no control, bidirectional
// or zero-width character of a report survives in any output.
func TestNothingOfTheTargetReachesTheTerminal(t *testing.T) {
	const hostile = "\x1b]0;owned\a\r\n\x00\x7f\u0085\u009b\u200b\u202e\u2028\u2066\ufeff\U000e0001\xff"
	r := blind()
	r.Target, r.Command, r.Partial, r.Notes = hostile, hostile, hostile, []string{hostile}
	r.Grades.Protection.Why, r.Grades.Visibility = hostile, Grade{Why: hostile}
	r.Grades.Protection.Deductions[0].Why = hostile
	for i := range r.Runs {
		r.Runs[i].Title, r.Runs[i].Check, r.Runs[i].Why = hostile, hostile, hostile
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.ID, f.Message, f.Evidence, f.Confidence = catalog.ID(hostile), hostile, []string{hostile}, Confidence(hostile)
		f.Location = Location{Path: hostile, Function: hostile, Method: hostile, Route: hostile}
		f.Related, f.References = []Related{{f.Location, hostile}}, []string{hostile}
		f.Implied = catalog.ID(hostile)
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"text":  func(b *bytes.Buffer) error { return WriteText(b, r, TextOptions{}) },
		"json":  func(b *bytes.Buffer) error { return WriteJSON(b, r) },
		"cards": func(b *bytes.Buffer) error { return WriteCards(b, []Card{{hostile, r}}, TextOptions{}) },
	} {
		var b bytes.Buffer
		if err := write(&b); err != nil {
			t.Fatal(err)
		}
		for i, c := range b.String() {
			if c != '\n' && (c < 0x20 || c >= 0x7f && c < 0xa0 || Escape(string(c)) != string(c)) {
				t.Errorf("%s: %U at byte %d", name, c, i)
			}
		}
	}
}

// TestTextKeepsToTheScreen holds that no line is wider than the screen, from a
// telephone to a wall.
func TestTextKeepsToTheScreen(t *testing.T) {
	r := blind()
	r.Partial = "interrupted after 4 of 6 probes"
	r.Runs[0].Title = "an attack whose title is much longer than any of those that we have, or would want"
	for width := 40; width <= 140; width++ {
		for _, o := range []TextOptions{{Width: width}, {Width: width, Colour: true, ASCII: true}} {
			var b bytes.Buffer
			if err := WriteText(&b, r, o); err != nil {
				t.Fatal(err)
			}
			for line := range strings.Lines(b.String()) {
				if n := columns(strings.TrimSuffix(line, "\n")); n > width {
					t.Errorf("width %d: a line of %d: %q", width, n, line)
				}
			}
		}
	}
}

func TestReportsKeepTheirSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	schema, err := c.Compile(filepath.Join("..", "..", "docs", "jotsight-report-1.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	valid := func(t *testing.T, r *Report) error {
		var b bytes.Buffer
		if err := WriteJSON(&b, r); err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		return schema.Validate(v)
	}
	cut := blind()
	cut.Partial = "interrupted after 4 of 6 probes"
	GradeReport(cut)
	for name, r := range map[string]*Report{"blind": blind(), "guarded": guarded(), "unseen": unseen(), "partial": cut} {
		if err := valid(t, r); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, spoil := range map[string]func(*Report){
		"verdict":         func(r *Report) { r.Runs[0].Verdict = "passed" },
		"tier":            func(r *Report) { r.Runs[0].Seen.Tier = "" },
		"letter":          func(r *Report) { r.Grades.Protection.Letter = "E" },
		"letter unearned": func(r *Report) { r.Grades.Protection.Assessed = false },
		"score":           func(r *Report) { r.Grades.Protection.Score = 101 },
		"fingerprint":     func(r *Report) { r.Findings[0].Fingerprint = "" },
		"until":           func(r *Report) { r.Findings[0].Suppressed = &Suppression{"because", "baseline", "soon"} },
		"baseline":        func(r *Report) { r.Baseline.New = -1 },
		"suppressed by":   func(r *Report) { r.Findings[0].Suppressed = &Suppression{Reason: "because", By: "mood"} },
		"weakness":        func(r *Report) { r.Runs[0].Weakness = "Not A Slug" },
		"schema":          func(r *Report) { r.Schema = "jotsight-report/2" },
	} {
		r := blind()
		spoil(r)
		if valid(t, r) == nil {
			t.Errorf("%s: a spoiled report is valid", name)
		}
	}
}

// TestSchemaKnowsEveryField holds that a report in which every field is set is
// valid: the schema admits no other key, so a field that it forgot shows here.
func TestSchemaKnowsEveryField(t *testing.T) {
	var b bytes.Buffer
	if err := WriteJSON(&b, blind()); err != nil {
		t.Fatal(err)
	}
	var got Report
	d := json.NewDecoder(&b)
	d.DisallowUnknownFields()
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	want := blind()
	want.Findings = Sorted(want.Findings)
	if diff := cmp.Diff(&got, want); diff != "" {
		t.Errorf("a report that was written and read (got -, want +)\n%s", diff)
	}
}

func TestWriteJSONLeavesTheReportAlone(t *testing.T) {
	r := blind()
	if err := WriteJSON(&bytes.Buffer{}, r); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, blind()); diff != "" {
		t.Errorf("got -, want +\n%s", diff)
	}
}
