package scan

import (
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// TestMain lets more scans run side by side than there are processors: they wait
// most of their time.
func TestMain(m *testing.M) {
	flag.Parse()
	if f := flag.Lookup("test.fuzz"); f.Value.String() == "" {
		flag.Set("test.parallel", "24")
	}
	os.Exit(m.Run())
}

// verdicts gives the verdict of each check that did not pass.
func verdicts(r *finding.Report) map[string]finding.Verdict {
	m := map[string]finding.Verdict{}
	for _, run := range r.Runs {
		if run.Verdict != finding.Pass {
			m[run.Check] = run.Verdict
		}
	}
	return m
}

// standing gives the ids of the findings that are not the effect of another.
func standingIDs(r *finding.Report) []string {
	return slices.DeleteFunc(timedIDs(r), func(id string) bool { return id == string(catalog.TimingOracle) })
}

// timedIDs is standingIDs with what a clock says, which means little on a machine
// that runs two dozen scans.
func timedIDs(r *finding.Report) []string {
	var ids []string
	for _, f := range r.Findings {
		if f.Implied == "" && !slices.Contains(ids, string(f.ID)) {
			ids = append(ids, string(f.ID))
		}
	}
	slices.Sort(ids)
	return ids
}

func runTarget(t *testing.T, g *target, extra string) *finding.Report {
	t.Helper()
	return runRecipe(t, g, g.recipe(extra))
}

// runRecipe scans a target by a recipe of its own.
func runRecipe(t *testing.T, g *target, text string) *finding.Report {
	t.Helper()
	recipe, err := Parse("jotsight.yaml", []byte(text), g.env)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), recipe, Options{FoldWait: 300 * time.Millisecond, GraceWait: 1500 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if got, most := report.Stats.Requests, PlanOf(recipe).Requests(); got > most && g.limit >= 0 {
		t.Errorf("%d requests were sent, and the plan says at most %d", got, most)
	}
	checkNoSecret(t, g, report)
	return report
}

// TestAcceptance holds the verdicts over services that are sound in unusual ways
// or weak in one. The log says nothing here, so that visibility adds only its
// silent findings, which are left out of the comparison.
func TestAcceptance(t *testing.T) {
	for _, tt := range []struct {
		name string
		s    switches
		want string // findings of Protection
		not  string // checks that may be inconclusive
	}{
		{name: "safe", s: switches{limit: 20, refreshLimit: 10}},
		{name: "safe, answers change each time", s: switches{limit: 20, refreshLimit: 10, unstable: true}},
		{name: "safe, logout ends every session", s: switches{limit: 20, refreshLimit: 10, logsOutAll: true}},
		{name: "safe, by cookie", s: switches{limit: 20, refreshLimit: 10, cookies: true}},
		{name: "weak, by cookie", s: switches{cookies: true, none: true, reuse: true, noRevoke: true},
			want: "alg-none-accepted no-login-rate-limit no-refresh-rate-limit no-verify-rate-limit refresh-reuse-accepted revoked-token-accepted"},
		{name: "safe429 by address", s: switches{limit: 3, refreshLimit: 10}},
		{name: "safe429 for all", s: switches{limit: -3, refreshLimit: 10}, not: "any"},
		{name: "safe302", s: switches{limit: 20, refreshLimit: 10, redirect: true}},
		{name: "safe200", s: switches{limit: 20, refreshLimit: 10, soft: true}},
		{name: "guest200", s: switches{limit: 20, refreshLimit: 10, guest: true}},
		{name: "leak401", s: switches{limit: 20, refreshLimit: 10, serves: true}, want: "deny-then-serve"},
		{name: "noverify", s: switches{limit: 20, refreshLimit: 10, noverify: true}, want: "signature-not-verified", not: "bad-token-burst"},
		{name: "open", s: switches{limit: 20, refreshLimit: 10, open: true}, want: "unauthenticated-access"},
		{name: "alg none", s: switches{limit: 20, refreshLimit: 10, none: true}, want: "alg-none-accepted"},
		{name: "weak secret", s: switches{limit: 20, refreshLimit: 10, secret: "secret"}, want: "weak-secret"},
		{name: "published secret", s: switches{limit: 20, refreshLimit: 10, secret: "json-server-auth-123456"}, want: "weak-secret"},
		{name: "expired", s: switches{limit: 20, refreshLimit: 10, expired: true}, want: "expired-accepted"},
		{name: "audience", s: switches{limit: 20, refreshLimit: 10, aud: true}, want: "audience-not-checked"},
		{name: "issuer", s: switches{limit: 20, refreshLimit: 10, iss: true}, want: "issuer-not-checked"},
		{name: "token in URL", s: switches{limit: 20, refreshLimit: 10, inURL: true}, want: "token-in-url"},
		{name: "refresh not rotated", s: switches{limit: 20, refreshLimit: 10, noRotation: true}, want: "refresh-not-rotated"},
		{name: "refresh reused", s: switches{limit: 20, refreshLimit: 10, reuse: true}, want: "refresh-reuse-accepted"},
		{name: "family survives", s: switches{limit: 20, refreshLimit: 10, survives: true}, want: "family-survives-reuse"},
		{name: "no revocation", s: switches{limit: 20, refreshLimit: 10, noRevoke: true}, want: "family-survives-reuse revoked-token-accepted"},
		{name: "no limits", s: switches{}, want: "no-login-rate-limit no-refresh-rate-limit no-verify-rate-limit"},
		{name: "no exp", s: switches{limit: 20, refreshLimit: 10, noExp: true}, want: "unbounded-lifetime"},
		{name: "verbose", s: switches{limit: 20, refreshLimit: 10, verbose: true}, want: "verbose-error"},
		{name: "weak in everything", s: switches{secret: "secret", none: true, expired: true, aud: true, iss: true, inURL: true, noRotation: true, noRevoke: true, noExp: true, verbose: true},
			want: "alg-none-accepted audience-not-checked expired-accepted issuer-not-checked no-login-rate-limit no-refresh-rate-limit no-verify-rate-limit refresh-not-rotated revoked-token-accepted token-in-url unbounded-lifetime verbose-error weak-secret"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := runTarget(t, newTarget(t, tt.s), "")
			got := protection(r)
			want := strings.Fields(tt.want)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("findings %v, want %v", got, want)
			}
			for check, v := range verdicts(r) {
				if v == finding.Inconclusive && tt.not != "any" && !slices.Contains(strings.Fields(tt.not), check) {
					t.Errorf("%s is inconclusive: %s", check, why(r, check))
				}
			}
			// Without a record of its own no attack may count as seen.
			for _, run := range r.Runs {
				if run.Seen.Assessed && run.Seen.Tier != finding.TierNone {
					t.Errorf("%s: tier %s of a log that is empty", run.Check, run.Seen.Tier)
				}
			}
		})
	}
}

