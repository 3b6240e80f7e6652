package demo

import (
	"context"
	"fmt"
	"maps"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/examples/bank"
	"github.com/jotsight/jotsight/internal/finding"
)

// scanBlind starts a demo whose blind bank has the given switches, and gives the
// cells of its matrix, by check.
func scanBlind(t *testing.T, sw bank.Switches) map[string]string {
	t.Helper()
	d, err := Start(t.Context(), Config{Switches: &sw})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		dir := d.dir
		if err := d.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("data folder after Stop: %v, want it gone", err)
		}
	}()
	r, err := d.scan(t.Context(), d.blind)
	if err != nil {
		t.Fatal(err)
	}
	return cells(r)
}

func cells(r *finding.Report) map[string]string {
	m := map[string]string{}
	for _, run := range r.Runs {
		if run.Check == "login-oracle" || run.Check == "timing-oracle" {
			continue // they say nothing on a machine that is too busy for them
		}
		m[run.Check] = fmt.Sprintf("verdict=%s accepted=%t recorded=%s leak=%t forged=%t alerted=%t",
			run.Verdict, run.Accepted, run.Seen.Tier, run.Seen.Leak, run.Seen.ForgedLine, run.Alerted.Fired)
	}
	return m
}

// TestOneSwitchChangesOneRow flips one switch of the blind bank after the other.
// The row of that weakness changes, to what stands here, and no other does:
// nothing in the demo's result is written in advance.
func TestOneSwitchChangesOneRow(t *testing.T) {
	before := scanBlind(t, bank.Blind())
	if len(before) < 40 {
		t.Fatalf("%d rows, want the 40 attacks and more: %v", len(before), before)
	}
	for _, test := range []struct {
		weakness string
		on       bool
		want     map[string]string // by row, a part of its cells
	}{
		// A header that states alg twice, none among them, is one of alg none to a
		// reader who takes the last.
		{"alg-none-accepted", true, map[string]string{"alg-none": "accepted=true", "format-confusion": "accepted=true"}},
		// The bank's library looks at all times or at none.
		{"expired-accepted", true, map[string]string{"expired": "accepted=true", "not-before": "accepted=true"}},
		{"audience-not-checked", false, map[string]string{"wrong-audience": "accepted=false"}},
		{"token-in-url", false, map[string]string{"token-in-url": "accepted=false"}},
		// Whether another spelling of a revoked token passes can be asked only
		// where the token itself does not.
		{"revoked-token-accepted", false, map[string]string{"use-after-logout": "accepted=false", "raw-denylist": "verdict=pass"}},
		{"no-verify-rate-limit", false, map[string]string{"bad-token-burst": "verdict=pass"}},
		// Several names of parameters are tried, and to this bank a token under
		// any but its own is a missing one.
		{"silent-missing-token", false, map[string]string{"missing": "recorded=complete", "token-in-url": "recorded=complete"}},
	} {
		t.Run(test.weakness, func(t *testing.T) {
			t.Parallel()
			sw := bank.Blind()
			if err := sw.Set(test.weakness, test.on); err != nil {
				t.Fatal(err)
			}
			after, others := scanBlind(t, sw), maps.Clone(before)
			for row, want := range test.want {
				if after[row] == before[row] || !strings.Contains(after[row], want) {
					t.Errorf("row %s: %s, want %s in it; before: %s", row, after[row], want, before[row])
				}
				delete(after, row)
				delete(others, row)
			}
			if diff := cmp.Diff(others, after); diff != "" {
				t.Errorf("other rows (-before +after):\n%s", diff)
			}
		})
	}
}
