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
	Requests: requests(9),
	Truth:    []event.Reason{event.ReasonBadIssuer, event.ReasonMissingClaim, event.ReasonBadClaim, event.ReasonMalformed},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		own := a.run.token.Payload.Text("iss")
		if own == "" {
			a.skip("the service's own tokens carry no issuer")
			return
		}
		set := func(v any) func(forge.Object) forge.Object {
			return func(p forge.Object) forge.Object { return p.Set("iss", v) }
		}
		foreign := "urn:" + newCanary()
		accepted := a.altered(ctx, "a foreign issuer",
			alteration{name: "another", payload: set(foreign)},
			alteration{name: "none", payload: func(p forge.Object) forge.Object { return p.Delete("iss") }},
			// Verifiers that look for one text within the other (CVE-2024-53861).
			alteration{name: "a part of the right one", payload: set(own[:len(own)-1])},
			// Verifiers that take any of a list (CVE-2025-30144); iss is one text.
			alteration{name: "a list with the right one", payload: set([]string{foreign, own})})
		if len(accepted) > 0 {
			a.find(catalog.IssuerNotChecked, finding.Certain, "a token of another issuer is accepted", a.result.Why)
		}
	},
})
