package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.UnverifiedClaimsUsed,
	Counts: "A claim of a token that was decoded and not verified decides something: it is kept in the request, asked a store for, compared, returned, or " +
		"answered. Reading kid or alg to find the key, looking at exp alone, logging the claim, and decoding what is verified as well, before or after, " +
		"are right. So is code that serves no requests, such as a page that shows the name in its own token.",
	Run: func(p *pass) {
		for _, op := range p.decodes() {
			p.looks()
			use := p.useOfClaims(op.Op)
			if use.File == nil {
				continue
			}
			f := fault{
				at: op.Span, fn: op.Func, what: op.Name,
				related: []place{{op.Span, op.Func, does(op.Op)}, {use.Span, use.fn, use.what}},
				message: fmt.Sprintf("%s: a claim that nobody has verified decides something at %s: it %s", name(op.Func), line(use.Span, op.Span), use.what),
			}
			if op.Guessed {
				f.confidence = finding.Tentative
			}
			p.report(f)
		}
	},
})

// A decode is an operation that reads claims, on a route that verifies no token.
type decode struct{ *flow.Op }

// decodes lists the places at which requests have claims read and no route verifies the token.
func (p *pass) decodes() (list []decode) {
	var ops []*flow.Op
	verified, seen := map[*flow.Op]bool{}, map[*flow.Op]bool{}
	for _, v := range p.served() {
		verifies := has(v.ops, kind(library.Verify)) != nil
		for _, op := range v.ops {
			if op.Kind != library.Decode || op.Call == nil {
				continue
			}
			if !seen[op] {
				seen[op] = true
				ops = append(ops, op)
			}
			verified[op] = verified[op] || verifies
		}
	}
	for _, op := range ops {
		if !verified[op] {
			list = append(list, decode{op})
		}
	}
	return list
}

// harmlessClaims are members that find a key, or tell only when.
var harmlessClaims = []string{"kid", "alg", "exp", "iat", "nbf", "header", "Header", "typ", "ExpiresAt", "IssuedAt", "GetExpirationTime"}

// claimsOf follows the claims that an operation decodes through the function around it.
func (s *subject) claimsOfDecode(op *flow.Op) *taint {
	t := tainted(op.Func, func(e ir.Expr) bool { return e == ir.Expr(op.Call) }, harmlessClaims...)
	if op.Row != nil {
		for _, e := range s.arg(op, op.Row.Claims) { // where they are put
			if n, ok := e.(*ir.Name); ok && n.Var != nil {
				t.vars[n.Var] = true
			}
		}
		t.spread(op.Func)
	}
	return t
}

// useOfClaims finds the first place at which decoded claims decide something.
func (p *pass) useOfClaims(op *flow.Op) (use place) {
	t := p.claimsOfDecode(op)
	say := func(at ir.Span, what string) {
		if use.File == nil {
			use = place{at, op.Func, what}
		}
	}
	ir.Walk(op.Func.Body, func(st ir.Stmt) bool {
		switch st := st.(type) {
		case *ir.Set:
			for i, left := range st.Left {
				if _, ok := left.(*ir.Member); ok && len(st.Right) > 0 && t.in(st.Right[min(i, len(st.Right)-1)]) {
					say(st.Span, "is kept")
				}
			}
		case *ir.Return:
			for _, v := range st.Values {
				if t.in(v) {
					say(st.Span, "is returned")
				}
			}
		}
		return true
	}, func(e ir.Expr) bool {
		switch e := e.(type) {
		case *ir.Call:
			if e == op.Call || p.records(e) {
				return false
			}
			for _, a := range e.Args {
				if _, lit := a.(*ir.FuncRef); !lit && t.in(a) {
					say(e.Span, "is handed to "+callee(e))
				}
			}
		case *ir.Op:
			if (e.Kind == ir.Equal || e.Kind == ir.NotEqual) && len(e.Args) == 2 {
				for i, a := range e.Args {
					if _, isConst := e.Args[1-i].(*ir.Const); t.in(a) && (!isConst || isText(e.Args[1-i])) {
						if _, whole := a.(*ir.Name); !whole {
							say(e.Span, "is compared")
						}
					}
				}
			}
		}
		return true
	})
	return use
}

func isText(e ir.Expr) bool {
	c, ok := e.(*ir.Const)
	return ok && (c.Kind == ir.String || c.Kind == ir.Keyword)
}

// records reports whether a call writes a record, or makes an error.
func (s *subject) records(call *ir.Call) bool {
	for _, t := range s.resolver.Targets(call) {
		if t.Row == nil {
			continue
		}
		switch t.Row.Does {
		case library.Log, library.Metric, library.Audit, library.Span, library.Report, library.Err:
			return true
		}
	}
	return false
}
