package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jotsight/jotsight/internal/detect"
	"github.com/jotsight/jotsight/internal/finding"
)

// noCase are the attacks for which the banks are no case: they sign with HS256,
// by a key that the recipe gives, publish no OpenAPI document, and have one way in
// and no way to change a password. blindNoCase are those whose question another
// finding answers.
var (
	noCase = map[string]bool{"algorithm-confusion": true, "psychic-signature": true, "further-routes": true,
		"published-issuance": true, "outlived": true, "password-change": true}
	blindNoCase = map[string]bool{"raw-denylist": true, "refresh-twice": true}
)

// TestDemoPrintsOneDocument holds what programs are promised of demo --once
// --format json: both reports, all checks run, the alerts, and nothing else.
func TestDemoPrintsOneDocument(t *testing.T) {
	file := filepath.Join(t.TempDir(), "result.json")
	var out, talk bytes.Buffer
	started := time.Now()
	if code := Run(t.Context(), []string{"demo", "--once", "--format", "json", "--output", file}, nil, &out, &talk); code != ExitClean {
		t.Fatalf("exit %d: %s", code, &talk)
	}
	if took := time.Since(started); took > time.Minute {
		t.Errorf("took %v, want less than a minute", took)
	}
	if out.Len() > 0 {
		t.Errorf("stdout holds %q although there is a file", &out)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v, want 0600", info.Mode(), err)
	}
	var doc struct {
		Blind, Guarded finding.Report
		Alerts         []detect.Alert
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&doc); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Token(); err != io.EOF {
		t.Errorf("after the document: %v, want the end", err)
	}
	for _, part := range []struct {
		name                   string
		report                 finding.Report
		protection, visibility string
		accepted               bool
	}{{"blind", doc.Blind, "F", "F", true}, {"guarded", doc.Guarded, "A", "A", false}} {
		g := part.report.Grades
		if g.Protection.Letter != part.protection || g.Visibility.Letter != part.visibility {
			t.Errorf("%s: grades %s and %s, want %s and %s; deductions %+v %+v", part.name,
				g.Protection.Letter, g.Visibility.Letter, part.protection, part.visibility, g.Protection.Deductions, g.Visibility.Deductions)
		}
		accepted := false
		for _, run := range part.report.Runs {
			accepted = accepted || run.Accepted && run.Verdict != finding.Pass
			if run.Verdict == finding.Skipped && (noCase[run.Check] || part.name == "blind" && blindNoCase[run.Check]) {
				continue
			}
			if run.Verdict == finding.Skipped && strings.Contains(run.Why, "quieter machine") {
				continue // the clock decides nothing on a machine that is busy with other tests
			}
			if run.Verdict != finding.Pass && run.Verdict != finding.Fail {
				t.Errorf("%s: %s is %s: %s", part.name, run.Check, run.Verdict, run.Why)
			}
			if part.name == "guarded" && run.Alerted.Assessed && !run.Alerted.Fired {
				t.Errorf("guarded: no alert for %s", run.Check)
			}
		}
		if accepted != part.accepted {
			t.Errorf("%s: an attack was accepted: %t, want %t", part.name, accepted, part.accepted)
		}
	}
	rules := map[string]bool{}
	for _, a := range doc.Alerts {
		rules[a.Rule] = true
	}
	for _, rule := range []string{"signature-bruteforce", "forged-algorithm", "revoked-use", "refresh-reuse", "refresh-abuse"} {
		if !rules[rule] {
			t.Errorf("no alert %s among %v", rule, rules)
		}
	}
	for _, secret := range []string{"eyJ", "whsec_", "alice-drinks"} {
		if bytes.Contains(text, []byte(secret)) || strings.Contains(talk.String(), secret) {
			t.Errorf("the output holds %q", secret)
		}
	}
}

// TestDemoEndsEarly holds that somebody who interrupts the demo gets a prompt
// end, and no complaint.
func TestDemoEndsEarly(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	var out, talk bytes.Buffer
	started := time.Now()
	code := Run(ctx, []string{"demo"}, nil, &out, &talk)
	if code != 130 || time.Since(started) > 20*time.Second {
		t.Errorf("exit %d after %v: %s", code, time.Since(started), &talk)
	}
	if strings.Contains(talk.String(), "hint") || strings.Contains(talk.String(), "context") {
		t.Errorf("complaint: %s", &talk)
	}
}
