package scan

import (
	"context"
	"net/http"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
)

var _ = add(Probe{
	Name:     "scope-denial",
	Weakness: catalog.SilentScopeDenial,
	Title:    "a good token where it may not go",
	Stage:    StageRefusal,
	Needs:    []Need{NeedForbidden},
	Requests: requests(1),
	Truth:    []event.Reason{event.ReasonScopeInsufficient},
	Silent:   catalog.SilentScopeDenial,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		f := r.recipe.Forbidden
		a.at = &f.Step
		token := r.main.access()
		res, err := a.onceAt(ctx, a.v, f.Step, token, func(q *request) { r.recipe.Carrier.put(q, token) })
		switch {
		case err != nil:
			a.inconclusive("%v", err)
		case res.status == f.Status:
			a.denied++
			a.pass("refused with %d", res.status)
		case res.status == http.StatusTooManyRequests || res.status >= 500:
			a.inconclusive("%s %s answered %d", f.Method, f.Path, res.status)
		default:
			a.inconclusive("%s %s answered %d, and the recipe says that it refuses with %d", f.Method, f.Path, res.status, f.Status)
		}
	},
})
