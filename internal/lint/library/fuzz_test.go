package library

import (
	"regexp"
	"strings"
	"testing"
)

// A user's file may hold anything: it is read, or refused with its name.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"- {match: 'go:a.B', does: log, level: $name}", "- in: [go:a, 'npm:{b,c}']\n  rows: [{match: '**.{x,y}', does: verify, fails: [throws, callback last]}]",
		"- &a {match: 'go:a.B', does: log}\n- *a", "- {<<: {match: 'js:x'}, does: log}", "- ? [a]\n  : b", "---\n---\n", "- {match: 'go:{a,b}{a,b}{a,b}.{a,b}', does: value}",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := Parse("f.yaml", []byte(text))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "f.yaml") {
				t.Errorf("error does not begin with the file: %v", err)
			}
			return
		}
		s := New(entries)
		for _, e := range entries {
			if e.Row == nil || e.Row.Does == "" || e.Row.Where == "" {
				t.Errorf("%s: an incomplete row: %+v", e.Pattern, e.Row)
			}
			if !strings.Contains(e.Pattern, "*") && s.Find(e.Pattern) == nil {
				t.Errorf("%s has a row that is not found", e.Pattern)
			}
			name, _ := cut(e.Pattern)
			if !strings.Contains(name, "*") && !s.Interesting(name) {
				t.Errorf("%s has rows and is not interesting", name)
			}
		}
	})
}

// Patterns mean what the same regular expression means.
func FuzzMatch(f *testing.F) {
	for _, p := range []string{"a.*", "**.b", "*a*b.*", "a**b*c", "*.**.x"} {
		for _, s := range []string{"a.b", "x.y.b", "aab.c", "a/b#bc", ".x"} {
			f.Add(p, s)
		}
	}
	f.Fuzz(func(t *testing.T, pattern, symbol string) {
		if len(pattern) > 40 || len(symbol) > 60 || strings.Contains(pattern, "***") {
			return
		}
		expr := regexp.QuoteMeta(pattern)
		expr = strings.ReplaceAll(expr, `\*\*`, `[\x00-\x{10FFFF}]*`)
		expr = strings.ReplaceAll(expr, `\*`, `[^/#.]+`)
		re, err := regexp.Compile("^(?s:" + expr + ")$")
		if err != nil || strings.ToValidUTF8(symbol, "") != symbol || strings.ToValidUTF8(pattern, "") != pattern {
			return
		}
		if got, want := match(pattern, symbol), re.MatchString(symbol); got != want {
			t.Errorf("match(%q, %q) = %v, the expression %s says %v", pattern, symbol, got, expr, want)
		}
	})
}

// Whatever a frontend asks for is answered.
func FuzzFind(f *testing.F) {
	s, err := Builtin()
	if err != nil {
		f.Fatal(err)
	}
	for _, x := range []string{"go:a/v2/v3.B", "npm:node:", "npm:a#default.default.", "java:a.B.", "clj:/", "go:x.v1", "js:"} {
		f.Add(x)
	}
	f.Fuzz(func(t *testing.T, symbol string) {
		first := s.Find(symbol)
		if again := s.Find(symbol); again != first {
			t.Errorf("Find(%q) = %v, then %v", symbol, first, again)
		}
		s.TokenPackage(symbol)
		s.Interesting(symbol)
		s.Uncaught(symbol)
	})
}
