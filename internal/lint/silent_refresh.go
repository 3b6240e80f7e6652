package lint

import (
	"fmt"
	"slices"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/lint/flow"
	"github.com/jotsight/jotsight/internal/lint/ir"
	"github.com/jotsight/jotsight/internal/lint/library"
	"github.com/jotsight/jotsight/internal/lint/resolve"
)

var _ = add(Check{
	ID: catalog.SilentRefresh,
	Counts: "A handler that takes a refresh token and hands out a new token must leave a record of it. Where failures are recorded and " +
		"successes are not, the weakness is incomplete-event; silent-refresh is for handlers whose exchanges leave no record of their own at all.",
	Run: func(p *pass) {
		for _, r := range refreshes(p.Facts) {
			p.looks()
			if r.good != nil && silent(r.good) && !r.failures {
				p.report(fault{
					at: handler(r.good), fn: r.good.Root.Func, what: "refresh", confidence: sure(r.good), related: trail(r.good),
					message: fmt.Sprintf("%s: a refresh token is exchanged %s", where(r.good.Root, r.good.Func), unseen(r.good)),
				})
			}
		}
	},
})

// A refresh is one handler that exchanges refresh tokens.
type refresh struct {
	good     *flow.Way // the successful way with the least record
	failures bool      // some failure of the exchange is recorded
}

// refreshes lists the handlers that exchange refresh tokens, in the order of the
// source. A middleware that only lets requests pass exchanges nothing.
func refreshes(facts *flow.Facts) (list []*refresh) {
	by := map[*ir.Func]*refresh{}
	recorded := map[*resolve.Route]bool{} // a middleware of the route records tokens that fail
	for _, w := range facts.Ways {
		if w.Root != nil && w.Op.Kind == library.Verify && w.Outcome == flow.Failed && ends(w) && !silent(w) {
			for _, r := range w.Root.Routes {
				recorded[r] = true
			}
		}
		if w.Root == nil || w.Guessed || !(w.Op.Kind == library.Refresh || w.Op.Use == "refresh" && w.Op.Kind != library.Extract) {
			continue
		}
		r := by[w.Root.Func]
		if r == nil {
			r = &refresh{}
			by[w.Root.Func] = r
		}
		switch {
		case w.Outcome != flow.Succeeded:
			r.failures = r.failures || !silent(w) && w.Status < 500 // that something broke is no record of a refusal
		case w.Exit != flow.Serves && w.Exit != flow.Escapes && (r.good == nil || compareWays(w, r.good) < 0):
			r.good = w
		}
	}
	for _, root := range rootsOf(facts) {
		if r := by[root.Func]; r != nil {
			r.failures = r.failures || slices.ContainsFunc(root.Routes, func(r *resolve.Route) bool { return recorded[r] })
			list = append(list, r)
		}
	}
	return list
}
