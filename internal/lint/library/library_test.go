package library

import (
	"strings"
	"testing"
)

func builtin(t testing.TB) *Set {
	t.Helper()
	s, err := Builtin()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Versions, default exports and node: are ways of writing the same.
func TestFindKnowsSpellings(t *testing.T) {
	s := builtin(t)
	for _, symbol := range []string{
		"go:github.com/golang-jwt/jwt.Parse",
		"go:github.com/golang-jwt/jwt/v4.Parse",
		"go:github.com/golang-jwt/jwt/v5.Parse",
		"go:github.com/dgrijalva/jwt-go.Parse",
		"npm:jsonwebtoken#verify",
		"npm:jsonwebtoken#default.verify",
	} {
		if r := s.Find(symbol); r == nil || r.Does != Verify {
			t.Errorf("Find(%s) = %v, want a row that verifies", symbol, r)
		}
	}
	for _, symbol := range []string{"", "go:", "go:github.com/golang-jwt/jwt/v5.", "npm:jsonwebtoken#", "npm:jsonwebtoken", "go:a/v5x.Parse", "js:", "java:"} {
		if r := s.Find(symbol); r != nil {
			t.Errorf("Find(%q) = %v, want none", symbol, r)
		}
	}
}

func TestTokenPackage(t *testing.T) {
	s := builtin(t)
	for pkg, want := range map[string]bool{
		"go:github.com/golang-jwt/jwt/v5": true, "go:github.com/golang-jwt/jwt": true, "npm:jsonwebtoken": true, "npm:jsonwebtoken/verify": true,
		"go:net/http": false, "go:github.com/golang-jwt": false, "npm:nothing": false, "": false,
	} {
		if got := s.TokenPackage(pkg); got != want {
			t.Errorf("TokenPackage(%s) = %v, want %v", pkg, got, want)
		}
	}
	if !s.Interesting("go:net/http") || s.Interesting("go:example.com/nothing") {
		t.Error("Interesting: net/http has rows, example.com/nothing has none")
	}
}

// What a person gets wrong is told with file, line and field.
func TestParseNamesWhatIsWrong(t *testing.T) {
	for _, c := range []struct{ yaml, want string }{
		{"- {match: a, does: log}", "f.yaml:1: match: \"a\": no language (go"},
		{"- {match: 'go:a.B', does: logs}", "f.yaml:1: does: \"logs\" is none of verify"},
		{"- match: go:a.B\n  does: log\n  lvl: warn", "f.yaml:3: lvl: no such field"},
		{"- match: go:a.B\n  does: log\n  level: loud", "f.yaml:3: level: \"loud\" is none of trace"},
		{"- match: go:a.B\n  does: log\n  does: log", "f.yaml:3: does: said twice"},
		{"- match: go:a.B\n  does: verify", "f.yaml:1: fails: missing"},
		{"- match: go:a.B\n  does: verify\n  fails: loudly", "f.yaml:3: fails: \"loudly\" is none of"},
		{"- match: go:a.B\n  does: verify\n  fails: result one", "f.yaml:3: fails: \"one\" is none of 0 to 31"},
		{"- match: go:a.B\n  does: log\n  error: -1", "f.yaml:3: error: \"-1\" is none of"},
		{"- match: go:a.B\n  does: respond\n  code: 42", "f.yaml:3: code: \"42\" is no status"},
		{"- {match: 'go:a.{B', does: log}", "f.yaml:1: match: \"go:a.{B\": braces"},
		{"- {match: 'go:a.***', does: log}", "more than two stars"},
		{"- {does: log}", "f.yaml:1: match: missing"},
		{"- {match: 'go:a.B', does: log}\n- {match: ['go:a.C', 'go:a.B'], does: log}", "f.yaml:2: match: go:a.B has a row at f.yaml:1"},
		{"- rows: []", "f.yaml:1: in: missing"},
		{"- in: go:a\n  rows:\n    - {match: B, does: log}\n  also: 1", "f.yaml:4: also: no such field in a group"},
		{"- in: a\n  rows: []", "f.yaml:1: in: \"a\": \"a\" is no package"},
		{"match: a", "f.yaml:1: a list of rows"},
		{"- 1", "f.yaml:1: a row"},
		{"- {match: {a: b}, does: log}", "f.yaml:1: match: a string"},
		{"- {match: 'go:a.B', does: log, plain: 1}", "plain: \"1\" is neither"},
		{"\t", "f.yaml: yaml"},
	} {
		_, err := Parse("f.yaml", []byte(c.yaml))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Parse(%q): error %v, want %q", c.yaml, err, c.want)
		}
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, symbol string
		want            bool
	}{
		{"a.b", "a.b", true},
		{"a.*", "a.b", true},
		{"a.*", "a.", false},
		{"a.*", "a.b.c", false},
		{"a.**", "a.b.c", true},
		{"a.**", "a.", true},
		{"**.c", "a/b#d.c", true},
		{"**.c", "c", false},
		{"*.c", "a.b.c", false},
		{"**.*.c", "a.b.c", true},
		{"*b*.c", "abab.c", true},
		{"*b*.c", "ab.c", false},
		{"", "", true},
		{"**", "", true},
		{"*", "", false},
	} {
		if got := match(c.pattern, c.symbol); got != c.want {
			t.Errorf("match(%q, %q) = %v, want %v", c.pattern, c.symbol, got, c.want)
		}
	}
}
