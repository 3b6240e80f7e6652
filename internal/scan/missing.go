package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "missing",
	Weakness: catalog.UnauthenticatedAccess,
	Title:    "no token at all",
	Stage:    StageRefusal,
	Requests: requests(1),
	Truth:    []event.Reason{event.ReasonMissing, event.ReasonBadScheme},
	Silent:   catalog.SilentMissingToken,
	Run: func(ctx context.Context, a *attempt) {
		res, got, err := a.sendWith(ctx, "", func(*request) {})
		switch {
		case err != nil:
			a.inconclusive("%v", err)
		case a.run.controls.open():
			a.result.Accepted = true
			a.fail("the protected resource answers %d without a token, as it does with one", res.status)
			a.find(catalog.UnauthenticatedAccess, finding.Certain, "the protected resource answers without a token", a.result.Why)
		case got == refused:
			a.pass("refused with %d", res.status)
		default:
			a.inconclusive("a request without a token is %s", got)
		}
	},
})
