package scan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// protection gives the findings of Protection that stand by themselves.
// protection gives the standing findings of Protection.
func protection(r *finding.Report) []string {
	return slices.DeleteFunc(standingIDs(r), func(id string) bool { return finding.CountsForVisibility(catalog.ID(id)) })
}

func runOf(t *testing.T, r *finding.Report, check string) finding.Run {
	t.Helper()
	for _, run := range r.Runs {
		if run.Check == check {
			return run
		}
	}
	t.Fatalf("no run of %s", check)
	return finding.Run{}
}

// TestClaims holds what is said of verifiers that are lax in one claim, and of
// those that are strict beyond the usual.
func TestClaims(t *testing.T) {
	for _, tt := range []struct {
		name    string
		s       switches
		want    string // findings of Protection
		check   string
		verdict finding.Verdict
		why     string // a part of it
	}{
		{"no exp is taken", switches{endless: true}, "unbounded-lifetime", "no-expiry", finding.Fail, "no exp"},
		{"half an hour of leeway", switches{leeway: 30 * time.Minute}, "expired-accepted", "expired", finding.Fail, "(ten minutes ago)"},
		{"nbf is not read", switches{nbf: true}, "not-before-ignored", "not-before", finding.Fail, "nbf in the future"},
		{"a sound nbf", switches{}, "", "not-before", finding.Pass, "an iat five minutes ahead is taken"},
		{"no audience is taken", switches{noAud: true}, "audience-not-checked", "wrong-audience", finding.Fail, "(none)"},
		{"no issuer is taken", switches{noIss: true}, "issuer-not-checked", "wrong-issuer", finding.Fail, "(none)"},
		{"a part of the issuer is taken", switches{partIss: true}, "issuer-not-checked", "wrong-issuer", finding.Fail, "a part of the right one"},
		{"no type is said", switches{anyType: true}, "", "wrong-type", finding.Skipped, "do not say"},
		{"any type is taken", switches{typed: true, anyType: true}, "token-type-confusion", "wrong-type", finding.Fail, "token_use refresh, token_use id"},
		{"types are kept apart", switches{typed: true}, "", "wrong-type", finding.Pass, "refused"},
		{"unknown users are taken", switches{}, "", "unknown-subject", finding.Pass, "taken, as tokens are that nobody looks up"},
		{"unknown users are refused", switches{knowsUsers: true}, "", "unknown-subject", finding.Pass, "not served (401)"},
		{"breaks on odd claims", switches{crashes: true}, "verbose-error", "claim-types", finding.Fail, "exp is an object: 500"},
		{"takes no id but its own", switches{ownID: true}, "", "expired", finding.Pass, "refused"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.limit, tt.s.refreshLimit, tt.s.logging = 20, 10, "full"
			r := runTarget(t, newTarget(t, tt.s), "")
			if got := fmt.Sprint(protection(r)); got != "["+tt.want+"]" {
				t.Errorf("findings %s, want %s", got, tt.want)
			}
			if run := runOf(t, r, tt.check); run.Verdict != tt.verdict || !strings.Contains(run.Why, tt.why) {
				t.Errorf("%s: %s, %q; want %s, %q", tt.check, run.Verdict, run.Why, tt.verdict, tt.why)
			}
			for _, f := range r.Findings {
				if finding.CountsForVisibility(f.ID) && f.Implied == "" {
					t.Errorf("%s: %s %q", f.ID, f.Message, f.Evidence)
				}
			}
		})
	}
}

// TestOutlived waits for a token to end where it cannot be minted.
func TestOutlived(t *testing.T) {
	for _, tt := range []struct {
		name     string
		s        switches
		patience time.Duration
		verdict  finding.Verdict
		why      string
	}{
		{"refused", switches{life: 3 * time.Second}, time.Minute, finding.Pass, "after its exp"},
		{"never refused", switches{life: 3 * time.Second, expired: true}, time.Minute, finding.Fail, "after its exp"},
		{"refused after a leeway", switches{life: 3 * time.Second, leeway: 1500 * time.Millisecond}, time.Minute, finding.Pass, "after its exp"},
		{"no patience", switches{}, 0, finding.Skipped, "needs the signing key or a short-lived token (it lives 5m0s; --patience 6m0s)"},
		{"too little patience", switches{}, time.Second, finding.Skipped, "it lives 5m0s"},
		{"no end", switches{noExp: true}, time.Minute, finding.Skipped, "carry no exp"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.limit, tt.s.refreshLimit, tt.s.logging = 20, 10, "full"
			g := newTarget(t, tt.s)
			recipe := g.parse("")
			recipe.Keys.Secret, recipe.Limits.Patience = "", tt.patience
			r, err := Run(t.Context(), recipe, Options{FoldWait: 300 * time.Millisecond, GraceWait: time.Second, Leeway: 3 * time.Second})
			if err != nil {
				t.Fatal(err)
			}
			if run := runOf(t, r, "outlived"); run.Verdict != tt.verdict || !strings.Contains(run.Why, tt.why) {
				t.Errorf("%s, %q; want %s, %q", run.Verdict, run.Why, tt.verdict, tt.why)
			}
			if found := slices.Contains(standingIDs(r), string(catalog.ExpiredAccepted)); found != (tt.verdict == finding.Fail) {
				t.Errorf("findings %v", standingIDs(r))
			}
			for _, run := range r.Runs {
				if run.Verdict == finding.Inconclusive {
					t.Logf("%s is inconclusive: %s", run.Check, run.Why)
				}
			}
		})
	}
}
