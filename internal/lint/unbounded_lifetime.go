package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
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
			if !whole || o.open || bounded || op.Guessed || p.mentions(op.Func, expiries...) ||
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
