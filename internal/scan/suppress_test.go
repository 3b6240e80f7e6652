package scan

import (
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

const leastRecipe = "target: http://127.0.0.1:1\ntoken: ${T}\nprotected: {request: GET /me}\n"

func env(string) (string, bool) { return "a-token-of-the-test", true }

func TestSuppressNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"suppress: [{id: weak-secret}]", "jotsight.yaml:4: suppress[0].reason: missing"},
		{`suppress: [{id: weak-secret, reason: " "}]`, "suppress[0].reason: empty"},
		{"suppress: [{id: no-such, reason: x}]", `suppress[0].id: "no-such" is no weakness`},
		{"suppress: [{reason: x}]", "suppress[0].id: missing"},
		{"suppress: [{id: weak-secret, reason: x, until: tomorrow}]", "suppress[0].until: not a day"},
		{"suppress: [{id: weak-secret, reason: x, by: me}]", "suppress[0].by: unknown field"},
		{"suppress: weak-secret", "suppress: not a list"},
	} {
		_, err := Parse("jotsight.yaml", []byte(leastRecipe+c.text+"\n"), env)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.text, err, c.want)
		}
	}
}

// TestSuppressedIsReported holds that a suppression marks one finding, that one
// which has ended does not, and that the places of findings are lines of the recipe.
func TestSuppressedIsReported(t *testing.T) {
	t.Parallel()
	g := newTarget(t, switches{none: true, expired: true})
	report := runTarget(t, g, `
suppress:
  - {id: alg-none-accepted, route: GET /me, reason: gone with the next release, until: 2999-12-31}
  - {id: no-verify-rate-limit, reason: the gateway limits, until: 2020-01-01}
  - {id: kid-injection, reason: nobody remembers}
`)
	state := map[catalog.ID]*finding.Suppression{}
	for _, f := range report.Findings {
		if f.Implied == "" {
			state[f.ID] = f.Suppressed
		}
		if f.Location.Path == "" || f.Location.Line == 0 {
			t.Errorf("%s stands on no line of the recipe: %+v", f.ID, f.Location)
		}
	}
	if s := state[catalog.AlgNoneAccepted]; s == nil || s.Until != "2999-12-31" || s.By != "configuration" {
		t.Errorf("alg-none-accepted is suppressed by %+v", s)
	}
	if s, found := state[catalog.NoVerifyRateLimit]; s != nil || !found {
		t.Errorf("no-verify-rate-limit is suppressed by %+v (found %v), although that ended", s, found)
	}
	if got := report.Grades.Protection.Letter; got != "F" {
		t.Errorf("a suppression mends the grade: %s", got)
	}
	notes := strings.Join(report.Notes, "\n")
	for _, want := range []string{"no-verify-rate-limit ended on 2020-01-01", "kid-injection matches no finding"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes %q, want %q", notes, want)
		}
	}
}