func why(r *finding.Report, check string) string {
	for _, run := range r.Runs {
		if run.Check == check {
			return run.Why
		}
	}
	return ""
}

// TestWithoutProof holds that the shape of the answers alone is enough to tell
// sound services apart, however they refuse.
func TestWithoutProof(t *testing.T) {
	for name, s := range map[string]switches{
		"safe": {}, "safe302": {redirect: true}, "safe200": {soft: true}, "unstable": {unstable: true}, "guest": {guest: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s.limit, s.refreshLimit = 20, 10
			g := newTarget(t, s)
			recipe := g.parse("")
			recipe.Protected.Proof = Extract{}
			r, err := Run(t.Context(), recipe, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range r.Findings {
				if !finding.CountsForVisibility(f.ID) && f.ID != catalog.TimingOracle {
					t.Errorf("%s: %s %v", f.ID, f.Message, f.Evidence)
				}
			}
		})
	}
}

// TestVisibility holds what the log side says of the same sound service under
// many ways of logging.
func TestVisibility(t *testing.T) {
	silent := "silent-issuance silent-missing-token silent-rate-limit silent-refresh silent-revocation silent-revoked-use silent-verify-failure"
	for _, tt := range []struct {
		logging string
		want    string
		tier    finding.Tier // of signature-garbled
		reason  string
	}{
		{"silent", silent, finding.TierNone, ""},
		{"access", silent, finding.TierAccess, ""},
		{"accessjson", silent, finding.TierAccess, ""},
		{"generic", "incomplete-event silent-rate-limit token-in-log", finding.TierPartial, ""},
		{"typed", "incomplete-event token-in-log", finding.TierPartial, "bad_signature"},
		{"late", "incomplete-event token-in-log", finding.TierPartial, "bad_signature"},
		{"hesitant", "incomplete-event token-in-log", finding.TierPartial, "bad_signature"}, // once, and by a second
		{"debug", "incomplete-event token-in-log wrong-level", finding.TierPartial, "bad_signature"},
		{"wrong", "incomplete-event silent-rate-limit token-in-log wrong-reason", finding.TierPartial, "expired"},
		{"lossy", "incomplete-event lost-events silent-rate-limit token-in-log", finding.TierPartial, "bad_signature"},
		{"leaking", "incomplete-event token-in-log", finding.TierPartial, ""},
		{"forgeable", "incomplete-event log-injection", finding.TierPartial, ""},
		{"prefix", "incomplete-event token-in-log token-prefix-as-id", finding.TierPartial, ""},
		{"full", "", finding.TierComplete, "bad_signature"},
	} {
		t.Run(tt.logging, func(t *testing.T) {
			t.Parallel()
			r := runTarget(t, newTarget(t, switches{limit: 20, refreshLimit: 10, logging: tt.logging}), "")
			if got, want := standingIDs(r), strings.Fields(tt.want); !slices.Equal(got, want) {
				t.Errorf("findings %v\n     want %v", got, want)
				for _, f := range r.Findings {
					t.Logf("%s: %q", f.ID, f.Evidence)
				}
			}
			for _, run := range r.Runs {
				if run.Check != "signature-garbled" {
					continue
				}
				if run.Seen.Tier != tt.tier {
					t.Errorf("tier %s, want %s; missing %v", run.Seen.Tier, tt.tier, run.Seen.Missing)
				}
				if tt.reason != "" && run.Seen.Reason != tt.reason && !strings.Contains(run.Seen.Reason, tt.reason) {
					t.Errorf("reason %q, want %q", run.Seen.Reason, tt.reason)
				}
			}
		})
	}
}

