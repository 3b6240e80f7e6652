package rule

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

// one compiles a rule whose detection has this one search.
func one(t *testing.T, search string) *Rule {
	t.Helper()
	list, err := Parse("test.yml", []byte("title: t\nname: t\ndetection:\n  s:\n    "+strings.ReplaceAll(search, "\n", "\n    ")+"\n  condition: s\n"))
	if err != nil {
		t.Fatalf("%s\n%v", search, err)
	}
	return list[0]
}

var sample = event.Event{
	Time: time.Date(2026, 2, 28, 13, 45, 59, 0, time.UTC), Kind: event.VerificationFailed, Reason: event.ReasonBadSignature,
	ServiceName: "orders", ClientAddress: "192.0.2.17", UserAgent: `Mozilla/5.0 (X11) C:\Temp`, Route: "/orders/{id}",
	Status: 401, KeyID: "Key-2026*", Algorithm: "HS256", Audience: []string{"orders", "billing"}, Issuer: "orders",
	IssuedAt: 1000, Expires: 5000, Duration: 150 * time.Millisecond, Detail: "a -p b", ClaimedSubject: "Zm9vYmFy",
}

// TestSearches has one line for each thing that a search can say.
func TestSearches(t *testing.T) {
	for _, c := range []struct {
		search string
		want   bool
	}{
		// Values: text without regard to case, wildcards, escapes.
		{`service.name: orders`, true},
		{`service.name: ORDERS`, true},
		{`service.name: order`, false},
		{`service.name: [billing, orders]`, true},
		{`service.name: ord*`, true},
		{`service.name: '*der*'`, true},
		{`service.name: o?ders`, true},
		{`service.name: o?rders`, false},
		{`service.name: '*'`, true},
		{`user.id: '*'`, false},
		{`jwt.kid: Key-2026\*`, true},
		{`jwt.kid: Key-202\*`, false},
		{`jwt.kid: Key-202\?\*`, false},
		{`user_agent.original: '*c:\temp'`, true},
		{`user_agent.original: '*c:\\temp'`, true},
		{`user_agent.original: '*\\*'`, true},
		{`jwt.kid: '*-*-*'`, false},
		{`jwt.kid: '*k*-*6?'`, true},

		// Absence.
		{`user.id: null`, true},
		{`user.id: ''`, true},
		{`service.name: null`, false},
		{`user.id: [null, alice]`, true},
		{`user.id|exists: false`, true},
		{`service.name|exists: true`, true},
		{`service.name|exists: false`, false},
		{`jwt.nbf: null`, true},

		// Several fields, lists of maps, keywords.
		{"service.name: orders\nclient.address: 192.0.2.17", true},
		{"service.name: orders\nclient.address: 192.0.2.18", false},
		{"- service.name: billing\n- client.address: 192.0.2.17", true},
		{"- service.name: billing\n- client.address: 192.0.2.18", false},
		{"- mozilla", true},
		{"- netscape\n- BILLING", true},
		{"- netscape", false},
		{"'|all': [mozilla, billing]", true},
		{"'|all': [mozilla, netscape]", false},
		{"'|re': 'X1\\d'", true},

		// Modifiers of text.
		{`http.route|startswith: /ord`, true},
		{`http.route|endswith: '{ID}'`, true},
		{`http.route|contains: s/{`, true},
		{`http.route|contains: [x, y]`, false},
		{`http.route|contains|all: [ord, id]`, true},
		{`http.route|contains|all: [ord, no]`, false},
		{`service.name|cased: orders`, true},
		{`service.name|cased: Orders`, false},
		{`http.route|startswith|cased: /Ord`, false},
		{`service.name|neq: billing`, true},
		{`service.name|neq: orders`, false},
		{`service.name|neq: [billing, orders]`, false},
		{`user.id|neq: alice`, true},
		{`user_agent.original|re: 'Mozilla/\d\.'`, true},
		{`user_agent.original|re: 'mozilla'`, false},
		{`user_agent.original|re|i: 'mozilla'`, true},
		{`client.address|cidr: 192.0.2.0/24`, true},
		{`client.address|cidr: [10.0.0.0/8, 198.51.100.0/24]`, false},
		{`service.name|cidr: 192.0.2.0/24`, false},
		{`service.name|fieldref: jwt.iss`, true},
		{`service.name|fieldref: jwt.kid`, false},
		{`http.route|contains|fieldref: jwt.iss`, true},
		{`jwt.detail|windash|contains: ' -p '`, true},
		{`jwt.detail|windash|contains: ' /p '`, true},
		{`jwt.claimed_sub|base64: foobar`, true},
		{`jwt.claimed_sub|base64offset|contains: bar`, true},
		{`jwt.claimed_sub|base64offset|contains: oob`, true},
		{`jwt.claimed_sub|base64offset|contains: baz`, false},

		// Lists: any member.
		{`jwt.aud: billing`, true},
		{`jwt.aud: shop`, false},
		{`jwt.aud|all: [orders, billing]`, true},
		{`jwt.aud|contains|all: [ord, shop]`, false},

		// Numbers, truth, times.
		{`http.response.status_code: 401`, true},
		{`http.response.status_code: [400, 403]`, false},
		{`http.response.status_code|gte: 401`, true},
		{`http.response.status_code|gt: 401`, false},
		{`http.response.status_code|lt: 401.5`, true},
		{`http.response.status_code|lte: 400`, false},
		{`http.response.status_code|neq: 200`, true},
		{`jwt.duration|gt: 0.1`, true},
		{`jwt.exp|gt|fieldref: jwt.iat`, true},
		{`jwt.exp|lt|fieldref: jwt.iat`, false},
		{`jwt.nbf|lt: 5`, false},
		{`jwt.verified: false`, true},
		{`jwt.verified: true`, false},
		{`time|hour: 13`, true},
		{`time|minute|gte: 45`, true},
		{`time|day: [27, 28]`, true},
		{`time|month: 3`, false},
		{`time|week: 9`, true},
		{`time|year|gt: 2025`, true},
		{`time|gt: 2026-02-28T13:45:00Z`, true},
		{`time|lt: 2026-02-28T13:45:00Z`, false},

		// Closed sets.
		{`event: jwt.verification_failed`, true},
		{`event: [jwt.verified, jwt.missing]`, false},
		{`event|startswith: jwt.verif`, true},
		{`event|neq: jwt.verified`, true},
		{`error.type: bad_signature`, true},
		{`error.type|endswith: signature`, true},
		{`error.type: expired`, false},
		{`jotsight.reason_class: [probe, attack]`, true},
		{`jotsight.reason_class: benign`, false},
	} {
		r := one(t, c.search)
		e := sample
		if got := r.Match(&e); got != c.want {
			t.Errorf("%s: %v, want %v", c.search, got, c.want)
		}
		if c.want && !r.Kinds.Has(e.Kind) {
			t.Errorf("%s: matches an event of a kind that it claims not to", c.search)
		}
	}
}

