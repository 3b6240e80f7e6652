package guard_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"maps"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

var b64 = base64.RawURLEncoding.EncodeToString

// A holder is a client that holds a key.
type holder struct {
	alg   string
	key   crypto.Signer
	jwk   map[string]any
	print string // RFC 7638
}

func newHolder(t testing.TB, alg string, key crypto.Signer) *holder {
	t.Helper()
	h := &holder{alg: alg, key: key}
	switch k := key.Public().(type) {
	case *ecdsa.PublicKey:
		point, err := k.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		n := len(point) / 2
		h.jwk = map[string]any{"crv": k.Params().Name, "kty": "EC", "x": b64(point[1 : 1+n]), "y": b64(point[1+n:])}
	case ed25519.PublicKey:
		h.jwk = map[string]any{"crv": "Ed25519", "kty": "OKP", "x": b64(k)}
	case *rsa.PublicKey:
		h.jwk = map[string]any{"e": b64(big.NewInt(int64(k.E)).Bytes()), "kty": "RSA", "n": b64(k.N.Bytes())}
	}
	// encoding/json writes maps in the order of RFC 7638.
	sum := sha256.Sum256([]byte(jsonOf(h.jwk)))
	h.print = b64(sum[:])
	return h
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var (
	holderP256 = sync.OnceValue(func() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) })
	holderRSA  = sync.OnceValue(func() crypto.Signer { return must(rsa.GenerateKey(rand.Reader, 2048)) })
)

// A draft is a proof before it is signed.
type draft struct {
	header, claims map[string]any
	signer         *holder
	text           func(signed string) string // a last touch
}

// proof signs a proof for a request and, where token is not empty, for a token.
func (h *holder) proof(t testing.TB, method, url, token string, now time.Time, edit func(*draft)) string {
	t.Helper()
	d := &draft{
		header: map[string]any{"typ": "dpop+jwt", "alg": h.alg, "jwk": maps.Clone(h.jwk)},
		claims: map[string]any{"jti": rand.Text(), "htm": method, "htu": url, "iat": now.Unix()},
		signer: h,
	}
	if token != "" {
		sum := sha256.Sum256([]byte(token))
		d.claims["ath"] = b64(sum[:])
	}
	if edit != nil {
		edit(d)
	}
	return d.sign(t)
}

func (d *draft) sign(t testing.TB) string {
	t.Helper()
	method := jwt.GetSigningMethod(d.signer.alg)
	if d.signer.alg == "Ed25519" {
		method = jwt.SigningMethodEdDSA
	}
	body := b64([]byte(jsonOf(d.header))) + "." + b64([]byte(jsonOf(d.claims)))
	sig, err := method.Sign(body, d.signer.key)
	if err != nil {
		t.Fatal(err)
	}
	raw := body + "." + b64(sig)
	if d.text != nil {
		raw = d.text(raw)
	}
	return raw
}

const orderURL = "https://api.example/orders/7"

// bound gives a token that is bound to the holder's key.
func (b *bench) bound(t *testing.T, h *holder) string {
	return b.token(t, func(c jwt.MapClaims) { c["cnf"] = map[string]any{"jkt": h.print} })
}

// ask sends a request for orderURL with a token under a scheme, and with proofs.
func ask(h http.Handler, scheme, raw string, proofs ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest("GET", orderURL+"?page=2", nil)
	r.RemoteAddr = "203.0.113.7:4711"
	if raw != "" {
		r.Header.Set("Authorization", scheme+" "+raw)
	}
	r.Header["Dpop"] = proofs
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestProofs(t *testing.T) {
	p384, p521 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	_, ed, _ := ed25519.GenerateKey(rand.Reader)
	b := newBench(t, nil)
	h := b.Verify(answerOK)
	for _, holder := range []*holder{
		newHolder(t, "ES256", holderP256()), newHolder(t, "ES384", p384), newHolder(t, "ES512", p521), newHolder(t, "EdDSA", ed),
		newHolder(t, "Ed25519", ed), newHolder(t, "RS256", holderRSA()), newHolder(t, "PS256", holderRSA()),
	} {
		t.Run(holder.alg, func(t *testing.T) {
			token := b.bound(t, holder)
			for range 2 { // the second time from the cache
				w := ask(h, "DPoP", token, holder.proof(t, "GET", orderURL, token, b.clock.Now(), nil))
				if w.Code != 200 {
					t.Errorf("status %d, events %s", w.Code, brief(b.memo.take()))
				}
			}
			if w := ask(h, "DPoP", token); w.Code != 401 {
				t.Errorf("without a proof, after a good one: status %d, want 401", w.Code)
			}
		})
	}
}

// RFC 7638 section 3.1 has a key with its thumbprint, and RFC 9449 section 4.1 a
// proof for the one of section 6.1: what we compute is what others do.
func TestRFCVectors(t *testing.T) {
	const (
		proof = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA"
		token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"
		jkt   = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
	)
	if why := guard.JudgeProof(proof, "GET", "https://resource.example.org/protectedresource", token, jkt, time.Unix(1562262618, 0)); why != "" {
		t.Errorf("the proof of RFC 9449 section 7.1: %s", why)
	}
	if why := guard.JudgeProof(proof, "GET", "https://resource.example.org/protectedresource", token+"x", jkt, time.Unix(1562262618, 0)); why == "" {
		t.Error("the proof of RFC 9449 section 7.1 is good for another token")
	}
	const key = `{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB","alg":"RS256","kid":"2011-04-29"}`
	if got, want := guard.Thumbprint(key), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"; got != want {
		t.Errorf("thumbprint of RFC 7638 section 3.1: got %q, want %q", got, want)
	}
}

