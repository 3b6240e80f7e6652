package lint

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
)

var _ = add(Check{
	ID: catalog.IncompleteEvent,
	Counts: "A failure is recorded, but the record does not say why: the error, its class or its name is not in it. A refresh is recorded " +
		"where it fails, but not where it succeeds. The strict profile also names the records that lack the address, the route, the agent, or whose token it was.",
	Run: func(p *pass) {
		for _, w := range worst(p.Ways, func(w *flow.Way) bool {
			if w.Op.Kind != library.Verify || w.Outcome != flow.Failed {
				return false
			}
			p.looks()
			return ends(w) && !silent(w) && (w.Tier == flow.Generic || p.strict && w.Tier == flow.Typed)
		}) {
			lacks := missing(w)
			if w.Tier == flow.Generic {
				lacks = slices.Insert(lacks, 0, "the reason")
			}
			if !p.strict {
				lacks = lacks[:1]
			}
			if len(lacks) == 0 {
				continue
			}
			p.report(fault{
				at: record(w), fn: w.Func, what: w.Op.Name, confidence: sure(w), related: trail(w),
				message: fmt.Sprintf("%s: a bad token that leaves by %s is recorded without %s", where(w.Root, w.Func), by(w), and(lacks)),
			})
		}
		for _, r := range refreshes(p.Facts) {
			p.looks()
			if r.good != nil && silent(r.good) && r.failures {
				p.report(fault{
					at: handler(r.good), fn: r.good.Root.Func, what: "refresh", confidence: sure(r.good), related: trail(r.good),
					message: fmt.Sprintf("%s: refreshes are recorded where they fail, and not where they succeed", where(r.good.Root, r.good.Func)),
				})
			}
		}
	},
})

// missing lists what no record of a way holds of who and where.
func missing(w *flow.Way) (list []string) {
	has := map[string]bool{}
	for _, o := range w.Seen {
		for _, f := range o.Fields {
			has[f] = true
		}
	}
	for _, f := range []string{"address", "route", "agent"} {
		if !has[f] {
			list = append(list, "the "+f)
		}
	}
	if !has["token"] && !has["subject"] && !has["id"] {
		list = append(list, "the token's id or hash")
	}
	return list
}

// record is the place of the best record of a way, or else that of the answer.
func record(w *flow.Way) (at ir.Span) {
	at = answers(w)
	best := flow.None
	for _, o := range w.Seen {
		if o.Tier > best && !o.Env {
			best, at = o.Tier, o.Span
		}
	}
	return at
}

// and joins words as people do.
func and(words []string) string {
	switch n := len(words); n {
	case 0:
		return ""
	case 1:
		return words[0]
	default:
		return strings.Join(words[:n-1], ", ") + " and " + words[n-1]
	}
}
