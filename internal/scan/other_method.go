package scan

import (
	"context"
	"net/http"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

// The log is not judged: most services answer these with 405 before they look
// for a token, and need not record it.
var _ = add(Probe{
	Name:     "other-method",
	Weakness: catalog.UnauthenticatedAccess,
	Title:    "no token, by methods that a check may forget",
	Stage:    StageRefusal,
	Requests: requests(5),
	Truth:    []event.Reason{event.ReasonMissing},
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		p := r.recipe.Protected
		switch {
		case p.Method != http.MethodGet:
			a.skip("the resource is not read with GET, so that another method may change something")
			return
		case r.controls.open():
			a.skip("the resource answers anybody, as missing says")
			return
		}
		// QUERY stands for the methods that no list of methods names; it is safe.
		// POST has no body here.
		var accepted []string
		doubt := ""
		for _, method := range []string{"QUERY", http.MethodPost} {
			got, err := a.twice(ctx, func(q *request) { q.method = method })
			switch {
			case err != nil:
				doubt = method + ": " + err.Error()
			case got == took:
				accepted = append(accepted, method)
			case got == limited:
				doubt = method + ": " + got.String()
			}
		}
		a.judge(accepted, doubt, "no token, by another method")
		if len(accepted) > 0 {
			a.result.Accepted = true
			a.find(catalog.UnauthenticatedAccess, finding.Certain, "the protected resource answers without a token, by another method", a.probe.Name+": "+a.result.Why)
		}
	},
})