// Each row is one way in which a proof can be wrong.
func TestBadProofs(t *testing.T) {
	ours, theirs := newHolder(t, "ES256", holderP256()), newHolder(t, "ES256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	rs := newHolder(t, "RS256", holderRSA())
	header := func(name string, value any) func(*draft) { return func(d *draft) { d.header[name] = value } }
	claim := func(name string, value any) func(*draft) { return func(d *draft) { d.claims[name] = value } }
	jwk := func(name string, value any) func(*draft) {
		return func(d *draft) { d.header["jwk"].(map[string]any)[name] = value }
	}
	without := func(of func(*draft) map[string]any, name string) func(*draft) {
		return func(d *draft) { delete(of(d), name) }
	}
	claims := func(d *draft) map[string]any { return d.claims }
	headers := func(d *draft) map[string]any { return d.header }
	text := func(f func(string) string) func(*draft) { return func(d *draft) { d.text = f } }
	later := func(d time.Duration) func(*draft) {
		return func(p *draft) { p.claims["iat"] = p.claims["iat"].(int64) + int64(d/time.Second) }
	}
	// header and claims as they are written, signed by nobody
	written := func(header, claims string) func(*draft) {
		return text(func(string) string {
			return b64([]byte(header)) + "." + b64([]byte(claims)) + "." + b64(make([]byte, 64))
		})
	}
	wide := rsa.PublicKey{N: new(big.Int).SetBit(big.NewInt(1), 4096, 1), E: 3}
	const proofCode, tokenCode = `DPoP error="invalid_dpop_proof", algs="`, `DPoP error="invalid_token", algs="`
	tests := []struct {
		name   string
		edit   func(*draft)
		reason event.Reason
		detail string
		code   string // of the challenge; the default is proofCode
	}{
		// Check 2: a JWS.
		{"not a JWS", text(func(string) string { return "proof" }), event.ReasonMalformed, "the proof is no compact JWS", ""},
		{"two segments", text(func(s string) string { return s[:strings.LastIndexByte(s, '.')] }), event.ReasonMalformed, "the proof is no compact JWS", ""},
		{"five segments", text(func(s string) string { return s + ".a.b" }), event.ReasonTooManyParts, "the proof is no compact JWS", ""},
		{"padded", text(func(s string) string { return s + "=" }), event.ReasonBadEncoding, "the proof is no compact JWS", ""},
		{"oversized", claim("jti", strings.Repeat("j", 4<<10)), event.ReasonOversized, "the proof is no compact JWS", ""},
		{"two in one header", text(func(s string) string { return s + ", " + s }), event.ReasonMultipleTokens, "the request brings several proofs", ""},
		{"none", text(func(string) string { return "" }), event.ReasonBindingMismatch, "the request brings no proof", ""},
		{"header not base64", text(func(s string) string { return "A" + s[strings.IndexByte(s, '.'):] }), event.ReasonBadEncoding, "the proof's header is no base64url", ""},
		{"header not JSON", written(`{"typ"`, `{}`), event.ReasonMalformed, "the proof's header is no JSON object", ""},
		{"alg twice", written(`{"typ":"dpop+jwt","alg":"ES256","alg":"none"}`, `{}`), event.ReasonDuplicateMember, "the proof's header states a member twice", ""},
		{"alg a number", header("alg", 7), event.ReasonMalformed, "the proof's alg or typ is no text", ""},
		// Check 3: the claims are there.
		{"no jti", without(claims, "jti"), event.ReasonMissingClaim, "the proof lacks jti, htm, htu or iat", ""},
		{"empty jti", claim("jti", ""), event.ReasonMissingClaim, "the proof lacks jti, htm, htu or iat", ""},
		{"no htm", without(claims, "htm"), event.ReasonMissingClaim, "the proof lacks jti, htm, htu or iat", ""},
		{"no htu", without(claims, "htu"), event.ReasonMissingClaim, "the proof lacks jti, htm, htu or iat", ""},
		{"no iat", without(claims, "iat"), event.ReasonMissingClaim, "the proof lacks jti, htm, htu or iat", ""},
		{"no ath", without(claims, "ath"), event.ReasonMissingClaim, "the proof has no ath", ""},
		{"iat a text", claim("iat", "now"), event.ReasonBadClaim, "a claim of the proof has the wrong type", ""},
		{"jti a number", claim("jti", 7), event.ReasonBadClaim, "a claim of the proof has the wrong type", ""},
		{"htu a list", claim("htu", []string{orderURL}), event.ReasonBadClaim, "a claim of the proof has the wrong type", ""},
		// Check 4: typ.
		{"no typ", without(headers, "typ"), event.ReasonBadType, "the proof's typ is not dpop+jwt", ""},
		{"JWT", header("typ", "JWT"), event.ReasonBadType, "the proof's typ is not dpop+jwt", ""},
		{"an access token", header("typ", "at+jwt"), event.ReasonCrossTokenUse, "the proof's typ is not dpop+jwt", ""},
		// Check 5: alg.
		{"alg none", header("alg", "none"), event.ReasonAlgNone, "the proof is not signed", ""},
		{"alg NoNe", header("alg", "NoNe"), event.ReasonAlgNone, "the proof is not signed", ""},
		{"HMAC", header("alg", "HS256"), event.ReasonAlgNotAllowed, "the proof's alg is not one that proofs may have", ""},
		{"no alg", without(headers, "alg"), event.ReasonAlgNotAllowed, "the proof's alg is not one that proofs may have", ""},
		{"unknown alg", header("alg", "ES256K"), event.ReasonAlgNotAllowed, "the proof's alg is not one that proofs may have", ""},
		{"alg of another key", header("alg", "RS256"), event.ReasonAlgKeyMismatch, "the proof's alg does not go with its jwk", ""},
		{"alg of another curve", header("alg", "ES384"), event.ReasonAlgKeyMismatch, "the proof's alg does not go with its jwk", ""},
		{"crit", header("crit", []string{"x"}), event.ReasonBadCrit, "the proof has critical headers", ""},
		// Checks 6 and 7: the key.
		{"no jwk", without(headers, "jwk"), event.ReasonMissingClaim, "the proof brings no jwk", ""},
		{"jwk a text", header("jwk", "key"), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"jwk a private key", jwk("d", "AAAA"), event.ReasonBadClaim, "the proof's jwk holds a private key", ""},
		{"jwk a secret", header("jwk", map[string]any{"kty": "oct", "k": "AAAA"}), event.ReasonBadClaim, "the proof's jwk holds a private key", ""},
		{"jwk without a point", header("jwk", map[string]any{"kty": "EC", "crv": "P-256"}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"a point beside the curve", jwk("x", b64(make([]byte, 32))), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"a short coordinate", jwk("x", b64(make([]byte, 31))), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"an unknown curve", jwk("crv", "secp256k1"), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"a short Ed25519 key", header("jwk", map[string]any{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"an X25519 key", header("jwk", map[string]any{"kty": "OKP", "crv": "X25519", "x": b64(make([]byte, 32))}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"a small RSA key", header("jwk", map[string]any{"kty": "RSA", "n": b64([]byte{0x81, 1}), "e": "AQAB"}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"a huge RSA key", header("jwk", map[string]any{"kty": "RSA", "n": b64(wide.N.Bytes()), "e": "AQAB"}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"an RSA key with e = 1", header("jwk", map[string]any{"kty": "RSA", "n": rs.jwk["n"], "e": "AQ"}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"an RSA key with a zero in front", header("jwk", map[string]any{"kty": "RSA", "n": "AA" + rs.jwk["n"].(string), "e": "AQAB"}), event.ReasonBadClaim, "the proof's jwk is not a public key that can be used", ""},
		{"kty twice", written(`{"typ":"dpop+jwt","alg":"ES256","jwk":{"kty":"EC","kty":"RSA"}}`, `{}`), event.ReasonDuplicateMember, "the proof's jwk states a member twice", ""},
		{"signed by another", func(d *draft) { d.signer = theirs }, event.ReasonBadSignature, "the proof's signature does not hold", ""},
		{"signature cut", text(func(s string) string { return s[:len(s)-2] }), event.ReasonBadSignature, "the proof's signature does not hold", ""},
		{"no signature", text(func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] }), event.ReasonBadSignature, "the proof's signature does not hold", ""},
		{"signature zero", text(func(s string) string { return s[:strings.LastIndexByte(s, '.')+1] + b64(make([]byte, 64)) }), event.ReasonPsychicSignature, "the proof's signature is zero", ""},
		{"signature respelled", text(func(s string) string { return respell(s, 1) }), event.ReasonBadEncoding, "the proof's signature is no base64url", ""},
		// Checks 8 and 9: the request.
		{"htm POST", claim("htm", "POST"), event.ReasonBindingMismatch, "the proof is for another method", ""},
		{"htm get", claim("htm", "get"), event.ReasonBindingMismatch, "the proof is for another method", ""},
		{"another path", claim("htu", "https://api.example/orders/8"), event.ReasonBindingMismatch, "the proof is for another URL", ""},
		{"another host", claim("htu", "https://api.evil.example/orders/7"), event.ReasonBindingMismatch, "the proof is for another URL", ""},
		{"another port", claim("htu", "https://api.example:8443/orders/7"), event.ReasonBindingMismatch, "the proof is for another URL", ""},
		{"another scheme", claim("htu", "http://api.example/orders/7"), event.ReasonBindingMismatch, "the proof is for another URL", ""},
		{"a path alone", claim("htu", "/orders/7"), event.ReasonBindingMismatch, "the proof is for another URL", ""},
		{"a user in htu", claim("htu", "https://a@api.example/orders/7"), event.ReasonBindingMismatch, "the proof is for another URL", ""},
		// Check 11: the time.
		{"six minutes old", later(-6 * time.Minute), event.ReasonTooOld, "the proof is too old", ""},
		{"two minutes ahead", later(2 * time.Minute), event.ReasonIssuedInFuture, "the proof's iat is ahead", ""},
		{"40 seconds ahead", later(40 * time.Second), event.ReasonClockSkew, "the proof's time is ahead by a little", ""},
		{"exp past", claim("exp", 1), event.ReasonExpired, "the proof has expired", ""},
		// Check 12: the token.
		{"ath of another token", claim("ath", b64(make([]byte, 32))), event.ReasonBindingMismatch, "the proof is for another token", ""},
		{"another key", func(d *draft) { d.header["jwk"], d.signer = theirs.jwk, theirs }, event.ReasonBindingMismatch, "the token is bound to another key", tokenCode},
		{"another type of key", func(d *draft) { d.header["jwk"], d.header["alg"], d.signer = rs.jwk, "RS256", rs }, event.ReasonBindingMismatch, "the token is bound to another key", tokenCode},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, nil)
			token := b.bound(t, ours)
			served := false
			h := b.Verify(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
			proof := ours.proof(t, "GET", orderURL, token, b.clock.Now(), test.edit)
			w := ask(h, "DPoP", token, proof)
			if served || w.Code != 401 {
				t.Errorf("status %d, served %v; want 401, false", w.Code, served)
			}
			e := b.memo.one(t)
			if e.Reason != test.reason || e.Detail != test.detail || e.Kind != event.VerificationFailed || !e.Verified || e.UserID == "" {
				t.Errorf("got %v %v %q, verified %v; want verification_failed %v %q, true", e.Kind, e.Reason, e.Detail, e.Verified, test.reason, test.detail)
			}
			code := test.code
			if code == "" {
				code = proofCode
			}
			if c := w.Header().Values("WWW-Authenticate"); len(c) != 1 || !strings.HasPrefix(c[0], code) || !strings.Contains(c[0], "ES256") {
				t.Errorf("challenge %q, want %q", c, code)
			}
			if out := w.Body.String() + string(e.Append(nil)); len(proof) > 20 && strings.Contains(out, proof[len(proof)-20:]) {
				t.Errorf("a part of the proof is in the event or the answer: %s", out)
			}
			if w := ask(h, "DPoP", token, ours.proof(t, "GET", orderURL, token, b.clock.Now(), nil)); w.Code != 200 {
				t.Errorf("a good proof after the bad one: status %d, want 200", w.Code)
			}
		})
	}
}

// What is good although it looks otherwise.
func TestGoodProofs(t *testing.T) {
	holder := newHolder(t, "ES256", holderP256())
	for name, edit := range map[string]func(*draft){
		"htu with a query":       func(d *draft) { d.claims["htu"] = orderURL + "?page=3#top" },
		"htu with a port":        func(d *draft) { d.claims["htu"] = "HTTPS://API.example:443/orders/7" },
		"htu escaped":            func(d *draft) { d.claims["htu"] = "https://api.example/%6frders/7" },
		"htu with dots":          func(d *draft) { d.claims["htu"] = "https://api.example/x/../orders/./7" },
		"typ in capitals":        func(d *draft) { d.header["typ"] = "application/DPoP+JWT" },
		"members nobody knows":   func(d *draft) { d.claims["x"], d.header["y"], d.header["kid"] = 1, 2, "k" },
		"a JWK with more in it":  func(d *draft) { j := d.header["jwk"].(map[string]any); j["use"], j["kid"] = "sig", "k" },
		"29 s ahead":             func(d *draft) { d.claims["iat"] = d.claims["iat"].(int64) + 29 },
		"5 min old":              func(d *draft) { d.claims["iat"] = d.claims["iat"].(int64) - 300 },
		"with a fraction of iat": func(d *draft) { d.claims["iat"] = float64(d.claims["iat"].(int64)) + 0.5 },
	} {
		b := newBench(t, nil)
		token := b.bound(t, holder)
		if w := ask(b.Verify(answerOK), "DPoP", token, holder.proof(t, "GET", orderURL, token, b.clock.Now(), edit)); w.Code != 200 {
			t.Errorf("%s: status %d, %s", name, w.Code, b.memo.one(t).Detail)
		}
	}
}

func TestSchemes(t *testing.T) {
	holder := newHolder(t, "ES256", holderP256())
	jkt := map[string]any{"jkt": holder.print}
	hash := b64(make([]byte, 32))
	tests := []struct {
		name      string
		cnf       any
		scheme    string
		noProof   bool
		config    func(*guard.Config)
		reason    event.Reason // zero for admitted
		detail    string
		challenge string // what it begins with
	}{
		{"bound as DPoP", jkt, "DPoP", false, nil, 0, "", ""},
		{"bound as dpop", jkt, "dpop", false, nil, 0, "", ""},
		{"unbound as Bearer", nil, "Bearer", true, nil, 0, "", ""},
		{"unbound as Bearer beside a proof", nil, "Bearer", false, nil, 0, "", ""},
		{"bound as Bearer", jkt, "Bearer", true, nil, event.ReasonBindingMismatch, "a token that is bound to a key of proofs came without the scheme DPoP", `DPoP error="invalid_token"`},
		{"bound as Bearer beside a proof", jkt, "Bearer", false, nil, event.ReasonBindingMismatch, "a token that is bound to a key of proofs came without the scheme DPoP", `DPoP error="invalid_token"`},
		{"unbound as DPoP", nil, "DPoP", false, nil, event.ReasonBindingMismatch, "the token is bound to no key, and came as if it were", `DPoP error="invalid_token"`},
		{"unbound where it is required", nil, "Bearer", true, func(c *guard.Config) { c.Binding.Required = true }, event.ReasonBindingMismatch, "the token is bound to no key", `DPoP error="invalid_token"`},
		{"bound where it is required", jkt, "DPoP", false, func(c *guard.Config) { c.Binding.Required = true }, 0, "", ""},
		{"cnf null", nullCnf{}, "Bearer", true, nil, event.ReasonBadClaim, "", "Bearer error"},
		{"cnf a text", "key", "Bearer", true, nil, event.ReasonBadClaim, "", "Bearer error"},
		{"cnf empty", map[string]any{}, "Bearer", true, nil, event.ReasonBadClaim, "", "Bearer error"},
		{"jkt a number", map[string]any{"jkt": 7}, "DPoP", false, nil, event.ReasonBadClaim, "", `DPoP error="invalid_token"`},
		{"jkt short", map[string]any{"jkt": "AAAA"}, "DPoP", false, nil, event.ReasonBadClaim, "", `DPoP error="invalid_token"`},
		{"jkt with a line end", map[string]any{"jkt": holder.print + "\n"}, "DPoP", false, nil, event.ReasonBadClaim, "", `DPoP error="invalid_token"`},
		{"jkt padded", map[string]any{"jkt": holder.print + "="}, "DPoP", false, nil, event.ReasonBadClaim, "", `DPoP error="invalid_token"`},
		{"a method nobody knows", map[string]any{"jwk": holder.jwk}, "Bearer", true, nil, event.ReasonBindingMismatch, "cnf names no way of binding that can be checked", "Bearer error"},
		{"a method nobody knows, with a proof", map[string]any{"kid": "k"}, "DPoP", false, nil, event.ReasonBindingMismatch, "cnf names no way of binding that can be checked", `DPoP error="invalid_token"`},
		{"one beside jkt", map[string]any{"jkt": holder.print, "kid": "k"}, "DPoP", false, nil, 0, "", ""},
		{"both, without a certificate", map[string]any{"jkt": holder.print, "x5t#S256": hash}, "DPoP", false, nil, event.ReasonBindingMismatch, "the client showed no certificate", `DPoP error="invalid_token"`},
		{"a certificate, as DPoP", map[string]any{"x5t#S256": hash}, "DPoP", false, nil, event.ReasonBindingMismatch, "the token is bound to no key of proofs, and came as if it were", `DPoP error="invalid_token"`},
		{"a certificate, without one", map[string]any{"x5t#S256": hash}, "Bearer", true, nil, event.ReasonBindingMismatch, "the client showed no certificate", `Bearer error="invalid_token"`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			b := newBench(t, test.config)
			token := b.token(t, func(c jwt.MapClaims) {
				switch test.cnf.(type) {
				case nil:
				case nullCnf:
					c["cnf"] = nil
				default:
					c["cnf"] = test.cnf
				}
			})
			for range 2 { // the second time from the cache
				var proofs []string
				if !test.noProof {
					proofs = append(proofs, holder.proof(t, "GET", orderURL, token, b.clock.Now(), nil))
				}
				bound := false
				w := ask(b.Verify(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					tok, _ := guard.FromContext(r.Context())
					bound = tok.Bound()
				})), test.scheme, token, proofs...)
				list := b.memo.take()
				if test.reason == 0 {
					if w.Code != 200 || bound != (test.cnf != nil) {
						t.Fatalf("status %d, Bound %v, %s", w.Code, bound, brief(list))
					}
					continue
				}
				if w.Code != 401 || len(list) != 1 || list[0].Reason != test.reason || list[0].Detail != test.detail {
					t.Fatalf("status %d, %s, detail %q; want 401, %v, %q", w.Code, brief(list), list[0].Detail, test.reason, test.detail)
				}
				if c := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(c, test.challenge) {
					t.Errorf("challenge %q, want %q", c, test.challenge)
				}
			}
		})
	}
}

type nullCnf struct{}

// All that is wrong with a token under the scheme DPoP, or where nothing else is
// taken, is answered with a challenge for DPoP.
func TestChallenges(t *testing.T) {
	b := newBench(t, nil)
	strict := newBench(t, func(c *guard.Config) { c.Binding.Required, c.Binding.Algorithms = true, []string{"ES256", "EdDSA"} })
	expired := b.token(t, func(c jwt.MapClaims) { c["exp"] = 1 })
	for _, test := range []struct {
		name        string
		b           *bench
		scheme, raw string
		want        string
	}{
		{"expired, Bearer", b, "Bearer", expired, `Bearer error="invalid_token"`},
		{"expired, DPoP", b, "DPoP", expired, `DPoP error="invalid_token", algs="ES256 ES384 ES512 Ed25519 EdDSA PS256 PS384 PS512 RS256 RS384 RS512"`},
		{"missing", b, "", "", "Bearer"},
		{"missing, required", strict, "", "", `DPoP algs="ES256 EdDSA"`},
		{"another scheme, required", strict, "Basic", "YTpi", `DPoP algs="ES256 EdDSA"`},
		{"expired, required", strict, "Bearer", expired, `DPoP error="invalid_token", algs="ES256 EdDSA"`},
	} {
		w := ask(test.b.Verify(answerOK), test.scheme, test.raw)
		if c := w.Header().Get("WWW-Authenticate"); w.Code != 401 || c != test.want {
			t.Errorf("%s: %d, challenge %q; want 401, %q", test.name, w.Code, c, test.want)
		}
	}
	holder := newHolder(t, "ES256", holderP256())
	token := b.bound(t, holder)
	w := ask(b.Require(guard.Scope("admin"))(answerOK), "DPoP", token, holder.proof(t, "GET", orderURL, token, b.clock.Now(), nil))
	if c := w.Header().Get("WWW-Authenticate"); w.Code != 403 || !strings.HasPrefix(c, `DPoP error="insufficient_scope", scope="admin", algs="`) {
		t.Errorf("a missing scope: %d, challenge %q", w.Code, c)
	}
}

// A proof that is sent where an access token belongs, whatever the keys.
func TestProofAsToken(t *testing.T) {
	b := newBench(t, nil)
	holder := newHolder(t, "ES256", holderP256())
	get(b.Verify(answerOK), holder.proof(t, "GET", orderURL, "", b.clock.Now(), nil))
	if e := b.memo.one(t); e.Reason != event.ReasonCrossTokenUse {
		t.Errorf("reason %v, want cross_token_use", e.Reason)
	}
}

// Of a hundred simultaneous requests with one proof exactly one is admitted.
func TestReplay(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Events.Successes = guard.SuccessOff })
	holder := newHolder(t, "ES256", holderP256())
	token := b.bound(t, holder)
	proof := holder.proof(t, "GET", orderURL, token, b.clock.Now(), nil)
	h := b.Verify(answerOK)
	var admitted atomic.Int64
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			if ask(h, "DPoP", token, proof).Code == 200 {
				admitted.Add(1)
			}
		})
	}
	wg.Wait()
	if n := admitted.Load(); n != 1 {
		t.Errorf("%d requests admitted with one proof, want 1", n)
	}
	if err := b.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	var refused int64
	for _, e := range b.memo.take() {
		if e.Kind != event.Replayed || e.Reason != event.ReasonReplayed || e.Detail != "the proof was used before" || e.Severity != event.Error {
			t.Errorf("%v %v %q", e.Kind, e.Reason, e.Detail)
		}
		refused += e.Weight()
	}
	if refused != 99 {
		t.Errorf("events stand for %d replays, want 99", refused)
	}
}

