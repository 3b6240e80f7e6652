package scan

import (
	"context"
	"encoding/base64"
	"net/url"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "embedded-key",
	Weakness: catalog.UntrustedKeyHeader,
	Title:    "a key of our own inside the header: jwk, and x5c with a self-signed certificate",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(keyedRequests(4)),
	Truth:    untrustedKey,
	Silent:   catalog.SilentVerifyFailure,
	Alert:    catalog.ForgedAlgorithm,
	Run: func(ctx context.Context, a *attempt) {
		r := a.run
		alg := r.asymmetric()
		key, err := r.ownKey(alg)
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		kid := r.token.Header.Text("kid")
		header := r.token.Header.Set("alg", alg)
		attacks := []keyed{{name: "jwk", header: header.Set("jwk", forge.JWK(key, kid, alg)), key: key}} // CVE-2018-0114
		if kid != "" {
			// A verifier that looks into its own store first must not find anything there.
			other := newCanary()
			attacks = append(attacks, keyed{name: "jwk under a new kid", header: header.Set("kid", other).Set("jwk", forge.JWK(key, other, alg)), key: key})
		}
		if der, err := forge.SelfSigned(key, r.issuer()); err == nil {
			attacks = append(attacks, keyed{name: "x5c", header: header.Set("x5c", []string{base64.StdEncoding.EncodeToString(der)}), key: key})
		}
		if r.alg() != alg {
			secret := randomKey()
			attacks = append(attacks, keyed{name: "jwk of a shared secret", header: r.token.Header.Set("jwk", forge.JWK(secret, kid, r.alg())), key: secret})
		}
		if hit := a.keyed(ctx, "a token that brings its own key along", attacks...); hit != nil {
			a.find(catalog.UntrustedKeyHeader, finding.Certain, "the key inside the token's own header is trusted", a.result.Why)
			a.signs("a key in the token's own header, which is trusted", hit)
		}
	},
})

// untrustedKey are the reasons for which a key in a header may be refused. A
// service that does not look at such a header sees a key that it does not know,
// or a signature that does not hold.
var untrustedKey = []event.Reason{event.ReasonUntrustedKeyHeader, event.ReasonAlgNotAllowed, event.ReasonAlgKeyMismatch,
	event.ReasonBadSignature, event.ReasonUnknownKID, event.ReasonKeyUnavailable}

// asymmetric is the own algorithm if it has a public key, otherwise RS256.
func (r *run) asymmetric() string {
	switch alg := r.alg(); {
	case strings.HasPrefix(alg, "RS"), strings.HasPrefix(alg, "PS"), strings.HasPrefix(alg, "ES"), alg == "EdDSA", alg == "Ed25519":
		return alg
	}
	return "RS256"
}

// ownKey is the scan's own key pair, fresh in every run.
func (r *run) ownKey(alg string) (key forge.Key, err error) {
	if r.pair == nil {
		if r.pair, err = forge.NewKey(alg); err != nil {
			return nil, err
		}
	}
	return r.pair, nil
}

// issuer is the host that the own token names as its issuer, or the target's.
func (r *run) issuer() string {
	if u, err := url.Parse(r.token.Payload.Text("iss")); err == nil && u.Hostname() != "" {
		return u.Hostname()
	}
	return r.recipe.Target.Hostname()
}
