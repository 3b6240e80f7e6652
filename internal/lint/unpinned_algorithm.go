package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.UnpinnedAlgorithm,
	Counts: "Nothing fixes the algorithms that a verification takes: neither an option of the call, nor one where the parser was made, nor a look at " +
		"the method in the function that finds the key, or after. Where the library has a list of its own, or goes by the kind of the key, the finding is " +
		"low and its evidence says detail: default. Options that cannot be seen are not judged.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Verify || op.Row == nil || op.Call == nil {
				continue
			}
			p.looks()
			row := op.Row
			if op.Guessed || row.PinDefault == "fixed" || row.PinDefault == "" || len(row.Pin) == 0 && row.PinDefault != "any" {
				continue
			}
			o := p.options(op)
			if _, pinned := o.get(row.Pin...); pinned || o.open || p.looksAtMethod(op) {
				continue
			}
			f := fault{
				at: op.Span, fn: op.Func, what: op.Name, related: []place{{op.Span, op.Func, does(op)}},
				message: fmt.Sprintf("%s: %s takes any algorithm that the token names", name(op.Func), op.Name),
			}
			for _, fn := range p.keyFuncs(op) {
				f.related = append(f.related, place{head(fn), fn, "finds the key, and does not look at the algorithm"})
			}
			if row.PinDefault != "any" {
				f.severity, f.evidence = catalog.Low, "detail: default"
				f.message = fmt.Sprintf("%s: %s relies on the library's own choice of algorithms", name(op.Func), op.Name)
			}
			p.report(f)
		}
	},
})

// looksAtMethod reports whether the function that finds the key, or the one around the
// operation, looks at the algorithm of the token.
func (s *subject) looksAtMethod(op *flow.Op) bool {
	found := false
	fns := s.keyFuncs(op)
	for _, fn := range fns {
		first := (*ir.Var)(nil)
		if len(fn.Params) > 0 {
			first = fn.Params[0]
		}
		s.reach([]*ir.Func{fn}, func(f *ir.Func, _ *deed) {
			ir.Walk(f.Body, nil, func(e ir.Expr) bool {
				if m, ok := e.(*ir.Member); ok && m.Name == "Method" {
					x, isName := m.X.(*ir.Name)
					found = found || f != fn || isName && x.Var == first
				}
				found = found || isAlgorithm(e)
				return !found
			})
		})
	}
	if op.Func != nil && !found {
		ir.Walk(op.Func.Body, nil, func(e ir.Expr) bool {
			found = found || isAlgorithm(e)
			return !found
		})
	}
	return found
}

// isAlgorithm recognises a look at the algorithm of a token: header.alg,
// token.Header["alg"], token.Method.Alg().
func isAlgorithm(e ir.Expr) bool {
	switch e := e.(type) {
	case *ir.Member:
		if e.Name == "Alg" {
			return true
		}
		return e.Name == "alg" && isHeader(e.X)
	case *ir.Index:
		key, ok := e.Key.(*ir.Const)
		return ok && key.Text == "alg" && isHeader(e.X)
	}
	return false
}
