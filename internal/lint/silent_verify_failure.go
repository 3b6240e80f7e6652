package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.SilentVerifyFailure,
	Counts: "A record is any log line, metric, audit row, span or error report that is written because the token failed: " +
		"it carries the error, or it stands in a branch that the failure takes. It counts wherever it is written: in a helper, a wrapper, or " +
		"the central handler that the error reaches. A line that every request gets does not count, nor one that is written in development alone, " +
		"nor one of several ways out: each way must be seen.",
	Run: func(p *pass) {
		list, again := mountedOnce(worst(p.Ways, func(w *flow.Way) bool {
			if w.Op.Kind != library.Verify || w.Outcome != flow.Failed {
				return false
			}
			p.looks()
			return (ends(w) || swallows(w)) && silent(w)
		}))
		for _, w := range list {
			p.report(fault{
				at: answers(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: append(trail(w), again[w]...),
				message: fmt.Sprintf("%s: a bad token leaves by %s %s", where(w.Root, w.Func), by(w), unseen(w)),
			})
		}
	},
})

// swallows reports whether a middleware of ring takes a bad token for none and goes
// on: there it is the custom to leave who asks in the request, or nobody, and who
// refuses later does not know why.
func swallows(w *flow.Way) bool {
	return w.Exit == flow.Serves && !w.Denied && w.Op.File != nil && w.Op.File.Language == ir.Clojure
}

// mountedOnce keeps one of the ways through a library's middleware that is mounted in
// several places alike, without a hook: what is to be mended is one. again tells where
// the others are.
func mountedOnce(ways []*flow.Way) (list []*flow.Way, again map[*flow.Way][]place) {
	type guard struct {
		row  *library.Row
		text string
	}
	first := map[guard]*flow.Way{}
	again = map[*flow.Way][]place{}
	for _, w := range ways {
		k := guard{w.Op.Row, w.Op.Span.Text()}
		if w.Op.Row == nil || w.Op.Row.Does != library.Guard || w.At.File != w.Op.File || w.At.Start < w.Op.Start || w.At.End > w.Op.End || len(k.text) > 200 {
			list = append(list, w)
			continue
		}
		if f := first[k]; f != nil {
			again[f] = append(again[f], place{w.Op.Span, w.Op.Func, "is mounted here, too"})
			continue
		}
		first[k] = w
		list = append(list, w)
	}
	return list, again
}