// TestConditions runs conditions over searches of which a and b hold, c does not.
func TestConditions(t *testing.T) {
	yes, no := test{func(*event.Event) bool { return true }, allKinds}, test{func(*event.Event) bool { return false }, allKinds}
	searches := []search{{name: "a", test: yes}, {name: "b", test: yes}, {name: "c", test: no}, {name: "_hidden", test: no}, {name: "not_me", test: no}, {name: "sel_1", test: yes}, {name: "sel_2", test: no}}
	for _, c := range []struct {
		condition string
		want      bool
	}{
		{"a", true}, {"c", false}, {"not c", true}, {"not not c", false},
		{"a and b", true}, {"a and c", false}, {"c or a", true}, {"c or c", false},
		{"c and c or a", true}, {"a or c and c", true}, {"(a or c) and c", false},
		{"not a or b", true}, {"not (a or b)", false}, {"a and not c and b", true},
		{"((a))", true}, {"a and(b)", true},
		{"1 of them", true}, {"all of them", false}, {"any of them", true},
		{"1 of sel_*", true}, {"all of sel_*", false}, {"1 of *_2", false}, {"all of sel_1", true},
		{"not 1 of sel_* or a", true}, {"1 of _*", false}, {"a and 1 of sel_*", true},
		{"not_me", false},
	} {
		got, _, err := condition(c.condition, searches)
		if err != nil {
			t.Errorf("%s: %v", c.condition, err)
			continue
		}
		if got.match(&sample) != c.want {
			t.Errorf("%s: %v, want %v", c.condition, !c.want, c.want)
		}
	}
	for _, c := range []struct {
		condition string
		column    int
		want      string
	}{
		{"", 1, "ends where a search is expected"},
		{"a and", 6, "ends where a search is expected"},
		{"a b", 3, `"b": unexpected`},
		{"(a or b", 8, "a closing parenthesis is missing"},
		{"a)", 2, `")": unexpected`},
		{"a and x", 7, `search "x": not defined`},
		{"2 of them", 1, `"2" of: only 1, any or all`},
		{"1 of", 5, `"of": them or a name is expected`},
		{"1 of x*", 6, `"x*": no search has such a name`},
		{"a | count() > 5", 3, "aggregation in a condition: use a correlation instead"},
		{"a && b", 3, `"&": not part of a condition`},
		{"and a", 1, `"and": a search is expected here`},
		{strings.Repeat("(", 1000) + "a", 65, "nested deeper than 64"},
		{strings.Repeat("not ", 100000) + "a", 257, "nested deeper than 64"},
	} {
		_, column, err := condition(c.condition, searches)
		if err == nil || err.Error() != c.want || column != c.column {
			t.Errorf("%.20s: %d: %v, want %d: %s", c.condition, column, err, c.column, c.want)
		}
	}
}

