package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"
)

// TestRunMeasuresEverything runs one short round and looks for every promised
// key, and for a figure behind each.
func TestRunMeasuresEverything(t *testing.T) {
	var out, talk bytes.Buffer
	if err := run([]string{"-json", "-rounds", "1", "-slice", "200us"}, &out, &talk); err != nil {
		t.Fatalf("%v: %s", err, &talk)
	}
	var got struct {
		Ratios map[string]float64 `json:"ratios"`
		Allocs map[string]float64 `json:"allocs"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"seen_vs_jwtauth", "seen_vs_handwritten", "unseen_vs_handwritten", "forged_vs_jwtauth", "blocked_vs_jwtauth"} {
		for _, suffix := range []string{"", "_rs256", "_es256", "_eddsa"} {
			if got.Ratios[name+suffix] <= 0 {
				t.Errorf("ratios.%s is %v, want it above zero", name+suffix, got.Ratios[name+suffix])
			}
		}
	}
	for _, name := range []string{"bare", "seen", "unseen"} {
		if got.Allocs[name] <= 0 {
			t.Errorf("allocs.%s is %v, want it above zero", name, got.Allocs[name])
		}
	}
}

// TestTableNamesRowsAndRatios holds that the table shows what JSON does.
func TestTableNamesRowsAndRatios(t *testing.T) {
	var out, talk bytes.Buffer
	if err := run([]string{"-rounds", "1", "-slice", "200us"}, &out, &talk); err != nil {
		t.Fatalf("%v: %s", err, &talk)
	}
	for _, want := range []string{"guard_blocked", "auth0_forged", "EdDSA", "seen_vs_jwtauth"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("table without %q:\n%s", want, &out)
		}
	}
}

// TestFlagsAreChecked holds that nonsense is refused before anything is measured.
func TestFlagsAreChecked(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-slice", "0s"}, {"surplus"}, {"-algorithms", "none"}, {"-no-such-flag"}} {
		var out, talk bytes.Buffer
		if err := run(args, &out, &talk); err == nil {
			t.Errorf("%q: no error", args)
		}
	}
}

// TestProcessorTimeMoves holds that work is seen and sleep is not counted as work.
func TestProcessorTimeMoves(t *testing.T) {
	from, started := processorTime(), time.Now()
	for time.Since(started) < 30*time.Millisecond {
	}
	if used := processorTime() - from; used < 5*time.Millisecond || used > 300*time.Millisecond {
		t.Errorf("30 ms of work took %v of processor time", used)
	}
}
