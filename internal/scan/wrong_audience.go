package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "wrong-audience",
	Weakness: catalog.AudienceNotChecked,
	Title:    "a token for another service",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(3),
	Truth:    []event.Reason{event.ReasonBadAudience},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		if !a.run.token.Payload.Has("aud") && a.run.recipe.Claims.Audience == "" {
			a.skip("the service's own tokens carry no audience")
			return
		}
		if a.minted(ctx, "a foreign audience", func(p forge.Object) forge.Object { return p.Set("aud", "urn:"+newCanary()) }) {
			a.find(catalog.AudienceNotChecked, finding.Certain, "a token for another audience is accepted", a.result.Why)
		}
	},
})
