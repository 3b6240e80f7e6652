package lint

import "testing"

// TestMutationScore holds that verdicts on the good examples hang on their records
// and limiters: deleting one is noticed, hiding one behind a helper is not.
func TestMutationScore(t *testing.T) {
	s, err := Mutate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.Survivors {
		t.Logf("survivor: %s", l)
	}
	if s.Score < 0.98 {
		t.Errorf("%.1f %% of %d mutants gave a finding, want 98 %%", 100*s.Score, s.Mutants)
	}
	for _, l := range s.FalseAlarms {
		t.Errorf("a finding although the record is there: %s", l)
	}
	if s.Mutants < 60 || s.Hidden < 60 {
		t.Errorf("%d mutants and %d hidden records: too few to say anything", s.Mutants, s.Hidden)
	}
}
