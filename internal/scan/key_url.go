package scan

import (
	"cmp"
	"context"
	"encoding/pem"
	"fmt"
	"net/url"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "key-url",
	Weakness: catalog.UntrustedKeyHeader,
	Title:    "jku and x5u that point to the scan's own listener",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT, NeedCallback},
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
		der, err := forge.SelfSigned(key, r.issuer())
		if err != nil {
			a.inconclusive("%v", err)
			return
		}
		kid, fresh := r.token.Header.Text("kid"), newCanary()
		keys := []forge.Object{forge.JWK(key, fresh, alg)}
		if kid != "" {
			keys = append(keys, forge.JWK(key, kid, alg))
		}
		set := forge.Object{}.Set("keys", keys).Bytes()
		trusted := r.trusted()
		type place struct {
			name, member, kid string
			disguise          bool
			kind              string
			body              []byte
		}
		const jwkSet, certificate = "application/json", "application/x-pem-file"
		chain := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
		places := []place{
			// A kid that nobody knows makes the verifier look; a known one pleases a list.
			{"jku", "jku", fresh, false, jwkSet, set},
			{"jku that looks like one of " + trusted, "jku", cmp.Or(kid, fresh), true, jwkSet, set},
			{"x5u", "x5u", cmp.Or(kid, fresh), false, certificate, chain},
		}
		var attacks []keyed
		var offers []*offer
		for _, p := range places {
			o := r.callback.offer(p.kind, p.body, found{id: catalog.UntrustedKeyHeader, severity: catalog.High, confidence: finding.Certain, step: r.recipe.Protected.Step,
				message:  "the service fetches what a token's header points to, before anybody has vouched for the token (CWE-918)",
				evidence: []string{"the address in " + p.member + " was asked for"}})
			address := o.url
			if p.disguise {
				address = disguised(o.url, trusted)
			}
			offers = append(offers, o)
			attacks = append(attacks, keyed{name: p.name, header: r.token.Header.Set("alg", alg).Set("kid", p.kid).Set(p.member, address), key: key})
		}
		hit := a.keyed(ctx, "a token that says where its key is", attacks...)
		if a.result.Accepted {
			for _, o := range offers {
				o.came()
			}
		}
		if hit != nil {
			a.find(catalog.UntrustedKeyHeader, finding.Certain, "a key is fetched from where the token's own header says, and trusted", a.result.Why)
			a.signs("a key fetched from where the token says", hit)
			return
		}
		var asked []string
		for i, o := range offers {
			if i == 0 && o.await(ctx) || o.came() {
				asked = append(asked, places[i].name)
				r.find(o.found)
			}
		}
		if len(asked) > 0 && !a.result.Accepted {
			a.result.Verdict, a.result.Why = finding.Fail, fmt.Sprintf("the token is refused, but the service came for its key (%s)", strings.Join(asked, ", "))
		}
	},
})

// trusted is the origin from which the service would fetch its keys by right, as
// far as its own token tells.
func (r *run) trusted() string {
	for _, address := range []string{r.token.Header.Text("jku"), r.token.Header.Text("x5u"), r.token.Payload.Text("iss")} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			return u.Scheme + "://" + u.Host
		}
	}
	return r.recipe.Target.Scheme + "://" + r.recipe.Target.Host
}