// A proof stays used until it is too old, and the same jti of another key is
// another proof.
func TestReplayLater(t *testing.T) {
	b := newBench(t, nil)
	ours, theirs := newHolder(t, "ES256", holderP256()), newHolder(t, "ES256", must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
	same := func(d *draft) { d.claims["jti"] = "one" }
	h := b.Verify(answerOK)
	tokens := map[*holder]string{ours: b.bound(t, ours), theirs: b.bound(t, theirs)}
	proof := ours.proof(t, "GET", orderURL, tokens[ours], b.clock.Now(), same)
	for _, test := range []struct {
		after  time.Duration
		of     *holder
		proof  string
		reason event.Reason
	}{
		{0, ours, proof, 0},
		{0, ours, proof, event.ReasonReplayed},
		{0, ours, ours.proof(t, "GET", orderURL, tokens[ours], b.clock.Now(), same), event.ReasonReplayed},
		{0, theirs, theirs.proof(t, "GET", orderURL, tokens[theirs], b.clock.Now(), same), 0},
		{5*time.Minute + 30*time.Second, ours, proof, event.ReasonReplayed},
		{time.Second, ours, proof, event.ReasonTooOld},
		{-time.Minute, ours, proof, event.ReasonReplayed},
	} {
		b.clock.add(test.after)
		b.memo.take()
		w := ask(h, "DPoP", tokens[test.of], test.proof)
		if test.reason == 0 {
			if w.Code != 200 {
				t.Errorf("status %d, want 200", w.Code)
			}
		} else if e := b.memo.one(t); e.Reason != test.reason {
			t.Errorf("after %v: %v, want %v", test.after, e.Reason, test.reason)
		}
	}
}

// When the memory is full no proof passes twice, and young ones still pass.
func TestReplayMemoryIsBounded(t *testing.T) {
	const entries = 160
	b := newBench(t, func(c *guard.Config) { c.Binding.Proofs = entries; c.Events.Successes = guard.SuccessOff })
	holder := newHolder(t, "ES256", holderP256())
	token := b.bound(t, holder)
	h := b.Verify(answerOK)
	var used []string
	for range 3 * entries / 16 { // one key has a sixteenth of it
		b.clock.add(time.Second)
		proof := holder.proof(t, "GET", orderURL, token, b.clock.Now(), nil)
		if w := ask(h, "DPoP", token, proof); w.Code != 200 {
			t.Fatalf("a new proof: %d, %s", w.Code, brief(b.memo.take()))
		}
		used = append(used, proof)
	}
	reasons := map[event.Reason]int{}
	for _, proof := range used {
		if ask(h, "DPoP", token, proof).Code == 200 {
			t.Fatal("a used proof was admitted")
		}
	}
	b.Close(t.Context())
	for _, e := range b.memo.take() {
		reasons[e.Reason] += int(e.Weight())
	}
	if want := map[event.Reason]int{event.ReasonReplayed: 10, event.ReasonTooOld: 20}; !maps.Equal(reasons, want) {
		t.Errorf("refused for %v, want %v", reasons, want)
	}
}

// A sharedMemory is what two processes share.
type sharedMemory struct {
	mu   sync.Mutex
	used map[string]time.Time
	down bool
}

func (m *sharedMemory) Use(_ context.Context, id string, until time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.down {
		return false, errors.New("connection refused")
	}
	if _, ok := m.used[id]; ok {
		return false, nil
	}
	m.used[id] = until
	return true, nil
}

func TestSharedMemory(t *testing.T) {
	m := &sharedMemory{used: make(map[string]time.Time)}
	edit := func(c *guard.Config) { c.Binding.Memory = m }
	one, two := newBench(t, edit), newBench(t, edit)
	holder := newHolder(t, "ES256", holderP256())
	token := one.bound(t, holder)
	proof := holder.proof(t, "GET", orderURL, token, one.clock.Now(), nil)
	if w := ask(one.Verify(answerOK), "DPoP", token, proof); w.Code != 200 {
		t.Fatalf("status %d", w.Code)
	}
	if w := ask(two.Verify(answerOK), "DPoP", token, proof); w.Code != 401 {
		t.Errorf("the proof in another process: status %d, want 401", w.Code)
	}
	if e := two.memo.one(t); e.Kind != event.Replayed {
		t.Errorf("%v, want replayed", e.Kind)
	}
	for id, until := range m.used {
		if len(id) != 43 || !until.Equal(one.clock.Now().Add(5*time.Minute+30*time.Second)) {
			t.Errorf("remembered %q until %v", id, until)
		}
	}
	m.down = true
	w := ask(two.Verify(answerOK), "DPoP", token, holder.proof(t, "GET", orderURL, token, two.clock.Now(), nil))
	if e := two.memo.one(t); w.Code != 503 || e.Reason != event.ReasonStoreUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("memory down: %d, %v; want 503, store_unavailable", w.Code, e.Reason)
	}
}

