package finding

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/internal/catalog"
)

// report makes a report of words: "alg-none-accepted fail none" is a run, with
// the tier of its record, and "wrong" if its reason is; "!token-in-log high high" a finding, with severity and
// confidence, then perhaps "implied" or "suppressed". "partial" cuts it short.
func report(t *testing.T, lines ...string) *Report {
	t.Helper()
	r := new(Report)
	for _, l := range lines {
		w := strings.Fields(l)
		if l == "partial" {
			r.Partial = "interrupted"
			continue
		}
		if id, ok := strings.CutPrefix(w[0], "!"); ok {
			f := Finding{ID: catalog.ID(id), Confidence: Confidence(w[2])}
			var err error
			if f.Severity, err = catalog.ParseSeverity(w[1]); err != nil {
				t.Fatal(err)
			}
			switch {
			case len(w) == 3:
			case w[3] == "implied":
				f.Implied = catalog.AlgNoneAccepted
			case w[3] == "suppressed":
				f.Suppressed = &Suppression{}
			}
			r.Findings = append(r.Findings, f)
			continue
		}
		run := Run{Check: w[0], Weakness: catalog.ID(w[0]), Verdict: Verdict(w[1])}
		if len(w) > 2 {
			run.Seen = Seen{Assessed: true, Tier: Tier(w[2])}
			if len(w) > 3 {
				run.Seen.ReasonCorrect = new(bool)
			}
		}
		r.Runs = append(r.Runs, run)
	}
	return r
}

func TestGradeReport(t *testing.T) {
	const silent, spoken, tried = "alg-none-accepted pass none", "alg-none-accepted pass complete", "alg-none-accepted pass"
	for name, c := range map[string]struct {
		lines      []string
		protection string
		visibility string
	}{
		"nothing at all":                       {nil, "no check ran", "no log source was read"},
		"all good":                             {[]string{spoken}, "A 100", "A 100"},
		"refused but silent":                   {[]string{silent, silent}, "A 100", "F 0"},
		"only an access line":                  {[]string{"weak-secret pass access"}, "A 100", "F 0"},
		"a record with fields missing":         {[]string{"weak-secret pass partial", "!incomplete-event medium high"}, "A 100", "B 85"},
		"records under the wrong reason":       {[]string{"weak-secret pass complete wrong", "!wrong-reason medium high"}, "A 100", "B 85"},
		"one in ten of them":                   {append(slices.Repeat([]string{spoken}, 9), "weak-secret pass complete wrong"), "A 100", "A 98"},
		"half silent, half flawed":             {[]string{silent, "weak-secret pass partial"}, "A 100", "F 42"},
		"one attack in three unseen":           {[]string{spoken, spoken, silent}, "A 100", "D 66"},
		"no log source":                        {[]string{tried}, "A 100", "no log source was read"},
		"a critical that is certain":           {[]string{spoken, "!alg-none-accepted critical high"}, "F 50", "A 100"},
		"a critical that is likely":            {[]string{spoken, "!weak-secret critical medium"}, "D 65", "A 100"},
		"a critical on the log side":           {[]string{spoken, "!silent-revoked-use critical high"}, "A 100", "F 50"},
		"one high":                             {[]string{spoken, "!no-verify-rate-limit high high"}, "B 80", "A 100"},
		"two highs":                            {[]string{spoken, "!no-verify-rate-limit high high", "!expired-accepted high high"}, "D 60", "A 100"},
		"a weakness in three places":           {[]string{spoken, "!verbose-error low low", "!verbose-error low high", "!verbose-error low medium"}, "A 97", "A 100"},
		"implied costs nothing":                {[]string{spoken, "!expired-accepted high high implied"}, "A 100", "A 100"},
		"suppressed hides nothing":             {[]string{spoken, "!expired-accepted high high suppressed"}, "B 80", "A 100"},
		"nor does a suppressed critical":       {[]string{spoken, "!alg-none-accepted critical high suppressed"}, "F 50", "A 100"},
		"interrupted":                          {[]string{spoken, "partial"}, "interrupted", "interrupted"},
		"interrupted after a critical":         {[]string{spoken, "partial", "!alg-none-accepted critical high"}, "F 50", "interrupted"},
		"interrupted, with highs alone":        {[]string{spoken, "partial", "!expired-accepted high high", "!token-in-log high high"}, "interrupted", "interrupted"},
		"informational costs nothing":          {[]string{spoken, "!verbose-error none high"}, "A 100", "A 100"},
		"never below zero":                     {[]string{spoken, "!alg-none-accepted critical high", "!weak-secret critical high", "!fail-open critical high"}, "F 0", "A 100"},
		"a leak counts for visibility":         {[]string{spoken, "!token-in-log high high"}, "A 100", "B 80"},
		"a token in the URL for protection":    {[]string{spoken, "!token-in-url medium high"}, "A 92", "A 100"},
		"all skipped":                          {[]string{"weak-secret skipped"}, "no check ran", "no log source was read"},
		"all inconclusive":                     {[]string{"weak-secret inconclusive"}, "1 of 1 checks came to no verdict", "no log source was read"},
		"mostly inconclusive":                  {[]string{tried, "weak-secret inconclusive", "fail-open inconclusive"}, "2 of 3 checks came to no verdict", "no log source was read"},
		"a handful of checks":                  {[]string{tried, "weak-secret skipped", "fail-open skipped", "expired-accepted skipped", "crit-ignored skipped"}, "only 1 of 5 checks came to a verdict", "no log source was read"},
		"a quarter of them":                    {[]string{tried, "weak-secret skipped", "fail-open skipped", "expired-accepted skipped"}, "A 100", "no log source was read"},
		"a handful, with a critical":           {[]string{tried, "weak-secret skipped", "fail-open skipped", "expired-accepted skipped", "crit-ignored skipped", "!alg-none-accepted critical high"}, "F 50", "no log source was read"},
		"half inconclusive":                    {[]string{tried, "weak-secret inconclusive"}, "A 100", "no log source was read"},
		"an F stands, however little was seen": {[]string{"weak-secret inconclusive", "!alg-none-accepted critical high"}, "F 50", "no log source was read"},
		"checks of the log alone":              {[]string{"log-injection pass complete"}, "no check ran", "A 100"},
	} {
		t.Run(name, func(t *testing.T) {
			r := report(t, c.lines...)
			GradeReport(r)
			say := func(g Grade) string {
				if !g.Assessed {
					return g.Why
				}
				return fmt.Sprint(g.Letter, " ", g.Score)
			}
			if got := say(r.Grades.Protection); got != c.protection {
				t.Errorf("protection: %s, want %s", got, c.protection)
			}
			if got := say(r.Grades.Visibility); got != c.visibility {
				t.Errorf("visibility: %s, want %s", got, c.visibility)
			}
		})
	}
}

