package catalog

import (
	"slices"
	"strings"
	"testing"
)

func TestStandards(t *testing.T) {
	w, _ := WeaknessOf(DenyThenServe)
	got := w.Standards()
	for _, want := range []string{"OWASP API2:2023", "ASVS v5.0.0-16.5.3", "CWE-696", "ATT&CK T1190"} {
		if !slices.Contains(got, want) {
			t.Errorf("%s: %q lacks %s", w.ID, got, want)
		}
	}
	for _, w := range Weaknesses() {
		list := w.Standards()
		if len(list) < 3 {
			t.Errorf("%s: %q", w.ID, list)
		}
		for _, s := range list {
			if strings.ContainsAny(s, "()") {
				t.Errorf("%s: %s was placed by meaning alone", w.ID, s)
			}
			for _, unread := range []string{"NIST", "800-53", "SOC", "ISO", "PCI"} {
				if strings.Contains(s, unread) {
					t.Errorf("%s: %s was never compared with its original", w.ID, s)
				}
			}
		}
	}
}

// TestFixes holds that the first part of every fix helps whoever does not use
// guard, and that nothing is lost between the parts.
func TestFixes(t *testing.T) {
	var without []string
	for _, w := range Weaknesses() {
		anybody, ours := w.Fixes()
		if strings.TrimSpace(anybody+" "+ours) != w.Fix {
			t.Errorf("%s: %q and %q are not the whole fix", w.ID, anybody, ours)
		}
		if strings.Contains(anybody, "`guard") || strings.Contains(anybody, "g.Verify") {
			t.Errorf("%s: the fix for anybody needs guard: %q", w.ID, anybody)
		}
		if ours == "" {
			without = append(without, string(w.ID))
		}
	}
	if want := []string{"sensitive-claims", "unawaited-verify"}; !slices.Equal(without, want) {
		t.Errorf("guard is not named in the fix of %q, want %q alone", without, want)
	}
}