func TestNonce(t *testing.T) {
	edit := func(c *guard.Config) { c.Binding.NonceKey = []byte(strings.Repeat("n", 32)) }
	b, other := newBench(t, edit), newBench(t, edit)
	holder := newHolder(t, "ES256", holderP256())
	token := b.bound(t, holder)
	nonce := ""
	send := func(b *bench, nonce string) (*httptest.ResponseRecorder, event.Event) {
		t.Helper()
		b.memo.take()
		w := ask(b.Verify(answerOK), "DPoP", token, holder.proof(t, "GET", orderURL, token, b.clock.Now(), func(d *draft) {
			if nonce != "" {
				d.claims["nonce"] = nonce
			}
		}))
		list := b.memo.take()
		if len(list) == 0 {
			return w, event.Event{}
		}
		return w, list[0]
	}
	w, e := send(b, "")
	if c := w.Header().Get("WWW-Authenticate"); w.Code != 401 || !strings.HasPrefix(c, `DPoP error="use_dpop_nonce", algs="`) || e.Reason != event.ReasonMissing || e.Detail != "the proof has no nonce" {
		t.Errorf("without a nonce: %d, %q, %v %q", w.Code, c, e.Reason, e.Detail)
	}
	if nonce = w.Header().Get("DPoP-Nonce"); nonce == "" {
		t.Fatal("no DPoP-Nonce")
	}
	for _, g := range []*bench{b, b, other} { // not used up, and good in every process with that key
		if w, e := send(g, nonce); w.Code != 200 || w.Header().Get("DPoP-Nonce") != "" {
			t.Errorf("with the nonce: %d, next %q, %v", w.Code, w.Header().Get("DPoP-Nonce"), e.Detail)
		}
	}
	b.clock.add(3 * time.Minute)
	w, _ = send(b, nonce)
	next := w.Header().Get("DPoP-Nonce")
	if w.Code != 200 || next == "" || next == nonce {
		t.Errorf("past half its time: %d, next %q; want 200 and another", w.Code, next)
	}
	b.clock.add(2*time.Minute + time.Second)
	for name, bad := range map[string]string{"too old": nonce, "changed": next[:10] + "A" + next[11:], "cut": next[:20], "made up": "nonce"} {
		w, e := send(b, bad)
		if w.Code != 401 || e.Reason != event.ReasonTooOld || w.Header().Get("DPoP-Nonce") == "" {
			t.Errorf("%s: %d, %v; want 401, too_old and another nonce", name, w.Code, e.Reason)
		}
	}
	if w, e := send(b, next); w.Code != 200 {
		t.Errorf("the next one: %d, %v", w.Code, e.Detail)
	}
}

