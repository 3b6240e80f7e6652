package golang

import (
	"strings"
	"testing"

	"github.com/jotsight/jotsight/internal/lint/ir"
)

// A variable that is set anew in its block is another one from there on, unless
// somebody shares it. The calls of use show which is which: use(x) is told by the
// assignments to the x that it is given.
func TestRenew(t *testing.T) {
	for _, test := range []struct{ name, body, want string }{
		{"in a row", "h = a(h); h = b(h); use(h)", "b(h)"},
		{"before", "use(h); h = a(h)", ""},
		{"in a branch", "if x { h = a(h) }; use(h)", "a(h)"},
		{"in a loop", "for x { h = a(h); use(h) }", "a(h)"},
		{"declared in a loop", "for { h := 1; h = a(h); use(h) }", "a(h)"},
		{"after each turn", "for h := 1; h < 2; h = a(h) { use(h) }", "1 a(h)"},
		{"shared by a literal", "f := func() { g(h) }; h = a(h); h = b(h); use(h); f()", "a(h) b(h)"},
		{"shared afterwards", "h = a(h); h = b(h); f := func() { use(h) }; f()", "b(h)"},
		{"set by a literal", "f := func() { h = a(h) }; f(); h = b(h); use(h)", "b(h) a(h)"},
		{"shared by its address", "g(&h); h = a(h); h = b(h); use(h)", "a(h) b(h)"},
		{"with a goto", "again: h = a(h); h = b(h); use(h); goto again", "a(h) b(h)"},
		{"with others", "h, y := a(h), 1; h, z := b(h), y; use(h)", "b(h)"},
		{"by an operator", "h = a(h); h += b; use(h)", "h + b"},
		{"redeclared", "h, e := a(h); _, e = b(h); use(e)", "b(h)"},
	} {
		p := readOne("package x\nfunc f(h, x, b T) {\n" + strings.ReplaceAll(test.body, "; ", "\n") + "\n}\n")
		var used *ir.Var
		sets := make(map[*ir.Var][]string)
		for _, f := range p.Funcs {
			ir.Walk(f.Body, func(s ir.Stmt) bool {
				if s, ok := s.(*ir.Set); ok {
					for i, left := range s.Left {
						if n, ok := left.(*ir.Name); ok {
							sets[n.Var] = append(sets[n.Var], s.Right[min(i, len(s.Right)-1)].At().Text())
						}
					}
				}
				return true
			}, func(e ir.Expr) bool {
				if c, ok := e.(*ir.Call); ok && strings.HasPrefix(c.Text(), "use(") {
					used = c.Args[0].(*ir.Name).Var
				}
				return true
			})
		}
		got := strings.Join(sets[used], " ")
		if strings.Contains(test.body, "+=") {
			got = strings.ReplaceAll(got, "h += b", "h + b")
		}
		if got != test.want {
			t.Errorf("%s: %s: got %q, want %q", test.name, test.body, got, test.want)
		}
	}
}
