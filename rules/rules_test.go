package rules_test

import (
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/rule"
	"github.com/jotsight/jotsight/rules"
)

// TestRulesAgreeWithTheCatalogue holds what every shipped rule owes its reader.
func TestRulesAgreeWithTheCatalogue(t *testing.T) {
	list, err := rule.Load(rules.FS)
	if err != nil {
		t.Fatal(err)
	}
	level := map[string]catalog.Severity{}
	for _, r := range list {
		if got, want := r.ID, rule.UUID(r.Name); got != want {
			t.Errorf("%s:%d: id of %s: %s, want %s", r.File, r.Line, r.Name, got, want)
		}
		if r.Description == "" {
			t.Errorf("%s:%d: %s: without a description", r.File, r.Line, r.Name)
		}
		if r.Silent {
			continue
		}
		slug := strings.TrimSuffix(path.Base(r.File), ".yml")
		if r.Detection != slug {
			t.Errorf("%s:%d: %s: raises alerts as %s, want %s", r.File, r.Line, r.Name, r.Detection, slug)
		}
		if len(r.Benign) == 0 || r.Playbook == "" || len(r.Attack) == 0 && !operational[catalog.ID(slug)] {
			t.Errorf("%s:%d: %s: lacks benign causes, a playbook or an ATT&CK technique", r.File, r.Line, r.Name)
		}
		level[slug] = max(level[slug], r.Level)
		d, ok := catalog.DetectionOf(catalog.ID(slug))
		if !ok {
			t.Errorf("%s: no such detection in the catalogue", slug)
			continue
		}
		for _, id := range r.Attack {
			if len(d.Refs.ATTCK) > 0 && !slices.Contains(d.Refs.ATTCK, id) {
				t.Errorf("%s:%d: %s: the catalogue does not have technique %s", r.File, r.Line, r.Name, id)
			}
		}
	}
	for slug, got := range level {
		if d, ok := catalog.DetectionOf(catalog.ID(slug)); ok && got != d.Severity {
			t.Errorf("%s: level %v, want %v as in the catalogue", slug, got, d.Severity)
		}
	}
	for _, slug := range []catalog.ID{
		catalog.SignatureBruteforce, catalog.ForgedAlgorithm, catalog.FailureRatio, catalog.RefreshAbuse,
		catalog.RefreshReuse, catalog.RefreshFailures, catalog.RevokedUse, catalog.ScopeProbing,
	} {
		if _, ok := level[string(slug)]; !ok {
			t.Errorf("%s: no rule", slug)
		}
	}
}

// operational detections are about our own or the service's working, and no
// technique of an attacker.
var operational = map[catalog.ID]bool{
	catalog.SlowVerification: true, catalog.EventsDropped: true,
}