// Where the service stands behind a proxy the URL is what the user says it is,
// and a handler that rewrites the path changes nothing.
func TestProofURL(t *testing.T) {
	holder := newHolder(t, "ES256", holderP256())
	for _, test := range []struct {
		name   string
		config func(*guard.BindingConfig)
		wrap   func(http.Handler) http.Handler
		target string
		htu    string
		ok     bool
	}{
		{"plain HTTP", nil, nil, "http://10.0.0.7:8080/orders/7", "http://10.0.0.7:8080/orders/7", true},
		{"the public URL, without BaseURL", nil, nil, "http://10.0.0.7:8080/orders/7", "https://api.example/v1/orders/7", false},
		{"BaseURL", func(c *guard.BindingConfig) { c.BaseURL = "https://API.example/v1/" }, nil, "http://10.0.0.7:8080/orders/7?a=b", "https://api.example/v1/orders/7", true},
		{"BaseURL, the host of the request", func(c *guard.BindingConfig) { c.BaseURL = "https://api.example" }, nil, "http://other.example/orders/7", "http://other.example/orders/7", false},
		{"URL", func(c *guard.BindingConfig) {
			c.URL = func(r *http.Request) string { return "https://" + r.Host + "/pub" + r.URL.Path + "?x" }
		}, nil, "http://10.0.0.7/orders/7", "https://10.0.0.7/pub/orders/7", true},
		{"StripPrefix", nil, func(h http.Handler) http.Handler { return http.StripPrefix("/v1", h) }, "https://api.example/v1/orders/7", "https://api.example/v1/orders/7", true},
		{"escaped slash", nil, nil, "https://api.example/a%2fb", "https://api.example/a%2Fb", true},
		{"escaped slash is no slash", nil, nil, "https://api.example/a%2fb", "https://api.example/a/b", false},
		{"double slash", nil, nil, "https://api.example//a", "https://api.example/a", false},
		{"no path", nil, nil, "https://api.example", "https://api.example/", true},
	} {
		b := newBench(t, func(c *guard.Config) {
			if test.config != nil {
				test.config(&c.Binding)
			}
		})
		token := b.bound(t, holder)
		h := b.Verify(answerOK)
		if test.wrap != nil {
			h = test.wrap(h)
		}
		for _, line := range []string{test.target, ""} { // as a proxy is asked, and as a server is
			r := httptest.NewRequest("GET", test.target, nil)
			if line == "" {
				r.RequestURI = r.URL.RequestURI()
			}
			r.Header.Set("Authorization", "DPoP "+token)
			r.Header.Set("DPoP", holder.proof(t, "GET", test.htu, token, b.clock.Now(), nil))
			w := httptest.NewRecorder()
			h.ServeHTTP(w, r)
			if (w.Code == 200) != test.ok {
				t.Errorf("%s: status %d, want admitted: %v; %s", test.name, w.Code, test.ok, brief(b.memo.take()))
			}
		}
	}
}

