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
	Name:     "expired",
	Weakness: catalog.ExpiredAccepted,
	Title:    "a token that expired an hour ago",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(3),
	Truth:    []event.Reason{event.ReasonExpired},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		ago := func(d time.Duration) int64 { return time.Now().Add(-d).Unix() }
		if a.minted(ctx, "an expired token", func(p forge.Object) forge.Object {
			if p.Has("nbf") {
				p = p.Set("nbf", ago(2*time.Hour))
			}
			return p.Set("iat", ago(2*time.Hour)).Set("exp", ago(time.Hour))
		}) {
			a.find(catalog.ExpiredAccepted, finding.Certain, "an expired token is accepted", a.result.Why)
		}
	},
})
