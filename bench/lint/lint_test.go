package main

import (
	"encoding/json"
	"strings"
	"testing"
)

// The figures are ratios within one run, and a peer that cannot be had is named.
func TestFigures(t *testing.T) {
	f := figures{
		Trees: []tree{
			{Name: "service", Lines: 50_000, cost: cost{CPU: 0.5, Wall: 0.4, MiB: 90}, peer: true},
			{Name: "large", Lines: 200_000, cost: cost{CPU: 4, Wall: 3, MiB: 300}},
			{Name: "none", Lines: 90_000, cost: cost{CPU: 0.1, Wall: 0.2, MiB: 30}, without: true},
			{Name: "ts", MB: 30, cost: cost{CPU: 0.3}, js: true},
			{Name: "js", MB: 10, cost: cost{CPU: 0.1}, js: true},
		},
		Peers: []peer{
			{Name: "go vet, analysis cold", Tree: "service", cost: cost{CPU: 15}},
			{Name: "gosec", Tree: "service", Why: "cannot be installed: no network"},
		},
		Mutation: mutation{Score: 0.995, Mutants: 200, Survivors: []string{"good_x.go:7: a record"}, Hidden: 90},
	}
	f.sum()
	var b strings.Builder
	if err := f.print(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"1.50 s for 100,000 lines", "0.20 s without a token library", "30 times the processor", "100 MB a second and core",
		"99.5 % of 200 noticed, 0 of 90", "not noticed: good_x.go:7", "gosec: cannot be installed: no network",
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no %q in\n%s", want, b.String())
		}
	}
	text, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"seconds_cpu":0.5,"loc":50000,"vs_vet_cold":30`, `"mb_per_core_s":100`, `"mutation":{"score":0.995`, `"mib":300`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in %s", want, text)
		}
	}
}

// Every subject is pinned: without a version the figures of two days do not compare.
func TestSubjectsArePinned(t *testing.T) {
	for _, s := range subjects {
		for _, name := range append(s.npm, s.module) {
			if name != "" && !strings.Contains(name[1:], "@") {
				t.Errorf("%s: %s has no version", s.name, name)
			}
		}
	}
}
