package scan

import (
	"context"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "not-before",
	Weakness: catalog.NotBeforeIgnored,
	Title:    "a token that is valid in an hour",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(4),
	Truth:    []event.Reason{event.ReasonNotYetValid, event.ReasonIssuedInFuture, event.ReasonLifetimeTooLong},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		if a.minted(ctx, "nbf in the future", func(p forge.Object) forge.Object {
			if p.Has("exp") {
				p = p.Set("exp", r.numericDate(70*time.Minute))
			}
			return p.Set("nbf", r.numericDate(time.Hour))
		}) {
			a.find(catalog.NotBeforeIgnored, finding.Certain, "a token is accepted before its time", a.result.Why)
		}
		if a.result.Verdict == finding.Inconclusive {
			return
		}
		// A future iat need not be refused (RFC 7519 section 4.1.6): that it is
		// taken is said, and is no finding.
		a.seal(ctx)
		token, err := r.mint(newCanary(), alteration{payload: func(p forge.Object) forge.Object { return p.Set("iat", r.numericDate(5*time.Minute)) }})
		if err != nil {
			return
		}
		control := attempt{run: r, v: r.client.visitor()}
		defer control.v.close()
		if _, got, err := control.send(ctx, token); err == nil && got == took {
			a.result.Why += "; an iat five minutes ahead is taken, which the standard allows"
		}
	},
})
