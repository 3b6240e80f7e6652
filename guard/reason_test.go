package guard_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// A keySource answers as a test wants it.
type keySource func(context.Context, guard.Header) ([]guard.Key, error)

func (f keySource) Keys(ctx context.Context, h guard.Header) ([]guard.Key, error) { return f(ctx, h) }
func (keySource) Generation() uint64                                              { return 0 }

// Every reason that verification can give, each from a token of its own. The
// event must name it, count as a failure, and hold the token nowhere.
func TestReasons(t *testing.T) {
	const head = `{"alg":"HS256","kid":"k1","typ":"JWT"}`
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	es256 := func(c *guard.Config) {
		c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "k1", Material: ecKey}), []string{"ES256"}
	}
	claim := func(edit func(jwt.MapClaims)) func(*testing.T, *bench) string {
		return func(t *testing.T, b *bench) string { return b.token(t, edit) }
	}
	header := func(h string) func(*testing.T, *bench) string {
		return func(t *testing.T, b *bench) string { return hmacSigned(t, h, jsonOf(usual(b.clock.Now()))) }
	}
	revoked := func(r func(jti, sid, sub string) guard.Revocation) func(*testing.T, *bench) string {
		return func(t *testing.T, b *bench) string {
			c := usual(b.clock.Now())
			if err := b.store.Revoke(t.Context(), r(c["jti"].(string), c["sid"].(string), c["sub"].(string))); err != nil {
				t.Fatal(err)
			}
			return b.token(t, nil)
		}
	}
	set := func(name string, value any) func(jwt.MapClaims) { return func(c jwt.MapClaims) { c[name] = value } }

	tests := []struct {
		reason event.Reason
		name   string
		make   func(*testing.T, *bench) string
		config func(*guard.Config)
		edit   func(*http.Request)
		status int // 401 unless said otherwise
	}{
		{event.ReasonMissing, "no header", nil, nil, nil, 0},
		{event.ReasonMissing, "empty header", nil, nil, func(r *http.Request) { r.Header.Set("Authorization", "") }, 0},
		{event.ReasonMissing, "scheme alone", nil, nil, func(r *http.Request) { r.Header.Set("Authorization", "Bearer ") }, 0},
		{event.ReasonBadScheme, "basic", nil, nil, func(r *http.Request) { r.Header.Set("Authorization", "Basic dTpw") }, 0},
		{event.ReasonBadScheme, "bare token", nil, nil, func(r *http.Request) { r.Header.Set("Authorization", "eyJ.e30.x") }, 0},
		{event.ReasonMultipleTokens, "two headers", claim(nil), nil, func(r *http.Request) { r.Header.Add("Authorization", "Bearer x") }, 400},
		{event.ReasonMultipleTokens, "two in one header", claim(nil), nil, func(r *http.Request) {
			r.Header.Set("Authorization", r.Header.Get("Authorization")+", Bearer x")
		}, 400},
		{event.ReasonMultipleTokens, "header and query", claim(nil), nil, func(r *http.Request) { r.URL.RawQuery = "access_token=x" }, 400},
		{event.ReasonTokenInQuery, "query", nil, nil, func(r *http.Request) { r.URL.RawQuery = "a=b&access_token=x" }, 400},

		{event.ReasonMalformed, "one segment", func(*testing.T, *bench) string { return "garbage" }, nil, nil, 0},
		{event.ReasonMalformed, "two segments", func(*testing.T, *bench) string { return "eyJ9.e30" }, nil, nil, 0},
		{event.ReasonMalformed, "no header", func(*testing.T, *bench) string { return ".e30.x" }, nil, nil, 0},
		{event.ReasonMalformed, "header is no object", header(`["HS256"]`), nil, nil, 0},
		{event.ReasonMalformed, "header without alg", header(`{"typ":"JWT"}`), nil, nil, 0},
		{event.ReasonMalformed, "alg is a number", header(`{"alg":256}`), nil, nil, 0},
		{event.ReasonMalformed, "kid is an object", header(`{"alg":"HS256","kid":{"a":1}}`), nil, nil, 0},
		{event.ReasonMalformed, "claims are no object", func(t *testing.T, _ *bench) string { return hmacSigned(t, head, `"sub"`) }, nil, nil, 0},
		{event.ReasonMalformed, "a number beyond all", header(`{"alg":"HS256","x":1e999}`), nil, nil, 0},
		{event.ReasonMalformed, "claims with a number beyond all", func(t *testing.T, _ *bench) string { return hmacSigned(t, head, `{"sub":"a","n":1e999}`) }, nil, nil, 0},
		{event.ReasonBadEncoding, "padding", func(t *testing.T, b *bench) string { return b.token(t, nil) + "=" }, nil, nil, 0},
		{event.ReasonBadEncoding, "other alphabet", func(t *testing.T, b *bench) string { return "+" + b.token(t, nil) }, nil, nil, 0},
		{event.ReasonBadEncoding, "spare bits", func(t *testing.T, b *bench) string { return respell(b.token(t, nil), 1) }, nil, nil, 0},
		{event.ReasonOversized, "9 KiB", func(*testing.T, *bench) string { return strings.Repeat("a", 9<<10) }, nil, nil, 0},
		{event.ReasonTooManyParts, "four", func(t *testing.T, b *bench) string { return b.token(t, nil) + ".x" }, nil, nil, 0},
		{event.ReasonTooManyParts, "a JWE", func(*testing.T, *bench) string { return "eyJhbGciOiJkaXIifQ..aaaa.bbbb.cccc" }, nil, nil, 0},
		{event.ReasonDuplicateMember, "header", header(`{"alg":"HS256","kid":"k1","alg":"none"}`), nil, nil, 0},
		{event.ReasonDuplicateMember, "claims", func(t *testing.T, _ *bench) string {
			return hmacSigned(t, head, `{"sub":"a","s\u0075b":"b"}`)
		}, nil, nil, 0},
		{event.ReasonBadSignature, "another key", func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), usual(b.clock.Now()))
		}, nil, nil, 0},
		{event.ReasonBadSignature, "other claims", func(t *testing.T, b *bench) string {
			good, other := strings.Split(b.token(t, nil), "."), strings.Split(b.token(t, set("sub", "mallory")), ".")
			return good[0] + "." + other[1] + "." + good[2]
		}, nil, nil, 0},
		{event.ReasonBadSignature, "none at all", func(t *testing.T, b *bench) string {
			raw := b.token(t, nil)
			return raw[:strings.LastIndexByte(raw, '.')+1]
		}, nil, nil, 0},
		{event.ReasonBadCrit, "crit", header(`{"alg":"HS256","kid":"k1","crit":["exp"]}`), nil, nil, 0},
		{event.ReasonBadCrit, "b64", header(`{"alg":"HS256","kid":"k1","b64":false}`), nil, nil, 0},

		{event.ReasonAlgNone, "none", header(`{"alg":"none"}`), nil, nil, 0},
		{event.ReasonAlgNone, "nOnE", header(`{"alg":"nOnE"}`), nil, nil, 0},
		{event.ReasonAlgNone, "a space", header(`{"alg":" none "}`), nil, nil, 0},
		{event.ReasonAlgNotAllowed, "HS512", func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodHS512, secret, usual(b.clock.Now()))
		}, nil, nil, 0},
		{event.ReasonAlgNotAllowed, "unheard of", header(`{"alg":"HS257"}`), nil, nil, 0},
		{event.ReasonAlgKeyMismatch, "a public key as a secret", func(t *testing.T, b *bench) string {
			der, _ := x509.MarshalPKIXPublicKey(&ecKey.PublicKey)
			text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
			return signed(t, jwt.SigningMethodHS256, text, usual(b.clock.Now()))
		}, es256, nil, 0},
		{event.ReasonAlgKeyMismatch, "the key is of another family", func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodES256, ecKey, usual(b.clock.Now()))
		}, func(c *guard.Config) {
			rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
			c.Keys = guard.Static(guard.Key{ID: "k1", Material: rsaKey}, guard.Key{ID: "k2", Material: ecKey})
			c.Algorithms = []string{"RS256", "ES256"}
		}, nil, 0},
		{event.ReasonUntrustedKeyHeader, "jku", header(`{"alg":"HS256","jku":"https://evil.example/keys"}`), nil, nil, 0},
		{event.ReasonUntrustedKeyHeader, "x5u", header(`{"alg":"HS256","x5u":"https://evil.example/c"}`), nil, nil, 0},
		{event.ReasonUntrustedKeyHeader, "jwk", header(`{"alg":"HS256","jwk":{"kty":"oct","k":"AA"}}`), nil, nil, 0},
		{event.ReasonUntrustedKeyHeader, "x5c", header(`{"alg":"HS256","x5c":["AA"]}`), nil, nil, 0},
		{event.ReasonKIDInjection, "file", header(`{"alg":"HS256","kid":"../../dev/null"}`), nil, nil, 0},
		{event.ReasonKIDInjection, "device", header(`{"alg":"HS256","kid":"/dev/null"}`), nil, nil, 0},
		{event.ReasonKIDInjection, "query", header(`{"alg":"HS256","kid":"x' UNION SELECT 'key"}`), nil, nil, 0},
		{event.ReasonKIDInjection, "command", header(`{"alg":"HS256","kid":"k1|id"}`), nil, nil, 0},
		{event.ReasonKIDInjection, "a new line", header(`{"alg":"HS256","kid":"k1\nlevel=info"}`), nil, nil, 0},
		{event.ReasonPsychicSignature, "all zero", func(_ *testing.T, b *bench) string {
			return forge(`{"alg":"ES256","kid":"k1"}`, jsonOf(usual(b.clock.Now())), base64.RawURLEncoding.EncodeToString(make([]byte, 64)))
		}, es256, nil, 0},
		{event.ReasonCrossTokenUse, "logout token", header(`{"alg":"HS256","kid":"k1","typ":"logout+jwt"}`), nil, nil, 0},
		{event.ReasonCrossTokenUse, "a stated refresh token", claim(set("token_type", "refresh")), nil, nil, 0},
		{event.ReasonCrossTokenUse, "id token", claim(set("at_hash", "x")), nil, nil, 0},
		{event.ReasonCrossTokenUse, "logout token, as PHP escapes it", func(t *testing.T, b *bench) string {
			c := jsonOf(usual(b.clock.Now()))
			return hmacSigned(t, head, strings.TrimSuffix(c, "}")+`,"events":{"http:\/\/schemas.openid.net\/event\/backchannel-logout":{}}}`)
		}, nil, nil, 0},
		{event.ReasonCrossTokenUse, "token_use", claim(set("token_use", "id")), nil, nil, 0},

		{event.ReasonUnknownKID, "no such key", header(`{"alg":"HS256","kid":"k9"}`), nil, nil, 0},
		{event.ReasonKeyUnavailable, "source is down", claim(nil), func(c *guard.Config) {
			c.Keys = keySource(func(context.Context, guard.Header) ([]guard.Key, error) { return nil, errors.New("down") })
		}, nil, 503},
		{event.ReasonVerifierTimeout, "source is slow", claim(nil), func(c *guard.Config) {
			c.Keys = keySource(func(context.Context, guard.Header) ([]guard.Key, error) { return nil, context.DeadlineExceeded })
		}, nil, 503},
		{event.ReasonInternalError, "source panics", claim(nil), func(c *guard.Config) {
			c.Keys = keySource(func(context.Context, guard.Header) ([]guard.Key, error) { panic("boom") })
		}, nil, 500},
		{event.ReasonBadIssuer, "another", claim(set("iss", "https://evil.example")), nil, nil, 0},
		{event.ReasonBadAudience, "another", claim(set("aud", []string{"stock", "mail"})), nil, nil, 0},
		{event.ReasonBadType, "unheard of", header(`{"alg":"HS256","kid":"k1","typ":"banana"}`), nil, nil, 0},
		{event.ReasonMissingClaim, "exp", claim(func(c jwt.MapClaims) { delete(c, "exp") }), nil, nil, 0},
		{event.ReasonMissingClaim, "iss", claim(func(c jwt.MapClaims) { delete(c, "iss") }), nil, nil, 0},
		{event.ReasonMissingClaim, "aud", claim(func(c jwt.MapClaims) { delete(c, "aud") }), nil, nil, 0},
		{event.ReasonMissingClaim, "one of ours", claim(nil), func(c *guard.Config) { c.Require = []string{"tenant"} }, nil, 0},
		{event.ReasonBadClaim, "exp is a text", claim(set("exp", "tomorrow")), nil, nil, 0},
		{event.ReasonBadClaim, "exp in milliseconds", claim(func(c jwt.MapClaims) { c["exp"] = c["exp"].(int64) * 1000 }), nil, nil, 0},
		{event.ReasonBadClaim, "sub is a number", claim(set("sub", 7)), nil, nil, 0},
		{event.ReasonBadClaim, "aud holds a number", claim(set("aud", []any{"orders", 7})), nil, nil, 0},
		{event.ReasonExpired, "an hour ago", claim(func(c jwt.MapClaims) { c["exp"] = c["exp"].(int64) - 7200 }), nil, nil, 0},
		{event.ReasonNotYetValid, "in an hour", claim(func(c jwt.MapClaims) { c["nbf"] = c["nbf"].(int64) + 3600 }), nil, nil, 0},
		{event.ReasonIssuedInFuture, "in an hour", claim(func(c jwt.MapClaims) { c["iat"] = c["iat"].(int64) + 3600 }), nil, nil, 0},
		{event.ReasonClockSkew, "in 40 seconds", claim(func(c jwt.MapClaims) { c["nbf"] = c["nbf"].(int64) + 40 }), nil, nil, 0},
		{event.ReasonTooOld, "two hours old", claim(func(c jwt.MapClaims) { c["iat"] = c["iat"].(int64) - 7200 }),
			func(c *guard.Config) { c.MaxAge = time.Hour }, nil, 0},
		{event.ReasonLifetimeTooLong, "a year", claim(func(c jwt.MapClaims) { c["exp"] = c["iat"].(int64) + 365*86400 }),
			func(c *guard.Config) { c.MaxLifetime = 24 * time.Hour }, nil, 0},

		{event.ReasonRevoked, "jti", revoked(func(jti, _, _ string) guard.Revocation { return guard.Revocation{JTI: jti} }), nil, nil, 0},
		{event.ReasonRevoked, "key", revoked(func(string, string, string) guard.Revocation { return guard.Revocation{KeyID: "k1"} }), nil, nil, 0},
		{event.ReasonFamilyRevoked, "session", revoked(func(_, sid, _ string) guard.Revocation { return guard.Revocation{Session: sid} }), nil, nil, 0},
		{event.ReasonSessionEnded, "logout", revoked(func(_, sid, _ string) guard.Revocation {
			return guard.Revocation{Session: sid, Cause: event.ReasonSessionEnded}
		}), nil, nil, 0},
		{event.ReasonUserDisabled, "subject", revoked(func(_, _, sub string) guard.Revocation {
			return guard.Revocation{Subject: sub, Cause: event.ReasonUserDisabled}
		}), nil, nil, 0},
		{event.ReasonStoreUnavailable, "revocations unknown", claim(nil), func(c *guard.Config) {
			c.Revocation.Store = brokenStore{c.Revocation.Store}
		}, nil, 503},
	}
	reached := make(map[event.Reason]bool)
	for _, test := range tests {
		t.Run(fmt.Sprintf("%s/%s", test.reason, test.name), func(t *testing.T) {
			b := newBench(t, test.config)
			raw := ""
			if test.make != nil {
				raw = test.make(t, b)
			}
			b.memo.take()
			served := false
			h := b.Verify(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { served = true }))
			edit := func(*http.Request) {}
			if test.edit != nil {
				edit = test.edit
			}
			w := get(h, raw, edit)
			want := test.status
			if want == 0 {
				want = 401
			}
			if served || w.Code != want {
				t.Errorf("status %d, served %v; want %d, false", w.Code, served, want)
			}
			e := b.memo.one(t)
			if e.Reason != test.reason {
				t.Fatalf("reason %q, want %q", e.Reason, test.reason)
			}
			kind := event.VerificationFailed
			switch {
			case test.reason == event.ReasonMissing:
				kind = event.Missing
			case test.reason.Class() == event.ClassState:
				kind = event.RevokedUse
			}
			if e.Kind != kind || e.Outcome != event.Failure || e.Severity == 0 || e.Status != w.Code {
				t.Errorf("kind %v, outcome %v, severity %d, status %d; want %v, failure, any, %d", e.Kind, e.Outcome, e.Severity, e.Status, kind, w.Code)
			}
			if e.ClientAddress != "203.0.113.7" || e.UserAgent == "" || e.Method != "GET" || e.Path != "/orders/7" || e.ServiceName != "orders" {
				t.Errorf("who, what or where is missing: %+v", e)
			}
			if !e.Verified && e.UserID != "" {
				t.Errorf("user.id %q from a token that nobody verified", e.UserID)
			}
			if raw != "" && e.Fingerprint == "" && test.reason != event.ReasonMultipleTokens && test.reason != event.ReasonOversized {
				t.Error("no fingerprint of the token")
			}
			line := string(e.Append(nil)) + w.Body.String() + fmt.Sprint(w.Header())
			if parts := strings.Split(raw, "."); len(raw) > 20 && len(parts) > 2 {
				for _, part := range append(parts, raw) {
					if len(part) > 12 && strings.Contains(line, part) {
						t.Errorf("a part of the token is in the event or the answer: %s", line)
					}
				}
			}
			if strings.Contains(w.Body.String()+fmt.Sprint(w.Header()), test.reason.String()) {
				t.Errorf("the answer tells the reason: %s %v", w.Body, w.Header())
			}
			if t.Failed() {
				return
			}
			reached[test.reason] = true
		})
	}
	// What verification does not give: other acts do.
	elsewhere := []event.Reason{
		event.ReasonCanary, event.ReasonBindingMismatch, event.ReasonRefreshReuse, event.ReasonReplayed,
		event.ReasonUnknownToken, event.ReasonScopeInsufficient, event.ReasonRateLimited,
	}
	for _, r := range elsewhere {
		reached[r] = true
	}
	for _, r := range event.Reasons() {
		if !reached[r] {
			t.Errorf("no token of this table gives the reason %q", r)
		}
	}
}

