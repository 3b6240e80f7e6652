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
		"Where one branch answers for missing and bad tokens alike, it belongs to silent-verify-failure.",
	Run: func(p *pass) {
		said := map[ir.Span]bool{}
		for _, w := range p.Ways {
			if w.Op.Kind == library.Verify && w.Outcome == flow.Failed {
				said[answers(w)] = true
				said[w.At] = true
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
			return ends(w) && silent(w) && refuses(w) && !said[answers(w)] && !said[w.At]
		}) {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a request without a token leaves by %s %s", where(w.Root, w.Func), by(w), unseen(w)),
			})
		}
	},
})

// refuses reports whether a way is a refusal: a branch was taken because there was no
// token, and the answer is none of success.
func refuses(w *flow.Way) bool {
	return (w.Branch.File != nil || w.Central || w.Op.Row != nil && (w.Op.Kind == library.Guard || w.Op.Row.Does == library.Guard && w.Op.Row.From == "state")) && (w.Status == 0 || w.Status >= 400)
}
