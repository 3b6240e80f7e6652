package scan

import (
	"context"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "claims-changed",
	Weakness: catalog.SignatureNotVerified,
	Title:    "claims changed, the old signature kept",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT},
	Requests: requests(2),
	Truth:    []event.Reason{event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		t := a.run.token
		accepted, doubt := a.try(ctx, variant{"claims changed", func(c string) string {
			payload := t.Payload.Set("jti", c).Set("role", "admin").Set("admin", true)
			return forge.Unsigned(t.Header, payload) + "." + t.Signature
		}})
		a.judge(accepted, doubt, "changed claims under the old signature")
		if len(accepted) > 0 {
			a.find(catalog.SignatureNotVerified, finding.Certain, "claims can be changed without a new signature", a.result.Why)
		}
	},
})
