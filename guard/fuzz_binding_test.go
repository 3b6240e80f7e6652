package guard_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// openProofs opens a guard that remembers no more than a few proofs.
func openProofs(f *testing.F) (*guard.Guard, *memo) {
	m := new(memo)
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"https://login.example"}, Audience: []string{"orders"},
		Limit: guard.LimitConfig{Disabled: true}, Binding: guard.BindingConfig{Proofs: 16},
		Events: guard.EventConfig{Sink: m, Heartbeat: -1}, Now: newClock().Now,
	})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { g.Close(f.Context()) })
	return g, m
}

// FuzzProof takes any text for a proof. What is admitted is a proof in the eyes
// of golang-jwt and encoding/json too, and nothing but the one that was signed.
func FuzzProof(f *testing.F) {
	g, m := openProofs(f)
	holder := newHolder(f, "ES256", holderP256())
	now := newClock().Now()
	claims := usual(now)
	claims["cnf"] = map[string]any{"jkt": holder.print}
	token := signed(f, jwt.SigningMethodHS256, secret, claims)
	for _, edit := range []func(*draft){
		nil, func(d *draft) { d.header["typ"] = "JWT" }, func(d *draft) { d.header["alg"] = "none" },
		func(d *draft) { d.header["jwk"] = map[string]any{"kty": "RSA", "n": "AQAB", "e": "AQAB"} },
		func(d *draft) { d.claims["iat"] = 1.5 }, func(d *draft) { d.claims["htu"] = "https://%zz" },
	} {
		f.Add(holder.proof(f, "GET", orderURL, token, now, edit))
	}
	f.Add("")
	f.Add("a.b.c")
	f.Fuzz(func(t *testing.T, raw string) {
		_, err := g.Check(t.Context(), token, guard.Meta{Method: "GET", URL: orderURL, Proof: event.NewRaw(raw)})
		for _, e := range m.take() {
			if e.Detail == "" && err != nil {
				t.Fatalf("no detail for %q", raw)
			}
		}
		var refused *guard.Error
		switch {
		case errors.As(err, &refused) && refused.Reason.Class() != event.ClassInternal:
			return
		case err != nil:
			t.Fatalf("%v for %q", err, raw)
		}
		p, err := jwt.NewParser(jwt.WithStrictDecoding(), jwt.WithValidMethods([]string{"ES256"}), jwt.WithTimeFunc(newClock().Now)).
			Parse(raw, func(*jwt.Token) (any, error) { return holder.key.Public(), nil })
		if err != nil {
			t.Fatalf("admitted, and golang-jwt says %v: %q", err, raw)
		}
		if c := p.Claims.(jwt.MapClaims); c["htm"] != "GET" || c["ath"] == nil || c["jti"] == "" {
			t.Fatalf("admitted: %v", c)
		}
	})
}

// FuzzProofParts signs headers and claims as they come, so that what lies behind
// the signature is reached.
func FuzzProofParts(f *testing.F) {
	g, m := openProofs(f)
	holder := newHolder(f, "ES256", holderP256())
	now := newClock().Now()
	c := usual(now)
	c["cnf"] = map[string]any{"jkt": holder.print}
	token := signed(f, jwt.SigningMethodHS256, secret, c)
	sum := sha256.Sum256([]byte(token))
	jwk := jsonOf(holder.jwk)
	f.Add(`{"typ":"dpop+jwt","alg":"ES256","jwk":`+jwk+`}`, fmt.Sprintf(`{"jti":"1","htm":"GET","htu":%q,"iat":%d,"ath":%q}`, orderURL, now.Unix(), b64(sum[:])))
	f.Add(`{"alg":"ES256","typ":"dpop+jwt","jwk":{"kty":"EC"}}`, `{"jti":"","htm":"GET"}`)
	f.Add(`{"alg":"ES256","typ":"dpop+jwt","jwk":`+jwk+`,"jwk":{}}`, `{"iat":1e400}`)
	f.Fuzz(func(t *testing.T, header, claims string) {
		body := b64([]byte(header)) + "." + b64([]byte(claims))
		sig, err := jwt.SigningMethodES256.Sign(body, holder.key)
		if err != nil {
			t.Fatal(err)
		}
		_, err = g.Check(t.Context(), token, guard.Meta{Method: "GET", URL: orderURL, Proof: event.NewRaw(body + "." + b64(sig))})
		m.take()
		if err != nil {
			return
		}
		var h struct {
			Typ, Alg string
			JWK      map[string]any
		}
		var c struct {
			JTI, HTM, HTU, Ath string
			Iat                float64
		}
		if err := errors.Join(json.Unmarshal([]byte(header), &h), json.Unmarshal([]byte(claims), &c)); err != nil {
			t.Fatalf("admitted, and encoding/json says %v", err)
		}
		u, err := url.Parse(c.HTU)
		if h.Alg != "ES256" || h.JWK["x"] != holder.jwk["x"] || h.JWK["d"] != nil || c.JTI == "" || c.HTM != "GET" || c.Ath != b64(sum[:]) || c.Iat == 0 ||
			err != nil || !strings.EqualFold(strings.TrimSuffix(u.Host, ":443"), "api.example") {
			t.Fatalf("admitted: %s . %s", header, claims)
		}
	})
}

// FuzzURL: the form in which URLs are compared is one that it leaves as it is,
// and one that net/url reads as the same place.
func FuzzURL(f *testing.F) {
	for _, s := range []string{orderURL, "HTTP://a:80/%7e/./b/../c?x#y", "https://[::1]:443//", "https://a/%2F%2e%2e/..", "x", "https://a/..", "https://a:/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		c := guard.CanonicalURL(raw)
		if c == "" {
			return
		}
		if again := guard.CanonicalURL(c); again != c {
			t.Fatalf("%q becomes %q becomes %q", raw, c, again)
		}
		before, err1 := url.Parse(raw)
		after, err2 := url.Parse(c)
		if err1 == nil && (err2 != nil || after.RawQuery != "" || after.Fragment != "" || after.User != nil || !strings.EqualFold(before.Hostname(), after.Hostname())) {
			t.Fatalf("%q becomes %q: %v", raw, c, err2)
		}
		if strings.Contains(after.EscapedPath()+"/", "/../") || strings.Contains(after.EscapedPath()+"/", "/./") {
			t.Fatalf("dot segments in %q", c)
		}
	})
}
