package scan

import (
	"context"
	"crypto/elliptic"
	"slices"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "psychic-signature",
	Weakness: catalog.PsychicSignature,
	Title:    "ECDSA signatures of zeros, and of the order of the curve",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(2*5 + 1),
	Truth:    []event.Reason{event.ReasonPsychicSignature, event.ReasonBadSignature, event.ReasonBadEncoding},
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[r.alg()]
		switch {
		case curve == nil:
			a.skip("the token is signed by %s, not by ECDSA", clip(r.alg(), 16))
			return
		case r.anySignature:
			a.skip("no signature is checked at all")
			return
		}
		order := curve.Params().N.Bytes()
		signatures := map[string][]byte{
			"r and s zero":                   make([]byte, 2*len(order)),              // CVE-2022-21449
			"r and s zero, in DER":           {0x30, 6, 2, 1, 0, 2, 1, 0},             // where a library takes either form
			"r and s the order of the curve": slices.Concat(order, order),             // zero, once reduced
			"r zero and s one":               append(make([]byte, 2*len(order)-1), 1), // where only one is looked at
		}
		with := func(payload forge.Object, header forge.Object, name string) string {
			return forge.Unsigned(header, payload) + "." + forge.Encode(signatures[name])
		}
		var variants []variant
		for _, name := range []string{"r and s zero", "r and s zero, in DER", "r and s the order of the curve", "r zero and s one"} {
			variants = append(variants, variant{name, func(c string) string { return with(r.fresh().Set("jti", c), r.token.Header, name) }})
		}
		if r.token.Payload.Has("jti") { // which the service may know
			variants = append(variants, variant{"r and s zero", func(string) string { return with(r.fresh(), r.token.Header, "r and s zero") }})
		}
		accepted, doubt := a.admits(ctx, variants...)
		if len(accepted) > 0 {
			a.seal(ctx)
			if got, err := a.control(ctx, garbled(r.token)); err != nil || got == took {
				a.inconclusive("%s: accepted, and the control with a random signature is not refused", strings.Join(accepted, ", "))
				return
			}
		}
		a.judge(accepted, doubt, "a signature that needs no key")
		if len(accepted) == 0 {
			return
		}
		a.find(catalog.PsychicSignature, finding.Certain, "a signature that needs no key is accepted for every token", a.result.Why)
		if r.signer == nil {
			r.signer = &signer{how: "a signature that needs no key", sign: func(header, payload forge.Object) (string, error) {
				return with(payload, header, accepted[0]), nil
			}}
		}
	},
})
