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
	Title:    "the secret looked up in a list, and used",
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
			a.pass("not among %d candidates", candidates())
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

// alternatives are secrets that a verifier may take beside its public key: none
// at all, where nobody set one, and what examples are signed with.
var alternatives = []string{"", "secret", "your-256-bit-secret"}

// alternative asks whether tokens that are signed with a private key are taken
// under a secret that everybody knows, too.
func (a *attempt) alternative(ctx context.Context) {
	var attacks []keyed
	for i, secret := range alternatives {
		name := fmt.Sprintf("HS256 with candidate %d of the list", i)
		if secret == "" {
			name = "HS256 with an empty secret"
		}
		attacks = append(attacks, keyed{name: name, header: a.run.token.Header.Set("alg", "HS256"), key: []byte(secret)})
	}
	if hit := a.keyed(ctx, "a token signed with a secret that everybody knows", attacks...); hit != nil {
		a.find(catalog.WeakSecret, finding.Certain, "beside the private key, a secret that everybody knows signs tokens", a.result.Why)
		a.signs("a secret that everybody knows", hit)
	}
}
