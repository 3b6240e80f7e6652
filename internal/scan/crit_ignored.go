package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "crit-ignored",
	Weakness: catalog.CritIgnored,
	Title:    "a critical header that nobody understands, and one that changes what is signed",
	Stage:    StageClaims,
	Needs:    []Need{NeedJWT, NeedKey},
	Requests: requests(2*2 + 2),
	Truth:    []event.Reason{event.ReasonBadCrit, event.ReasonMalformed, event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		critical := func(name string, value any) func(forge.Object) forge.Object {
			return func(header forge.Object) forge.Object { return header.Set("crit", []string{name}).Set(name, value) }
		}
		accepted := a.altered(ctx, "a critical header that is not understood",
			alteration{name: "one that nobody knows", header: critical("jotsight.example/unknown", true)},
			// RFC 7797: the payload is signed as it is, not in base64. Ours is signed in base64.
			alteration{name: "b64 false, and the payload signed in base64 all the same", header: critical("b64", false)},
		)
		if len(accepted) > 0 {
			a.find(catalog.CritIgnored, finding.Certain, "a header that must be understood is ignored (RFC 7515 section 4.1.11)", a.result.Why)
		}
	},
})
