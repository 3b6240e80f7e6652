package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "signature-empty",
	Weakness: catalog.SignatureNotVerified,
	Title:    "the own token without its signature",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT},
	Requests: requests(4),
	Truth:    []event.Reason{event.ReasonBadSignature, event.ReasonMalformed, event.ReasonBadEncoding},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		accepted, doubt := a.try(ctx,
			variant{"empty signature", func(string) string { return a.run.token.Signing + "." }},
			variant{"no third segment", func(string) string { return a.run.token.Signing }})
		a.judge(accepted, doubt, "an empty signature")
		if len(accepted) > 0 {
			a.find(catalog.SignatureNotVerified, finding.Certain, "a token with an empty signature is accepted", a.result.Why)
		}
	},
})
