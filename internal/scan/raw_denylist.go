package scan

import (
	"context"
	"crypto/elliptic"
	"encoding/base64"
	"math/big"
	"strings"

	"github.com/jotsight/jotsight/guard/event"
	"github.com/jotsight/jotsight/internal/catalog"
	"github.com/jotsight/jotsight/internal/finding"
	"github.com/jotsight/jotsight/internal/scan/forge"
)

var _ = add(Probe{
	Name:     "raw-denylist",
	Weakness: catalog.RawTokenDenylist,
	Title:    "another spelling of a revoked token",
	Stage:    StageLifecycle,
	Needs:    []Need{NeedJWT, NeedLogin, NeedLogout},
	Requests: requests(12),
	Logins:   requests(1),
	Truth: []event.Reason{event.ReasonRevoked, event.ReasonSessionEnded, event.ReasonFamilyRevoked, event.ReasonUnknownToken,
		event.ReasonBadEncoding, event.ReasonMalformed},
	Silent: catalog.SilentRevokedUse,
	Run:    rawDenylist,
})

// rawDenylist asks first, with a token that is good, which other spellings the
// verifier takes. Only where it takes one can a denylist of texts be evaded.
func rawDenylist(ctx context.Context, a *attempt) {
	r := a.run
	var live []respelling
	for _, sp := range respellings {
		token, ok := sp.of(r.token)
		if !ok {
			continue
		}
		control := attempt{run: r, v: a.v}
		if _, got, err := control.send(ctx, token); err == nil && got == took {
			live = append(live, sp)
		}
	}
	if len(live) == 0 {
		a.pass("no other spelling of a token is taken, revoked or not")
		return
	}
	name, step := "logout", r.recipe.Logout
	if step == nil {
		name, step = "revoke", r.recipe.Revoke
	}
	s, why := a.ended(ctx, name, *step)
	if s != nil {
		defer s.v.close()
	}
	if why != "" {
		a.inconclusive("%s", why)
		return
	}
	own := attempt{run: r, v: s.v}
	switch _, got, err := own.send(ctx, s.access()); {
	case err == nil && got == took:
		a.skip("the token itself works after %s, as use-after-logout says", name)
		return
	case err != nil || got != refused:
		a.inconclusive("the token after %s is %s", name, orError(got, err))
		return
	}
	t, err := forge.Parse(s.access())
	if err != nil {
		a.inconclusive("the token of the second session: %v", err)
		return
	}
	r.settle(ctx)
	a.begin()
	var list []variant
	for _, sp := range live {
		if token, ok := sp.of(t); ok {
			list = append(list, variant{sp.name, func(string) string { return token }})
		}
	}
	accepted, doubt := a.try(ctx, list...)
	a.judge(accepted, doubt, "another spelling of a revoked token")
	if len(accepted) > 0 {
		a.find(catalog.RawTokenDenylist, finding.Certain, "revocation knows a token by its text, and another spelling of it passes", a.probe.Name+": "+a.result.Why)
	}
}

// A respelling writes the same token as another text.
type respelling struct {
	name string
	of   func(t *forge.Token) (token string, ok bool)
}

const base64url = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

var respellings = []respelling{
	// The last letter carries two or four bits that no byte needs (RFC 4648 section 3.5).
	{"other spare bits", func(t *forge.Token) (string, bool) {
		sig := t.Signature
		if len(sig) == 0 || len(sig)%4 == 0 {
			return "", false
		}
		i := strings.IndexByte(base64url, sig[len(sig)-1])
		if i < 0 {
			return "", false
		}
		return t.Signing + "." + sig[:len(sig)-1] + base64url[i^1:i^1+1], true
	}},
	{"padding", func(t *forge.Token) (string, bool) {
		pad := (4 - len(t.Signature)%4) % 4
		return t.Signing + "." + t.Signature + strings.Repeat("=", pad), pad > 0
	}},
	// With (r, s) also (r, n - s) is a signature of the same text.
	{"the other ECDSA signature", func(t *forge.Token) (string, bool) {
		curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[t.Header.Text("alg")]
		sig, err := base64.RawURLEncoding.DecodeString(t.Signature)
		if curve == nil || err != nil || len(sig)%2 != 0 || len(sig) == 0 {
			return "", false
		}
		half := len(sig) / 2
		s := new(big.Int).SetBytes(sig[half:])
		if s.Sub(curve.Params().N, s); s.Sign() <= 0 || s.BitLen() > half*8 {
			return "", false
		}
		s.FillBytes(sig[half:])
		return t.Signing + "." + forge.Encode(sig), true
	}},
}
