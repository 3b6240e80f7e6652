package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "no-expiry",
	Weakness: catalog.UnboundedLifetime,
	Title:    "a token without exp",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(7),
	Truth:    []event.Reason{event.ReasonMissingClaim, event.ReasonBadClaim, event.ReasonExpired, event.ReasonLifetimeTooLong, event.ReasonMalformed},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		if !a.run.token.Payload.Has("exp") {
			a.skip("the service's own tokens carry no exp") // which passive.go reports
			return
		}
		accepted := a.altered(ctx, "a token that does not end",
			alteration{name: "no exp", payload: func(p forge.Object) forge.Object { return p.Delete("exp") }},
			// To golang-jwt's predecessors 0 was no exp.
			alteration{name: "exp is 0", payload: func(p forge.Object) forge.Object { return p.Set("exp", 0) }},
			alteration{name: "exp is null", payload: func(p forge.Object) forge.Object { return p.Set("exp", nil) }})
		if len(accepted) > 0 {
			a.find(catalog.UnboundedLifetime, finding.Certain, "a token without an end is accepted", a.result.Why)
		}
	},
})
