package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
)

var _ = add(Check{
	ID: catalog.DenyThenServe,
	Counts: "A refusal is written, and then nothing ends the request: the return is missing, and the handler or the next middleware runs all " +
		"the same.",
	Run: func(p *pass) {
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Outcome == flow.Succeeded {
				return false
			}
			p.looks()
			return w.Exit == flow.Serves && w.Denied
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: the refusal is written, and then the request goes on at %s", where(w.Root, w.Func), by(w)),
			})
		}
	},
})
