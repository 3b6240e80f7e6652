package scan

import (
	"context"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
)

var _ = add(Probe{
	Name:     "algorithm-confusion",
	Weakness: catalog.AlgorithmConfusion,
	Title:    "the public key as an HMAC secret, in every spelling that a service may hold",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(keyedRequests(maxSpellings)),
	Truth:    []event.Reason{event.ReasonAlgKeyMismatch, event.ReasonAlgNotAllowed, event.ReasonBadSignature},
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		keys := r.signing()
		switch {
		case strings.HasPrefix(r.alg(), "HS"):
			a.skip("the token is signed with a shared secret, not with a private key")
			return
		case len(keys) == 0:
			a.skip("needs the public key: name it with keys.public or keys.jwks")
			return
		}
		var attacks []keyed
		for _, k := range keys {
			for i, s := range k.Spellings() {
				attacks = append(attacks, keyed{name: "HS256 with " + s.Name, header: r.token.Header.Set("alg", "HS256"), key: s.Bytes})
				// A verifier that chooses by the length of the hash alone.
				if bits := strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(r.alg(), "RS"), "PS"), "ES"); i == 0 && (bits == "384" || bits == "512") {
					attacks = append(attacks, keyed{name: "HS" + bits + " with " + s.Name, header: r.token.Header.Set("alg", "HS"+bits), key: s.Bytes})
				}
			}
		}
		hit := a.keyed(ctx, "a token signed with the public key", attacks[:min(len(attacks), maxSpellings)]...)
		if hit == nil {
			return
		}
		a.find(catalog.AlgorithmConfusion, finding.Certain, "the public key, which everybody has, is taken for the secret of an HMAC",
			a.result.Why, "the key: "+keys[0].from)
		a.signs("the public key, which is taken for a secret", hit)
	},
})

// maxSpellings bounds the bytes that are tried for one public key, or for two.
const maxSpellings = 12
