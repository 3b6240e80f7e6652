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
	Title:    "the own token with a random signature",
	Stage:    StageRefusal,
	Needs:    []Need{NeedJWT},
	Requests: requests(2),
	Truth:    []event.Reason{event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Run: func(ctx context.Context, a *attempt) {
		accepted, doubt := a.try(ctx, variant{"random signature", func(string) string { return garbled(a.run.token) }})
		a.judge(accepted, doubt, "a random signature")
		if len(accepted) > 0 {
			a.find(catalog.SignatureNotVerified, finding.Certain, "a token with a random signature is accepted", a.result.Why)
			if a.run.signer == nil {
				a.run.signer = randomSigner()
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
