package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.UnauthenticatedIssuance,
	Counts: "A route hands out a token, and nothing on its chain compares a password, verifies or looks up a token, or asks a store or another service " +
		"who is there. Code that cannot be followed counts as asking.",
	Run: func(p *pass) {
		for _, v := range p.served() {
			issue := has(v.own, kind(library.Issue))
			if issue == nil {
				continue
			}
			p.looks()
			asks := v.handler == nil || !v.route.Known || issue.Guessed
			for _, op := range v.ops {
				switch op.Kind {
				case library.Issue, library.Hash:
				default:
					asks = true
				}
			}
			for _, link := range v.route.Chain {
				asks = asks || link.Func == nil && (link.Row == nil || link.Row.Does == library.Guard)
				if link.Func != nil {
					p.reach([]*ir.Func{link.Func}, func(_ *ir.Func, d *deed) { asks = asks || d.stores || d.unknown })
				}
			}
			if asks {
				continue
			}
			p.report(fault{
				at: v.route.Span, fn: p.around(v.route.Span), route: v.route, what: issue.Name, confidence: finding.Firm,
				related: []place{{head(v.handler), v.handler, "the handler asks nobody who is there"}, {issue.Span, issue.Func, does(issue)}},
				message: fmt.Sprintf("%s: anybody gets a token", routeOf(v.route)),
			})
		}
	},
})