// A proof is used up once, however many middlewares of one guard stand in a row.
func TestProofThroughTwoMiddlewares(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Cache.Disabled = true })
	holder := newHolder(t, "ES256", holderP256())
	token := b.bound(t, holder)
	h := b.Verify(b.Verify(b.Require(guard.Scope("orders:read"))(answerOK)))
	proof := holder.proof(t, "GET", orderURL, token, b.clock.Now(), nil)
	if w := ask(h, "DPoP", token, proof); w.Code != 200 {
		t.Errorf("status %d, %s", w.Code, brief(b.memo.take()))
	}
	if w := ask(h, "DPoP", token, proof); w.Code != 401 {
		t.Errorf("the proof again: status %d, want 401", w.Code)
	}
}

func TestCheckBound(t *testing.T) {
	b := newBench(t, nil)
	holder := newHolder(t, "ES256", holderP256())
	token, plain := b.bound(t, holder), b.token(t, nil)
	const url = "https://grpc.example/orders.v1.Orders/List"
	proof := func() event.Raw { return event.NewRaw(holder.proof(t, "POST", url, token, b.clock.Now(), nil)) }
	for _, test := range []struct {
		name   string
		raw    string
		m      guard.Meta
		detail string
	}{
		{"with all", token, guard.Meta{Method: "POST", URL: url, Proof: proof()}, ""},
		{"unbound", plain, guard.Meta{}, ""},
		{"without a proof", token, guard.Meta{Method: "POST", URL: url}, "a token that is bound to a key of proofs came without the scheme DPoP"},
		{"without a URL", token, guard.Meta{Method: "POST", Proof: proof()}, "the proof is for another URL"},
		{"without a method", token, guard.Meta{URL: url, Proof: proof()}, "the proof is for another method"},
		{"unbound, with a proof", plain, guard.Meta{Method: "POST", URL: url, Proof: proof()}, "the token is bound to no key, and came as if it were"},
	} {
		b.memo.take()
		_, err := b.Check(t.Context(), test.raw, test.m)
		if (err == nil) != (test.detail == "") || err != nil && !errors.Is(err, guard.Refuse(event.ReasonBindingMismatch)) {
			t.Errorf("%s: %v", test.name, err)
		}
		if test.detail != "" {
			if e := b.memo.one(t); e.Detail != test.detail {
				t.Errorf("%s: %q, want %q", test.name, e.Detail, test.detail)
			}
		}
	}
}

