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
	Requests: requests(2),
	Run: func(ctx context.Context, a *attempt) {
		t := a.run.token
		alg := t.Header.Text("alg")
		if !strings.HasPrefix(alg, "HS") {
			a.skip("the token is not signed with a shared secret, but by %s", clip(alg, 16))
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
