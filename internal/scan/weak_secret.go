package scan

import (
	"context"
	"fmt"
	"strings"

	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "weak-secret",
	Weakness: catalog.WeakSecret,
	Title:    "the secret looked up in a list, and the likeliest tried",
	Stage:    StageKey,
	Needs:    []Need{NeedJWT},
	Requests: requests(keyedRequests(len(alternatives))),
	Run: func(ctx context.Context, a *attempt) {
		t := a.run.token
		alg := t.Header.Text("alg")
		if !strings.HasPrefix(alg, "HS") {
			a.alternative(ctx)
			return
		}
		secret, ok := forge.Crack(t, weakSecrets)
		if !ok {
			a.alternative(ctx)
			if a.result.Verdict == finding.Pass {
				a.result.Why = fmt.Sprintf("not among %d candidates, and none of the likeliest is taken beside it", candidates())
			}
			return
		}
		// A word of the language cannot be hunted through reports; the rest can.
		if len(secret) >= 12 {
			a.run.know("the signing secret", secret, standing)
		}
		what := fmt.Sprintf("%d bytes, %s", len(secret), a.run.prints.Text(secret))
		s := keySigner("the secret that was found", alg, []byte(secret))
		if a.run.signer == nil {
			a.run.signer = s
		}
		evidence := []string{fmt.Sprintf("the secret that signs the service's tokens (%s) is one of %d candidates", what, candidates())}
		if token, err := s.sign(t.Header, a.run.fresh().Set("jti", newCanary())); err == nil {
			_, got, err := a.send(ctx, token)
			_, other, err2 := a.send(ctx, signedByNobody(t))
			if err == nil && err2 == nil && got == took && other != took {
				a.result.Accepted = true
				evidence = append(evidence, "a token signed with it is accepted, one signed with a random key is not")
			}
		}
		a.fail("the signing secret is guessable (%s)", what)
		a.find(catalog.WeakSecret, finding.Certain, "the secret that signs tokens is in every attacker's list", evidence...)
	},
})

// alternatives are secrets that a verifier may take beside its own key: none at
// all, where nobody set one, and what examples are signed with.
var alternatives = []string{"", "secret", "changeme", "your-256-bit-secret"}

// alternative asks whether tokens are taken under a secret that everybody knows,
// too: that of a fallback, an example, or a key that was to be retired.
func (a *attempt) alternative(ctx context.Context) {
	alg := a.run.shared()
	var attacks []keyed
	for i, secret := range alternatives {
		name := fmt.Sprintf("%s with candidate %d of the list", alg, i)
		if secret == "" {
			name = alg + " with an empty secret"
		}
		attacks = append(attacks, keyed{name: name, header: a.run.token.Header.Set("alg", alg), key: []byte(secret)})
	}
	if hit := a.keyed(ctx, "a token signed with a secret that everybody knows", attacks...); hit != nil {
		a.find(catalog.WeakSecret, finding.Certain, "beside the service's own key, a secret that everybody knows signs tokens", a.result.Why)
		a.signs("a secret that everybody knows", hit)
	}
}
