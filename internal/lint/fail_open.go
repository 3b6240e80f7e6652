package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.FailOpen,
	Counts: "One verification refuses some failures, and lets the request go on after others: an error of the key source, of the store, or of " +
		"a kind that nobody thought of. A verification that refuses nothing at all may be meant so, for pages that guests see too; the strict profile names it.",
	Run: func(p *pass) {
		refuses := map[*flow.Op]bool{}
		for _, w := range p.Ways {
			if w.Outcome != flow.Succeeded && w.Exit == flow.Responds {
				refuses[w.Op] = true
			}
		}
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Op.Kind != library.Verify && w.Op.Kind != library.Check || w.Outcome != flow.Failed {
				return false
			}
			p.looks()
			return w.Exit == flow.Serves && !w.Denied && (refuses[w.Op] || p.strict)
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a failed verification lets the request go on at %s", where(w.Root, w.Func), by(w)),
			})
		}
	},
})
