package scan

import (
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/finding"
)

// TestBudget holds what the whole catalogue costs: over a service with a log, one
// whose log is late by more than half a second, and one that lets everything in,
// so that everything is confirmed.
func TestBudget(t *testing.T) {
	for name, s := range map[string]switches{
		"sound": {limit: 20, refreshLimit: 10, logging: "full"},
		"late":  {limit: 20, refreshLimit: 10, logging: "batch"},
		"weak":  {secret: "secret", none: true, expired: true, aud: true, iss: true, inURL: true, noRotation: true, noRevoke: true, noExp: true, verbose: true, logging: "typed"},
	} {
		t.Run(name, func(t *testing.T) {
			g := newTarget(t, s)
			recipe := g.parse("")
			if name == "late" {
				recipe.Logs[0].Flush = 700 * time.Millisecond
			}
			began := time.Now()
			r, err := Run(t.Context(), recipe, Options{FoldWait: 300 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			took := time.Since(began)
			t.Logf("%d requests of at most %d, %s", r.Stats.Requests, PlanOf(recipe).Requests(), took.Round(time.Millisecond))
			if r.Stats.Requests >= 400 {
				t.Errorf("%d requests, want fewer than 400", r.Stats.Requests)
			}
			// Fifteen seconds are promised on a machine that does nothing else.
			if took > time.Minute {
				t.Errorf("it took %s", took)
			}
			if ids := standingIDs(r); name != "weak" && len(ids) > 0 {
				t.Errorf("findings %v", ids)
				for _, f := range r.Findings {
					t.Logf("%s: %s %q", f.ID, f.Message, f.Evidence)
				}
			}
			for _, run := range r.Runs {
				if name == "late" && run.Status == 401 && run.Seen.Assessed && run.Seen.Tier != finding.TierComplete {
					t.Errorf("%s: tier %s, missing %v, in a late log that is complete", run.Check, run.Seen.Tier, run.Seen.Missing)
				}
			}
		})
	}
}