// TestKinds holds that the engine may skip a rule for most events.
func TestKinds(t *testing.T) {
	of := func(kinds ...event.Kind) (s Kinds) {
		for _, k := range kinds {
			s |= 1 << k
		}
		return s
	}
	for _, c := range []struct {
		search string
		want   Kinds
	}{
		{"event: jwt.verified", of(event.Verified)},
		{"event: [jwt.verified, jwt.missing]\nservice.name: a", of(event.Verified, event.Missing)},
		{"- event: jwt.verified\n- event: jwt.missing", of(event.Verified, event.Missing)},
		{"event|endswith: _reuse", of(event.RefreshReuse)},
		{"service.name: a", allKinds},
	} {
		if got := one(t, c.search).Kinds; got != c.want {
			t.Errorf("%s: kinds %b, want %b", c.search, got, c.want)
		}
	}
	if r := one(t, "event|neq: jwt.verified"); r.Kinds.Has(event.Verified) || !r.Kinds.Has(event.Missing) {
		t.Errorf("neq: kinds %b", r.Kinds)
	}
}

// TestMistakes runs a page: rule files, each with the errors that it must give.
func TestMistakes(t *testing.T) {
	text, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, scene := range strings.Split(string(text), "\n==\n") {
		title, rest, _ := strings.Cut(strings.TrimSpace(scene), "\n")
		source, want, ok := strings.Cut(rest, "\n-- errors --")
		if !ok || !strings.HasPrefix(title, "# ") {
			t.Fatalf("a scene without a title or errors: %q", title)
		}
		t.Run(title[2:], func(t *testing.T) {
			list, err := Parse("r.yml", []byte(source+"\n"))
			got := ""
			if err != nil {
				got = err.Error()
			}
			if diff := cmp.Diff(strings.TrimSpace(want), got); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if err != nil && list != nil {
				t.Error("rules beside an error")
			}
		})
	}
}

