package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID:     catalog.RefreshReuseAccepted,
	Strict: true, // the store may be asked by code that we cannot read
	Counts: "A route verifies a refresh token and hands out a new one, and nothing that it calls asks a store whether the old one still stands, or " +
		"marks it as used: its signature alone decides, as often as it comes.",
	Run: func(p *pass) { p.rotation(true) },
})

// rotation looks at the routes that exchange refresh tokens without a store: those that hand
// out a new refresh token, or those that do not.
func (p *pass) rotation(anew bool) {
	for _, v := range p.served() {
		is, op := v.purpose()
		if is != refreshing || op.Kind != library.Verify {
			continue
		}
		p.looks()
		again := 0
		for _, o := range v.own {
			if o.Kind == library.Issue {
				again++
			}
		}
		kept := has(v.ops, kind(library.Check)) != nil || has(v.ops, kind(library.Revoke)) != nil || p.stores(&v)
		if kept || op.Guessed || (again > 1) != anew {
			continue
		}
		story := "a refresh token works as often as it is sent, and brings a new one each time: nothing remembers that it was used"
		if !anew {
			story = "a refresh token brings new access tokens until it runs out: it is neither replaced nor remembered"
		}
		p.report(fault{
			at: v.route.Span, fn: p.around(v.route.Span), route: v.route, what: op.Name, confidence: finding.Firm,
			related: []place{{op.Span, op.Func, does(op)}},
			message: fmt.Sprintf("%s: %s", routeOf(v.route), story),
		})
	}
}

// stores reports whether a route's handler asks or tells a store anything at all.
func (p *pass) stores(v *served) (found bool) {
	if v.handler == nil {
		return true
	}
	p.reach([]*ir.Func{v.handler}, func(_ *ir.Func, d *deed) { found = found || d.stores })
	return found
}