// TestAlerts holds the alert side, over a receiver of the scan's own.
func TestAlerts(t *testing.T) {
	const secret = "whsec_bm90LWEtc2VjcmV0LWJ1dC1hLXRlc3Q="
	mustAlert := []string{"alg-none", "bad-token-burst", "embedded-key", "key-url", "refresh-burst", "refresh-reuse", "use-after-logout"}
	for _, tt := range []struct {
		name   string
		s      switches
		recipe string // secret that the recipe states
		fired  []string
		want   []string
	}{
		{"right", switches{alerting: "right"}, "", mustAlert, nil},
		{"signed", switches{alerting: "right", alertSecret: secret}, secret, mustAlert, nil},
		{"badly signed", switches{alerting: "right"}, secret, nil, []string{"no-alert"}},
		{"deaf", switches{alerting: "deaf"}, "", nil, []string{"no-alert"}},
		{"noisy", switches{alerting: "noisy"}, "", mustAlert, []string{"noisy-alert"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.s.limit, tt.s.refreshLimit, tt.s.logging = 40, 12, "full"
			g := newTarget(t, tt.s)
			g.alerts = freeAddress(t)
			extra := "alerts: {webhook: \"" + g.alerts + "\", within: 1s"
			if tt.recipe != "" {
				extra += ", secret: \"" + tt.recipe + "\""
			}
			r := runTarget(t, g, extra+"}\n")
			var fired []string
			for _, run := range r.Runs {
				if run.Alerted.Fired {
					fired = append(fired, run.Check)
				}
				if slices.Contains(mustAlert, run.Check) != run.Alerted.Assessed {
					t.Errorf("%s: assessed %v, %s", run.Check, run.Alerted.Assessed, run.Alerted.Why)
				}
			}
			slices.Sort(fired)
			if !slices.Equal(fired, tt.fired) {
				t.Errorf("alerts for %v, want %v", fired, tt.fired)
			}
			if got := standingIDs(r); !slices.Equal(got, tt.want) {
				t.Errorf("findings %v, want %v", got, tt.want)
			}
		})
	}
}

// TestWithoutRecipe holds a scan that knows nothing but an address and a token.
func TestWithoutRecipe(t *testing.T) {
	t.Parallel()
	g := newTarget(t, switches{secret: "secret"})
	sid := "a-session"
	g.sessions[sid] = true
	recipe, err := ForURL(g.url+"/me", g.mint(sid))
	if err != nil {
		t.Fatal(err)
	}
	recipe.Limits.RPS = 0
	r, err := Run(t.Context(), recipe, Options{})
	if err != nil {
		t.Fatal(err)
	}
	checkNoSecret(t, g, r)
	got := verdicts(r)
	for check, want := range map[string]finding.Verdict{
		"weak-secret": finding.Fail, "bad-token-burst": finding.Fail, "log-forging": finding.Skipped, "further-routes": finding.Skipped,
		"refresh-reuse": finding.Skipped, "refresh-burst": finding.Skipped, "use-after-logout": finding.Skipped,
	} {
		if got[check] != want {
			t.Errorf("%s: %q, want %q: %s", check, got[check], want, why(r, check))
		}
		delete(got, check)
	}
	for check, v := range got {
		if v != finding.Skipped {
			t.Errorf("%s: %q: %s", check, v, why(r, check))
		}
	}
	if r.Grades.Visibility.Assessed {
		t.Error("visibility is assessed without a log")
	}
	if !g.sessions[sid] {
		t.Error("the session of the supplied token was ended")
	}
}
