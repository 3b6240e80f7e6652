package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "wrong-issuer",
	Weakness: catalog.IssuerNotChecked,
	Title:    "a token of another issuer",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(3),
	Truth:    []event.Reason{event.ReasonBadIssuer},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		if !a.run.token.Payload.Has("iss") {
			a.skip("the service's own tokens carry no issuer")
			return
		}
		if a.minted(ctx, "a foreign issuer", func(p forge.Object) forge.Object { return p.Set("iss", "urn:"+newCanary()) }) {
			a.find(catalog.IssuerNotChecked, finding.Certain, "a token of another issuer is accepted", a.result.Why)
		}
	},
})