const correlated = `
title: base
name: base
detection: {s: {event: jwt.missing}, condition: s}
---
title: Counted
name: counted
level: low
tags: [attack.t1110, attack.credential-access, attack.t1550.001]
falsepositives: [haste]
correlation:
  type: value_count
  rules: [base]
  group-by: [client.address, service.name]
  timespan: 10m
  condition: {field: http.route, gt: 4, lte: 60}
jotsight:
  detection: other
  cooldown: 2h
  resolve_after: 5m
  lateness: 10s
  min_samples: 7
  exact: true
  inhibits: [some, more]
  escalate: [{on: count, at: 100, to: critical}]
  severity_by_env: {staging: low, production: high}
  benign: [a, b]
  playbook: Look.
`

// TestCorrelation holds that everything a correlation says arrives.
func TestCorrelation(t *testing.T) {
	list, err := Parse("r.yml", []byte(correlated))
	if err != nil {
		t.Fatal(err)
	}
	base, r := list[0], list[1]
	if !base.Silent || r.Silent {
		t.Errorf("silent: %v and %v, want the base alone", base.Silent, r.Silent)
	}
	c := r.Correlation
	got := fmt.Sprintln(r.Name, r.Detection, r.Title, r.Level, r.Attack, r.Benign, r.Playbook, c.Type == ValueCount, c.Keys,
		c.Fields[0].Key, c.Window, c.Min, c.Max, len(c.Of), c.Of[0].Rule == base, c.Of[0].Group[1].Key)
	want := "counted other Counted low [T1110 T1550.001] [a b] Look. true [client.address service.name] http.route 10m0s 7 60 1 true service.name\n"
	if got != want {
		t.Errorf("got  %swant %s", got, want)
	}
	wantHints := Hints{
		Cooldown: 2 * time.Hour, ResolveAfter: 5 * time.Minute, Lateness: 10 * time.Second, MinSamples: 7, Exact: true,
		Inhibits: []string{"some", "more"}, Escalate: []Escalation{{100, catalog.Critical}},
		SeverityByEnv: map[string]catalog.Severity{"staging": catalog.Low, "production": catalog.High},
	}
	if diff := cmp.Diff(wantHints, r.Hints); diff != "" {
		t.Errorf("hints (-want +got):\n%s", diff)
	}
}