// TestGradesAreProperties tries random reports: the order of findings never
// matters, deductions explain the score, another finding never helps, and a
// certain critical leaves an F.
func TestGradesAreProperties(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	all := catalog.Weaknesses()
	severities := []string{"none", "low", "medium", "high", "critical"}
	confidences := []Confidence{Certain, Firm, Tentative}
	for range 2000 {
		lines := []string{"alg-none-accepted pass complete"}
		critical := false
		for range rng.IntN(8) {
			w, s, c := all[rng.IntN(len(all))], severities[rng.IntN(5)], confidences[rng.IntN(3)]
			lines = append(lines, fmt.Sprintf("!%s %s %s", w.ID, s, c))
			critical = critical || s == "critical" && c == Certain && !CountsForVisibility(w.ID)
		}
		r := report(t, lines...)
		GradeReport(r)
		for _, g := range []Grade{r.Grades.Protection, r.Grades.Visibility} {
			sum := 100
			for _, d := range g.Deductions {
				sum -= d.Points
			}
			if max(sum, 0) != g.Score {
				t.Fatalf("%q: score %d, but 100 less the deductions is %d", lines, g.Score, sum)
			}
		}
		if critical && r.Grades.Protection.Letter != "F" {
			t.Fatalf("%q: protection %s in spite of a certain critical", lines, r.Grades.Protection.Letter)
		}
		again := report(t, lines...)
		rng.Shuffle(len(again.Findings), func(i, j int) {
			again.Findings[i], again.Findings[j] = again.Findings[j], again.Findings[i]
		})
		GradeReport(again)
		if diff := cmp.Diff(again.Grades, r.Grades); diff != "" {
			t.Fatalf("%q: grades depend on the order\n%s", lines, diff)
		}
		more := report(t, append(lines, "!fail-open high high", "!token-in-log high high")...)
		GradeReport(more)
		if more.Grades.Protection.Score > r.Grades.Protection.Score || more.Grades.Visibility.Score > r.Grades.Visibility.Score {
			t.Fatalf("%q: another finding raised a grade", lines)
		}
	}
}

func TestEveryWeaknessHasItsGrade(t *testing.T) {
	groups := map[string]bool{"Visibility": true, "What the log gives away": true, "Abuse and lifecycle": false, "Acceptance": false, "Oracles and failure modes": false}
	for _, w := range catalog.Weaknesses() {
		want, known := groups[w.Group]
		if !known {
			t.Errorf("%s: group %q is new: say to which grade it counts", w.ID, w.Group)
		}
		if got := CountsForVisibility(w.ID); got != (want && w.ID != catalog.TokenInURL) {
			t.Errorf("%s: counts for visibility: %v", w.ID, got)
		}
	}
}
