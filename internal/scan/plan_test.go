package scan

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestPlanHolds compares what arrives with what --plan prints: every method and
// path stands there, and no probe sends more than it says.
func TestPlanHolds(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]switches{
		"sound": {logging: "typed"},
		"weak":  {secret: "secret", none: true, reuse: true, noRevoke: true, expired: true, serves: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, s)
			u, err := url.Parse(g.url)
			if err != nil {
				t.Fatal(err)
			}
			var mu sync.Mutex
			arrived := map[string]int{}
			pass := httputil.NewSingleHostReverseProxy(u)
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				arrived[r.Method+" "+r.URL.Path]++
				mu.Unlock()
				pass.ServeHTTP(w, r)
			}))
			defer front.Close()
			recipe := g.parse("")
			if err := recipe.SetTarget(front.URL); err != nil {
				t.Fatal(err)
			}
			report, err := Run(t.Context(), recipe, Options{FoldWait: time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			plan := PlanOf(recipe)
			var printed strings.Builder
			if err := WritePlan(&printed, recipe); err != nil {
				t.Fatal(err)
			}
			all := 0
			for place, n := range arrived {
				all += n
				place, _, _ = strings.Cut(place, "/x") // log-forging asks below the resource, for what no line of a plan can hold
				if !strings.Contains(printed.String(), place) {
					t.Errorf("%s: %d requests arrived, and the plan does not print it\n%s", place, n, printed.String())
				}
			}
			if all > plan.Requests() || all != report.Stats.Requests {
				t.Errorf("%d requests arrived, %d are reported, at most %d planned", all, report.Stats.Requests, plan.Requests())
			}
			for _, run := range report.Runs {
				i := slices.IndexFunc(plan.Probes, func(p Planned) bool { return p.Name == run.Check })
				if i < 0 {
					t.Fatalf("%s: not in the plan", run.Check)
				}
				if p := plan.Probes[i]; p.Why != "" && run.Requests > 0 || p.Why == "" && len(p.To) == 0 {
					t.Errorf("%s: %d requests, planned %q to %q", run.Check, run.Requests, p.Why, p.To)
				}
			}
		})
	}
}