// TestVersion holds that a version follows what a rule means, and nothing else.
func TestVersion(t *testing.T) {
	version := func(text string) string {
		list, err := Parse("r.yml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return list[1].Version
	}
	was := version(correlated)
	for _, same := range [][2]string{{"Counted", "Renamed"}, {"Look.", "Look twice. # or more"}, {"level: low", "level: high"}} {
		if version(strings.Replace(correlated, same[0], same[1], 1)) != was {
			t.Errorf("%s: another version", same[1])
		}
	}
	for _, other := range [][2]string{{"jwt.missing", "jwt.verified"}, {"10m", "9m"}, {"gt: 4", "gt: 8"}, {"cooldown: 2h", "cooldown: 3h"}} {
		if version(strings.Replace(correlated, other[0], other[1], 1)) == was {
			t.Errorf("%s: the same version", other[1])
		}
	}
}

// TestLoad reads several files that refer to each other, and alias fields.
func TestLoad(t *testing.T) {
	fsys := fstest.MapFS{
		"b/two.yaml": {Data: []byte("title: b\nid: 11111111-2222-3333-4444-555555555555\ndetection: {s: {event: jwt.issued}, condition: s}\n")},
		"a.yml": {Data: []byte(`
title: a
name: a
detection: {s: {event: jwt.verified}, condition: s}
---
title: both
name: both
correlation:
  type: event_count
  rules: [a, 11111111-2222-3333-4444-555555555555]
  generate: true
  group-by: [who]
  aliases:
    who: {a: user.id, 11111111-2222-3333-4444-555555555555: jwt.actor}
  timespan: 1m
  condition: {gte: 2}
`)},
		"README.md": {Data: []byte("no rule")},
	}
	list, err := Load(fsys)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range list {
		got = append(got, fmt.Sprint(r.File, ":", r.Line, " ", r.Name, " ", r.Silent))
	}
	want := []string{"a.yml:2 a false", "a.yml:6 both false", "b/two.yaml:1 11111111-2222-3333-4444-555555555555 false"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	of := list[1].Correlation.Of
	if got := of[0].Group[0].Key + " " + of[1].Group[0].Key; got != "user.id jwt.actor" {
		t.Errorf("groups of the parts: %s", got)
	}
	if _, err := Load(fstest.MapFS{}); err == nil {
		t.Error("no rules at all: no error")
	}
}

// FuzzParse holds that a rule file cannot crash or hang the loader, and that what
// it accepts can be run.
func FuzzParse(f *testing.F) {
	f.Add([]byte(correlated))
	text, err := os.ReadFile("testdata/mistakes.txt")
	if err != nil {
		f.Fatal(err)
	}
	for _, scene := range strings.Split(string(text), "\n==\n") {
		f.Add([]byte(scene))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		list, err := Parse("f.yml", text)
		if err != nil && list != nil {
			t.Error("rules beside an error")
		}
		for _, r := range list {
			if (r.Match == nil) == (r.Correlation == nil) || r.Name == "" || r.Detection == "" || r.Hints.Cooldown <= 0 {
				t.Errorf("half a rule: %+v", r)
			}
			if c := r.Correlation; c != nil && (c.Window <= 0 || c.Min < 1 || len(c.Of) == 0) {
				t.Errorf("half a correlation: %+v", c)
			}
			if r.Match != nil {
				e := sample
				if r.Match(&e) && !r.Kinds.Has(e.Kind) {
					t.Errorf("%s: matches a kind that it claims not to", text)
				}
			}
		}
	})
}

// FuzzCondition compares the condition parser with a reading of its own output.
func FuzzCondition(f *testing.F) {
	for _, s := range []string{"a and not (b or c)", "1 of sel*", "all of them", "((a", "not not a", "1 of 1 of"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		yes := test{func(*event.Event) bool { return true }, allKinds}
		searches := []search{{name: "a", test: yes}, {name: "b", test: yes}, {name: "sel1", test: yes}}
		got, column, err := condition(s, searches)
		if err != nil {
			if column < 1 || column > len(s)+1 {
				t.Errorf("%q: column %d", s, column)
			}
			return
		}
		var e event.Event
		turned, _, err := condition("not ("+s+")", searches)
		if err != nil {
			if strings.Contains(err.Error(), "deeper") {
				return
			}
			t.Fatalf("%q is a condition, its negation is not: %v", s, err)
		}
		if got.match(&e) == turned.match(&e) {
			t.Errorf("%q and its negation agree", s)
		}
	})
}

// FuzzPattern compares wildcards with a plain recursive reading of them.
func FuzzPattern(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*?*", "é")
	f.Add(`\**`, "*x")
	f.Fuzz(func(t *testing.T, pat, s string) {
		if len(pat) > 12 || len(s) > 24 || strings.Contains(pat, `\`) {
			return
		}
		p, text := []rune(strings.ToLower(pat)), []rune(strings.ToLower(s))
		if string(p) != strings.ToLower(pat) || string(text) != strings.ToLower(s) {
			return // not UTF-8
		}
		if got, want := parsePattern(pat, false).match(s), plainly(p, text); got != want {
			t.Errorf("%q on %q: %v, want %v", pat, s, got, want)
		}
	})
}

func plainly(p, s []rune) bool {
	switch {
	case len(p) == 0:
		return len(s) == 0
	case p[0] == '*':
		return plainly(p[1:], s) || len(s) > 0 && plainly(p, s[1:])
	}
	return len(s) > 0 && (p[0] == '?' || p[0] == s[0]) && plainly(p[1:], s[1:])
}
