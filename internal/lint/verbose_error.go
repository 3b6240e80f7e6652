package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.VerboseError,
	Counts: "The text of the library's error is part of the answer to a bad token. A text of one's own that is the same for all failures is " +
		"right, and so is an error code of RFC 6750.",
	Run: func(p *pass) {
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Op.Kind != library.Verify || w.Outcome != flow.Failed {
				return false
			}
			p.looks()
			return w.Error && w.Exit == flow.Responds
		}) {
			at := w.At
			if at.File == nil {
				at = answers(w)
			}
			p.report(fault{
				at: at, fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: the answer at %s tells the sender why verification failed", where(w.Root, w.Func), by(w)),
			})
		}
	},
})
