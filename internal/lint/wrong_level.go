package lint

import (
	"fmt"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
)

var _ = add(Check{
	ID: catalog.WrongLevel,
	Counts: "The best record of a refused token is written at info, debug or trace. Output without a level, such as print, is not judged, " +
		"and neither are metrics, audit rows and error reports, which nobody filters by level.",
	Run: func(p *pass) {
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Outcome == flow.Succeeded || w.Outcome == flow.Absent {
				return false
			}
			p.looks()
			return ends(w) && !silent(w) && low(w) != ""
		}) {
			p.report(fault{
				at: record(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a refused token is recorded at %s alone, which production drops", where(w.Root, w.Func), low(w)),
			})
		}
	},
})

// low gives the level of a way whose records all are below warn, or nothing.
func low(w *flow.Way) string {
	level := ""
	for _, o := range w.Seen {
		if o.Env || o.Tier < flow.Generic {
			continue
		}
		switch o.Level {
		case "trace", "debug":
			if level == "" {
				level = o.Level
			}
		case "info":
			level = o.Level
		default:
			return ""
		}
	}
	return level
}
