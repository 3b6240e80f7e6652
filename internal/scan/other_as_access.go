package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "other-as-access",
	Weakness: catalog.TokenTypeConfusion,
	Title:    "the refresh or id token where the access token belongs",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedLogin},
	Requests: requests(4),
	Truth: []event.Reason{event.ReasonCrossTokenUse, event.ReasonBadType, event.ReasonBadAudience, event.ReasonMalformed, event.ReasonBadEncoding,
		event.ReasonBadSignature, event.ReasonUnknownToken, event.ReasonMissingClaim, event.ReasonBadClaim, event.ReasonBadIssuer, event.ReasonAlgNotAllowed},
	Silent: catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		vars := a.run.main.vars
		var list []variant
		for _, other := range []struct{ name, token string }{{"refresh token", vars["refresh"]}, {"id token", vars["id_token"]}} {
			if other.token != "" && other.token != vars["access"] {
				list = append(list, variant{other.name, func(string) string { return other.token }})
			}
		}
		if len(list) == 0 {
			a.skip("the login takes neither a refresh token nor an id token (take: {refresh: …, id_token: …})")
			return
		}
		accepted, doubt := a.try(ctx, list...)
		a.judge(accepted, doubt, "a token of another type")
		if len(accepted) > 0 {
			a.find(catalog.TokenTypeConfusion, finding.Certain, "a token of another type is accepted as an access token", a.result.Why)
		}
	},
})
