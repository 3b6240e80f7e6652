package scan

import (
	"context"
	"slices"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "alg-none",
	Weakness: catalog.AlgNoneAccepted,
	Title:    "alg none, in four spellings",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(2*5 + 1),
	Truth:    []event.Reason{event.ReasonAlgNone, event.ReasonAlgNotAllowed},
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		t := a.run.token
		spellings := []string{"none", "None", "NONE", "nOnE"}
		var variants []variant
		for _, alg := range spellings {
			variants = append(variants, variant{alg, func(c string) string {
				return forge.Unsigned(t.Header.Set("alg", alg), a.run.fresh().Set("jti", c)) + "."
			}})
		}
		none := t.Header.Set("alg", "none")
		if t.Payload.Has("jti") { // which the service may know
			variants = append(variants, variant{"none, with the own jti", func(string) string { return forge.Unsigned(none, a.run.fresh()) + "." }})
		}
		accepted, doubt := a.admits(ctx, variants...)
		if len(accepted) == 0 {
			a.judge(accepted, doubt, "alg none")
			return
		}
		// The same token signed with a key that nobody knows must be refused;
		// otherwise the algorithm has nothing to do with it.
		a.seal(ctx)
		got, err := a.control(ctx, signedByNobody(t))
		if err == nil && got == took {
			a.fail("accepted, as is a token signed with a random key: signatures are not checked at all")
			a.find(catalog.SignatureNotVerified, finding.Certain, "a token signed with a random key is accepted", a.result.Why)
		}
		a.judge(accepted, doubt, "alg none")
		a.find(catalog.AlgNoneAccepted, finding.Certain, "unsigned tokens are accepted", a.result.Why)
		if a.run.signer == nil && slices.Contains(spellings, accepted[0]) {
			a.run.signer = unsignedSigner(accepted[0])
		}
	},
})

// signedByNobody is the token under HS256 with a random key.
func signedByNobody(t *forge.Token) string {
	token, err := forge.Sign("HS256", randomKey(), forge.Unsigned(t.Header.Set("alg", "HS256"), t.Payload.Set("jti", newCanary())))
	if err != nil {
		panic("scan: " + err.Error()) // HS256 takes any key
	}
	return token
}
