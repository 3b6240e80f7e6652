package scan

import (
	"context"
	"crypto/rand"
	"encoding/base64"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "signature-garbled",
	Weakness: catalog.SignatureNotVerified,
	Title:    "the own token with a random signature, and with a part of its own",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT},
	Requests: requests(6),
	Truth:    []event.Reason{event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		const random = "random signature"
		accepted, doubt := a.try(ctx,
			variant{random, func(string) string { return garbled(a.run.token) }},
			// A comparison that ends where the shorter text or the first null byte does.
			variant{"null byte", func(string) string { return a.run.token.Signing + "." + forge.Encode([]byte{0}) }},
			variant{"the first three bytes of the signature", func(string) string {
				return a.run.token.Signing + "." + a.run.token.Signature[:min(4, len(a.run.token.Signature))]
			}})
		a.judge(accepted, doubt, "a random signature")
		if len(accepted) > 0 {
			a.find(catalog.SignatureNotVerified, finding.Certain, "a token with another signature than its own is accepted", a.result.Why)
			if accepted[0] == random {
				a.run.anySignature = true
				if a.run.signer == nil {
					a.run.signer = randomSigner()
				}
			}
		}
	},
})

// garbled gives the token with random bytes in the place of its signature, as
// many as there were.
func garbled(t *forge.Token) string {
	sig, err := base64.RawURLEncoding.DecodeString(t.Signature)
	if err != nil || len(sig) == 0 {
		sig = make([]byte, 32)
	}
	rand.Read(sig)
	return t.Signing + "." + forge.Encode(sig)
}
