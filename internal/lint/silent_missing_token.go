package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.SilentMissingToken,
	Counts: "A record is what it is for a token that fails, and it must stand on the way that a request without a token takes. " +
		"Where one branch answers for missing and bad tokens alike, silent-verify-failure names it, and this check does not say it again.",
	Run: func(p *pass) {
		said := map[ir.Span]bool{}
		for _, w := range p.Ways {
			if w.Op.Kind == library.Verify && w.Outcome == flow.Failed && ends(w) && silent(w) {
				said[answers(w)] = true
			}
		}
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Outcome != flow.Absent {
				return false
			}
			if w.Exit == flow.Responds && w.Status >= 200 && w.Status < 400 {
				return false // it goes well without a token
			}
			p.looks()
			return ends(w) && silent(w) && !said[answers(w)]
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a request without a token leaves by %s %s", where(w.Root, w.Func), by(w), unseen(w)),
			})
		}
	},
})