// What reaches for a file, a query or a command is no name of a key; what issuers
// really use is.
func TestKIDInjection(t *testing.T) {
	b := newBench(t, func(c *guard.Config) { c.Keys = guard.Static(secret) }) // any kid
	for kid, bad := range map[string]bool{
		"k1": false, "2011-04-29": false, "NjVBRjY5MDlCMUIwNzU4RTA2QzZFMDQ4QzQ2MDAyQjVDNjk1RTM2Qg": false, "abc+/def==": false, "a--": false, "--": false,
		"https://login.example/keys/1": false, "did:example:123#key-1": false, "key.2026": false, "alias/orders": false, "%": false,
		"..": true, "../k": true, "a/../b": true, "/etc/passwd": true, "/dev/null": true, "%2e%2e/k": true, "k%00": true, "file:///k": true,
		"k' or '1'='1": true, "1 or 1=1-- ": true, "k;id": true, "$(id)": true, "${jndi:x}": true, "k`id`": true, "k\n": true, "k\x00": true, "<k>": true,
	} {
		_, err := b.Check(t.Context(), hmacSigned(t, `{"alg":"HS256","kid":`+jsonOf(kid)+`}`, jsonOf(usual(b.clock.Now()))), guard.Meta{})
		if got := reasonOf(err) == event.ReasonKIDInjection; got != bad || !bad && err != nil {
			t.Errorf("kid %q: %v, want kid_injection %v", kid, err, bad)
		}
	}
}

