package main

import (
	"context"
	"slices"
	"strings"
	"testing"
)

func TestJudge(t *testing.T) {
	c := testcase{finds: []string{"weak-secret", "no-alert"}, may: []string{"incomplete-event"}, sound: true}
	tests := []struct {
		name          string
		reported      []reported
		found, missed []string
		wrong         []string
	}{
		{"nothing", nil, nil, []string{"weak-secret", "no-alert"}, nil},
		{"all, and what follows", []reported{{ID: "weak-secret"}, {ID: "no-alert"}, {ID: "incomplete-event"}}, []string{"weak-secret", "no-alert"}, nil, nil},
		{"one of them, explained by the other", []reported{{ID: "weak-secret"}, {ID: "no-alert", Implied: "weak-secret"}}, []string{"weak-secret", "no-alert"}, nil, nil},
		{"explained by what is true", []reported{{ID: "expired-accepted", Implied: "weak-secret"}}, nil, []string{"weak-secret", "no-alert"}, nil},
		{"explained by what is not", []reported{{ID: "expired-accepted", Implied: "crit-ignored"}}, nil, []string{"weak-secret", "no-alert"}, []string{"expired-accepted"}},
		{"suppressed", []reported{{ID: "weak-secret", Suppressed: "x"}, {ID: "crit-ignored", Suppressed: "x"}}, nil, []string{"weak-secret", "no-alert"}, nil},
		{"false", []reported{{ID: "kid-injection", Severity: "critical"}}, nil, []string{"weak-secret", "no-alert"}, []string{"kid-injection"}},
	}
	for _, test := range tests {
		v := judge(c, measure{report: report{Findings: test.reported}}, nil)
		var wrong []string
		for _, f := range v.wrong {
			wrong = append(wrong, f.ID)
		}
		if !slices.Equal(v.found, test.found) || !slices.Equal(v.missed, test.missed) || !slices.Equal(wrong, test.wrong) {
			t.Errorf("%s: got found %v, missed %v, wrong %v; want %v, %v, %v", test.name, v.found, v.missed, wrong, test.found, test.missed, test.wrong)
		}
	}
}

func TestSummarize(t *testing.T) {
	weak := testcase{group: "protection", switches: []string{"a"}, log: "json", finds: []string{"weak-secret"}}
	sound := testcase{group: "odd", switches: []string{"b"}, log: "json", sound: true}
	found := reported{ID: "weak-secret", Severity: "critical"}
	tests := []struct {
		name string
		all  []verdict
		want bool
	}{
		{"found", []verdict{judge(weak, measure{report: report{Findings: []reported{found}}}, nil), judge(sound, measure{}, nil)}, true},
		{"missed", []verdict{judge(weak, measure{}, nil)}, false},
		{"a false critical", []verdict{judge(sound, measure{report: report{Findings: []reported{found}}}, nil)}, false},
		{"a false low", []verdict{judge(sound, measure{report: report{Findings: []reported{{ID: "wrong-level", Severity: "low"}}}}, nil)}, true},
		{"no report", []verdict{judge(sound, measure{}, context.Canceled)}, false},
	}
	for _, test := range tests {
		if got := summarize(test.all).good(); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	s := summarize(tests[0].all)
	if s.Recall != 1 || s.Switches != 2 || s.SwitchesFound != 2 {
		t.Errorf("got %+v", s)
	}
}

// reduced is what every run of the tests measures: one lab for each way in which
// scanners were seen to be wrong.
const reduced = "sound,limit-address,redirect,soft-html,guest,unstable,opaque,no-verification,none-mixed,secret-tutorial," +
	"serve-401,access-survives,family-survives,no-proof,sound/silent,sound/text,sound/leak-base64,sound/folded-json"

// The program finds what the reduced set of labs hides, and raises no false alarm.
func TestReduced(t *testing.T) {
	if testing.Short() {
		t.Skip("builds two programs and scans with them; run without -short")
	}
	dir := t.TempDir()
	p, err := build(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	all, err := p.list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	list, err := pick(cases(all, 0, 1), reduced)
	if err != nil {
		t.Fatal(err)
	}
	verdicts, err := p.all(t.Context(), list, 4, dir, func(verdict) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range verdicts {
		severe := slices.ContainsFunc(v.wrong, reported.severe)
		if v.err != nil || len(v.missed) > 0 || severe {
			t.Error(v.line())
		}
		for what, text := range map[string]string{"password": v.says.Password, "secret": v.says.Secret} {
			if len(text) >= 8 && strings.Contains(v.text, text) {
				t.Errorf("%s: the report holds the %s", v.name(), what)
			}
		}
		if v.seconds == 0 || v.requests == 0 {
			t.Errorf("%s: got %d requests in %g s", v.name(), v.requests, v.seconds)
		}
	}
}

// The same seed gives the same sample, no case stands twice, and what hinders a
// finding does not demand it.
func TestCases(t *testing.T) {
	var all []property
	for _, name := range []string{"a", "b", "c", "d"} {
		all = append(all, property{Name: name, Group: "protection", Finds: []string{"weak-secret"}}, property{Name: name + "-log", Group: "log", Finds: []string{"token-in-log"}})
	}
	all = append(all, property{Name: "json", Group: "log"}, property{Name: "opaque", Group: "odd", Key: true}, property{Name: "redirect", Group: "odd", Key: true})
	list := cases(all, 4, 7)
	names := map[string]bool{}
	for _, c := range list {
		if names[c.name()] {
			t.Errorf("%s: twice", c.name())
		}
		names[c.name()] = true
		if slices.Contains(c.switches, "opaque") && slices.Contains(c.finds, "token-in-log") {
			t.Errorf("%s: demands what opaque tokens hide", c.name())
		}
	}
	again := cases(all, 4, 7)
	if !slices.EqualFunc(list, again, func(a, b testcase) bool { return a.name() == b.name() }) {
		t.Error("the same seed gives another sample")
	}
	if len(list) != len(all)+4+4+4 {
		t.Errorf("got %d cases", len(list))
	}
	if _, err := pick(list, "no-such"); err == nil {
		t.Error("an unknown name is taken")
	}
}

// Everything that is secret comes from the environment.
func TestRecipe(t *testing.T) {
	m := manifest{URL: "http://127.0.0.1:1", User: "alice", Password: "planted-password", Secret: "planted-secret", Carrier: "bearer", Status: 200, Proof: "$.id", Sessions: true}
	text := recipeOf(m, testcase{key: true}, "127.0.0.1:2")
	if strings.Contains(text, "planted") {
		t.Errorf("the recipe holds a secret:\n%s", text)
	}
	for _, want := range []string{"refresh:", "logout:", "alerts:", "${SCAN_SECRET}"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in the recipe:\n%s", want, text)
		}
	}
}