func TestBindingConfig(t *testing.T) {
	for _, test := range []struct {
		want string
		c    guard.BindingConfig
	}{
		{`Binding.Algorithms: "HS256" is not one that proofs can be signed with`, guard.BindingConfig{Algorithms: []string{"ES256", "HS256"}}},
		{"Binding.BaseURL: not an http or https URL", guard.BindingConfig{BaseURL: "api.example"}},
		{"Binding.BaseURL: not an http or https URL", guard.BindingConfig{BaseURL: "https://api.example/?a"}},
		{"Binding.URL: contradicts BaseURL", guard.BindingConfig{BaseURL: "https://a", URL: func(*http.Request) string { return "" }}},
		{"Binding.NonceKey: 3 bytes; at least 32 are needed", guard.BindingConfig{NonceKey: []byte("abc")}},
		{"Binding.NonceAge: set without NonceKey", guard.BindingConfig{NonceAge: time.Minute}},
		{"Binding.MaxAge: negative", guard.BindingConfig{MaxAge: -1}},
		{"Binding.Proofs: negative", guard.BindingConfig{Proofs: -1}},
		{"Binding.Proofs: contradicts Memory", guard.BindingConfig{Proofs: 1, Memory: new(sharedMemory)}},
	} {
		_, err := guard.New(guard.Config{
			Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true, Binding: test.c,
		})
		if err == nil || !strings.Contains(err.Error(), test.want) || strings.Count(err.Error(), "Binding.") != 1 {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}
