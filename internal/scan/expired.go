package scan

import (
	"context"
	"strconv"
	"time"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

// maxLeeway is the most that a sound verifier allows for clocks that disagree: the
// default of ASP.NET Core. Most allow none, or a minute or two.
const maxLeeway = 5 * time.Minute

var _ = add(Probe{
	Name:     "expired",
	Weakness: catalog.ExpiredAccepted,
	Title:    "a token that expired an hour ago",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(7),
	Truth:    []event.Reason{event.ReasonExpired, event.ReasonTooOld, event.ReasonBadClaim, event.ReasonMalformed},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		ago := func(d time.Duration, exp func(int64) any) func(forge.Object) forge.Object {
			return func(p forge.Object) forge.Object {
				if p.Has("nbf") {
					p = p.Set("nbf", r.numericDate(-2*d))
				}
				return p.Set("iat", r.numericDate(-2*d)).Set("exp", exp(r.numericDate(-d)))
			}
		}
		number := func(n int64) any { return n }
		accepted := a.altered(ctx, "an expired token",
			alteration{name: "an hour ago", payload: ago(time.Hour, number)},
			// Within the leeway nothing is proven, so the shorter time lies beyond it.
			alteration{name: "ten minutes ago", payload: ago(2*maxLeeway, number)},
			// A reader that skips what is no number takes this for no exp at all.
			alteration{name: "an hour ago, as a text", payload: ago(time.Hour, func(n int64) any { return strconv.FormatInt(n, 10) })})
		if len(accepted) > 0 {
			a.find(catalog.ExpiredAccepted, finding.Certain, "an expired token is accepted", a.result.Why)
		}
	},
})
