package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.UnboundedLifetime,
	Counts: "A token is signed with claims that are all there to be read, none of them is exp, and no option sets it. Where claims come from elsewhere, or " +
		"anything in the function names exp, nothing is said.",
	Run: func(p *pass) {
		for _, op := range p.Ops {
			if op.Kind != library.Issue {
				continue
			}
			p.looks()
			claims, whole := p.fieldsOf(op)
			o := p.options(op)
			_, bounded := o.get(op.Row.Lifetime...)
			if !whole || o.open || bounded || receiver(op.Call) != nil && p.configured(op) || op.Guessed || p.mentions(op.Func, expiries...) ||
				slices.ContainsFunc(claims, func(c claim) bool { return slices.Contains(expiries, c.name) }) {
				continue
			}
			p.report(fault{
				at: op.Span, fn: op.Func, what: op.Name, related: []place{{op.Span, op.Func, does(op)}},
				message: fmt.Sprintf("%s: a token is signed that never runs out", name(op.Func)),
			})
		}
	},
})

// expiries are the names by which code sets exp.
var expiries = []string{
	"exp", "Exp", "ExpiresAt", "expiresAt", "expiresIn", "ExpiresIn", "expires_in", "Expiry", "expiry", "expiration", "Expiration",
	"setExpirationTime", "SetExpiration", "WithExpiration", "expires", "Expires", "maxAge", "ttl", "TTL",
}

// configured reports whether anything in the program sets a lifetime, for the object
// whose method signs may be made there: a service that is configured by a module.
func (s *subject) configured(op *flow.Op) bool {
	return slices.ContainsFunc(s.program.Funcs, func(fn *ir.Func) bool { return s.mentions(fn, op.Row.Lifetime...) }) ||
		slices.ContainsFunc(s.program.Classes, func(c *ir.Class) bool {
			return slices.ContainsFunc(c.Decorators, func(d *ir.Call) bool { return s.names(d, op.Row.Lifetime) })
		})
}

// names reports whether an object within an expression has one of the fields.
func (s *subject) names(e ir.Expr, fields []string) (found bool) {
	ir.Walk([]ir.Stmt{&ir.Do{X: e}}, nil, func(x ir.Expr) bool {
		if o, ok := x.(*ir.Object); ok {
			found = found || slices.ContainsFunc(o.Fields, func(f ir.Field) bool { return slices.Contains(fields, f.Name) })
		}
		return !found
	})
	return found
}