// respell gives another text of the same signature bytes: the last character of
// base64 has spare bits.
func respell(raw string, bits int) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	last := strings.IndexByte(digits, raw[len(raw)-1])
	return raw[:len(raw)-1] + string(digits[last^bits])
}

// brokenStore never says what was revoked.
type brokenStore struct{ guard.Store }

func (brokenStore) Changes(context.Context, guard.Cursor) ([]guard.Revocation, guard.Cursor, error) {
	return nil, "", errors.New("connection refused")
}

// Gate: "all failure kinds of the study give distinct reasons". The eleven failures of the study, which other libraries fold into a few, have
// eleven reasons.
func TestFailureKindsDiffer(t *testing.T) {
	b := newBench(t, nil)
	now := b.clock.Now().Unix()
	with := func(name string, value any) string {
		return b.token(t, func(c jwt.MapClaims) {
			if value == nil {
				delete(c, name)
			} else {
				c[name] = value
			}
		})
	}
	tokens := map[string]string{
		"malformed": "not a token", "bad base64": b.token(t, nil) + "=", "alg none": forge(`{"alg":"none"}`, "{}", ""),
		"other alg":     signed(t, jwt.SigningMethodHS384, secret, usual(b.clock.Now())),
		"bad signature": signed(t, jwt.SigningMethodHS256, []byte(strings.Repeat("y", 32)), usual(b.clock.Now())),
		"expired":       with("exp", now-3600), "not yet valid": with("nbf", now+3600), "iat": with("iat", now+3600),
		"issuer": with("iss", "x"), "audience": with("aud", "x"), "no exp": with("exp", nil),
	}
	seen := make(map[event.Reason]string)
	for name, raw := range tokens {
		_, err := b.Check(t.Context(), raw, guard.Meta{})
		var e *guard.Error
		if !errors.As(err, &e) {
			t.Fatalf("%s: got %v, want an *Error", name, err)
		}
		if other := seen[e.Reason]; other != "" {
			t.Errorf("%s and %s have one reason, %s", name, other, e.Reason)
		}
		seen[e.Reason] = name
	}
	_, err := b.Check(t.Context(), tokens["expired"], guard.Meta{})
	if !errors.Is(err, jwt.ErrTokenExpired) || !errors.Is(err, guard.Refuse(event.ReasonExpired)) {
		t.Errorf("%v is neither golang-jwt's sentinel nor ours", err)
	}
}
