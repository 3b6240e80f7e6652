//go:build !race

// The race detector has costs of its own: ./test runs this without it.

package main

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestBudget holds what a guard may cost, with room for a busy machine: what it
// reaches on a quiet one stands in the README beside. Ratios of one run are all
// that is compared, and the best of three runs counts.
func TestBudget(t *testing.T) {
	most := map[string]float64{
		"seen_vs_jwtauth": 1. / 8, "seen_vs_handwritten": 1. / 3, "unseen_vs_handwritten": 1.1,
		"forged_vs_jwtauth": 0.5, "blocked_vs_jwtauth": 0.15,
	}
	best := map[string]float64{}
	for range 3 {
		var out, talk bytes.Buffer
		if err := run([]string{"-json", "-rounds", "5", "-algorithms", "HS256"}, &out, &talk); err != nil {
			t.Fatalf("%v: %s", err, &talk)
		}
		var got struct{ Ratios map[string]float64 }
		if err := json.Unmarshal(out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		met := true
		for name, bound := range most {
			if r := got.Ratios[name]; best[name] == 0 || r < best[name] {
				best[name] = r
			}
			met = met && best[name] <= bound
		}
		if met {
			return
		}
	}
	for name, bound := range most {
		if best[name] > bound {
			t.Errorf("%s is %.3f, want at most %.3f", name, best[name], bound)
		}
	}
}
