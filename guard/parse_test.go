package guard_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
)

// allSentinels are what callers of golang-jwt branch on.
var allSentinels = []error{
	jwt.ErrInvalidKey, jwt.ErrInvalidKeyType, jwt.ErrHashUnavailable, jwt.ErrTokenMalformed, jwt.ErrTokenUnverifiable,
	jwt.ErrTokenSignatureInvalid, jwt.ErrTokenRequiredClaimMissing, jwt.ErrTokenInvalidAudience, jwt.ErrTokenExpired,
	jwt.ErrTokenUsedBeforeIssued, jwt.ErrTokenInvalidIssuer, jwt.ErrTokenInvalidSubject, jwt.ErrTokenNotValidYet,
	jwt.ErrTokenInvalidId, jwt.ErrTokenInvalidClaims, jwt.ErrInvalidType, jwt.ErrSignatureInvalid, jwt.ErrECDSAVerification,
	jwt.ErrEd25519Verification, rsa.ErrVerification, errTenant,
}

// sentinels gives those that errors.Is finds in err.
func sentinels(err error) (list []error) {
	for _, s := range allSentinels {
		if errors.Is(err, s) {
			list = append(list, s)
		}
	}
	return list
}

// tenantClaims are of a service: with a check of its own.
type tenantClaims struct {
	Tenant string `json:"tenant"`
	jwt.RegisteredClaims
}

var errTenant = errors.New("no such tenant")

func (c *tenantClaims) Validate() error {
	if c.Tenant == "closed" {
		return errTenant
	}
	return nil
}

// newClaims are the ways to ask for claims.
var newClaims = map[string]func() jwt.Claims{
	"registered": func() jwt.Claims { return new(jwt.RegisteredClaims) },
	"map":        func() jwt.Claims { return jwt.MapClaims{} },
	"custom":     func() jwt.Claims { return new(tenantClaims) },
}

// ParseWithClaims gives the token and the sentinels that golang-jwt gives. Where
// guard is stricter, the table names what it says and why.
func TestParseWithClaimsIsLikeGolangJWT(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	otherEC, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	es256 := func(c *guard.Config) {
		c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "k1", Material: ecKey}), []string{"ES256"}
	}
	head := func(h string) func(*testing.T, *bench) string {
		return func(t *testing.T, b *bench) string { return hmacSigned(t, h, jsonOf(usual(b.clock.Now()))) }
	}
	claim := func(name string, value any) func(*testing.T, *bench) string {
		return func(t *testing.T, b *bench) string {
			return b.token(t, func(c jwt.MapClaims) {
				if c[name] = value; value == nil {
					delete(c, name)
				}
			})
		}
	}
	at := func(name string, d time.Duration) func(*testing.T, *bench) string {
		return func(t *testing.T, b *bench) string {
			return b.token(t, func(c jwt.MapClaims) { c[name] = b.clock.Now().Add(d).Unix() })
		}
	}
	text := func(s string) func(*testing.T, *bench) string { return func(*testing.T, *bench) string { return s } }
	enc := base64.RawURLEncoding.EncodeToString
	malformed, signature, unverifiable := []error{jwt.ErrTokenMalformed}, []error{jwt.ErrTokenSignatureInvalid}, []error{jwt.ErrTokenUnverifiable}
	claims := []error{jwt.ErrTokenInvalidClaims}
	for _, test := range []struct {
		name   string
		kind   string // of claims; all where it is empty
		make   func(*testing.T, *bench) string
		config func(*guard.Config)
		want   []error // where guard differs
		why    string
	}{
		{name: "good", make: claim("x", 1)},
		{name: "good, ES256", make: func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodES256, ecKey, usual(b.clock.Now()))
		}, config: es256},
		{name: "no kid", make: head(`{"alg":"HS256"}`)},
		{name: "more header", make: head(`{"alg":"HS256","typ":"JWT","kid":"k1","x":{"y":[1,"z"]}}`)},
		{name: "nothing", make: text("")},
		{name: "one segment", make: text("garbage")},
		{name: "two segments", make: text("e30.e30")},
		{name: "four segments", make: func(t *testing.T, b *bench) string { return b.token(t, nil) + ".x" }},
		{name: "padding", make: func(t *testing.T, b *bench) string { return b.token(t, nil) + "=" }},
		{name: "header is no base64", make: text("a+.e30.e30")},
		{name: "header is no JSON", make: text(enc([]byte("{")) + ".e30.e30")},
		{name: "header is a list", make: text(enc([]byte(`["HS256"]`)) + ".e30.e30")},
		{name: "header without alg", make: head(`{"typ":"JWT"}`)},
		{name: "alg is a number", make: head(`{"alg":256}`)},
		{name: "alg none", make: head(`{"alg":"none"}`)},
		{name: "alg nOnE", make: head(`{"alg":"nOnE"}`)},
		{name: "alg unheard of", make: head(`{"alg":"HS257"}`)},
		{name: "other alg", make: func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodHS512, secret, usual(b.clock.Now()))
		}},
		{name: "public key as a secret", make: head(`{"alg":"HS256","kid":"k1"}`), config: es256},
		{name: "key of another family", make: func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodES256, ecKey, usual(b.clock.Now()))
		}, config: func(c *guard.Config) {
			c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "k1", Material: rsaKey}), []string{"RS256", "ES256"}
		}},
		{name: "unknown kid", make: head(`{"alg":"HS256","kid":"k9"}`)},
		{name: "other secret", make: func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodHS256, []byte(strings.Repeat("x", 32)), usual(b.clock.Now()))
		}},
		{name: "other ES256 key", make: func(t *testing.T, b *bench) string {
			return signed(t, jwt.SigningMethodES256, otherEC, usual(b.clock.Now()))
		}, config: es256},
		{name: "zero ES256 signature", make: func(t *testing.T, b *bench) string {
			return forge(`{"alg":"ES256","kid":"k1"}`, jsonOf(usual(b.clock.Now())), enc(make([]byte, 64)))
		}, config: es256},
		{name: "RS256 signature of nobody", make: func(t *testing.T, b *bench) string {
			return forge(`{"alg":"RS256","kid":"k1"}`, jsonOf(usual(b.clock.Now())), enc(make([]byte, 256)))
		}, config: func(c *guard.Config) {
			c.Keys, c.Algorithms = guard.Static(guard.Key{ID: "k1", Material: rsaKey}), []string{"RS256"}
		}},
		{name: "no signature", make: func(t *testing.T, b *bench) string {
			raw := b.token(t, nil)
			return raw[:strings.LastIndexByte(raw, '.')+1]
		}},
		{name: "claims are a text", make: func(t *testing.T, _ *bench) string { return hmacSigned(t, `{"alg":"HS256"}`, `"sub"`) }},
		{name: "claims are no JSON", make: func(t *testing.T, _ *bench) string { return hmacSigned(t, `{"alg":"HS256"}`, `{"sub"`) }},
		{name: "expired", make: at("exp", -time.Hour)},
		{name: "expired within the leeway", make: at("exp", -10*time.Second)},
		{name: "not yet valid", make: at("nbf", time.Hour)},
		{name: "not yet valid, little", make: at("nbf", 40*time.Second)},
		{name: "issued in the future", make: at("iat", time.Hour)},
		{name: "issued in the future, little", make: at("iat", 40*time.Second)},
		{name: "other issuer", make: claim("iss", "https://evil.example")},
		{name: "no issuer", make: claim("iss", nil)},
		{name: "other audience", make: claim("aud", "mail")},
		{name: "no audience", make: claim("aud", nil)},
		{name: "no exp", make: claim("exp", nil)},
		{name: "exp is a text", make: claim("exp", "tomorrow")},
		{name: "aud holds a number", make: claim("aud", []any{"orders", 7})},
		{name: "the claims' own check", make: claim("tenant", "closed")},
		{name: "tenant is a number", make: claim("tenant", 7)},
		{name: "expired, and of another issuer", make: func(t *testing.T, b *bench) string {
			return b.token(t, func(c jwt.MapClaims) { c["iss"], c["exp"] = "x", 1 })
		}},
		{name: "expired, and the claims' own check", make: func(t *testing.T, b *bench) string {
			return b.token(t, func(c jwt.MapClaims) { c["tenant"], c["exp"] = "closed", 1 })
		}},
		{name: "kid reaches for a file", make: head(`{"alg":"HS256","kid":"../k1"}`)},
		{name: "sub is a number", kind: "registered", make: claim("sub", 7)},
		{name: "sub is a number", kind: "custom", make: claim("sub", 7)},
		{name: "sub is a number", kind: "map", make: claim("sub", 7), want: claims, why: "RFC 7519 section 4.1.2 wants a text"},

		{name: "spare bits", make: func(t *testing.T, b *bench) string { return respell(b.token(t, nil), 1) }, want: malformed,
			why: "golang-jwt refuses them with WithStrictDecoding only"},
		{name: "oversized", make: claim("x", strings.Repeat("x", 9<<10)), want: malformed, why: "over 8 KiB"},
		{name: "two members of one name", make: func(t *testing.T, b *bench) string {
			return hmacSigned(t, `{"alg":"HS256"}`, strings.Replace(jsonOf(usual(b.clock.Now())), "{", `{"sub":"x",`, 1))
		}, want: malformed, why: "parsers do not agree on which one counts"},
		{name: "crit", make: head(`{"alg":"HS256","crit":["exp"]}`), want: unverifiable, why: "RFC 7515 section 4.1.11"},
		{name: "jwk", make: head(`{"alg":"HS256","jwk":{}}`), want: unverifiable, why: "a key that the token brings along"},
		{name: "exp in milliseconds", make: func(t *testing.T, b *bench) string {
			return b.token(t, func(c jwt.MapClaims) { c["exp"] = c["exp"].(int64) * 1000 })
		}, want: claims, why: "it would live for millennia"},
		{name: "refresh token", make: claim("token_type", "refresh"), want: claims, why: "not for access"},
		{name: "other type", make: head(`{"alg":"HS256","typ":"logout+jwt"}`), want: claims, why: "not for access"},
		{name: "alg none, claims that are none", make: func(*testing.T, *bench) string { return forge(`{"alg":"none"}`, "x", "") }, want: signature,
			why: "of several faults the first, and claims come last"},
	} {
		for kind, fresh := range newClaims {
			if test.kind != "" && test.kind != kind {
				continue
			}
			t.Run(test.name+"/"+kind, func(t *testing.T) {
				b := newBench(t, test.config)
				raw := test.make(t, b)
				options := []jwt.ParserOption{
					jwt.WithIssuer("https://login.example"), jwt.WithAudience("orders"), jwt.WithExpirationRequired(),
					jwt.WithLeeway(30 * time.Second), jwt.WithIssuedAt(), jwt.WithTimeFunc(b.clock.Now),
				}
				config := guard.Config{Keys: guard.Static(secret), Algorithms: []string{"HS256"}}
				if test.config != nil {
					test.config(&config)
				}
				options = append(options, jwt.WithValidMethods(config.Algorithms))
				theirs, oracle := jwt.ParseWithClaims(raw, fresh(), func(tok *jwt.Token) (any, error) {
					if kid, ok := tok.Header["kid"]; ok && kid != "k1" {
						return nil, fmt.Errorf("key %v: not there", kid)
					}
					if test.config == nil {
						return secret, nil
					}
					keys, err := config.Keys.Keys(t.Context(), guard.Header{Algorithm: tok.Method.Alg(), KeyID: "k1"})
					if err != nil {
						return nil, err
					}
					return keys[0].Material, nil
				}, options...)
				ours, err := b.ParseWithClaims(raw, fresh())

				want := sentinels(oracle)
				if test.why != "" {
					if slices.Equal(want, test.want) {
						t.Error("golang-jwt says the same: no difference to list")
					}
					want = test.want
				}
				if got := sentinels(err); !slices.Equal(got, want) {
					t.Errorf("errors.Is finds %q, want %q (%v)", got, want, oracle)
				}
				if (err == nil) != ours.Valid || ours.Raw != raw || ours.Claims == nil {
					t.Errorf("error %v, valid %v, raw %v", err, ours.Valid, ours.Raw == raw)
				}
				if oracle == nil && err == nil && !reflect.DeepEqual(ours, theirs) {
					t.Errorf("the token is\n%#v\nwant\n%#v", ours, theirs)
				}
				held := errors.Is(err, jwt.ErrTokenInvalidClaims)
				if theirs != nil && held && oracle != nil && !reflect.DeepEqual(ours.Claims, theirs.Claims) {
					t.Errorf("claims beside the error are\n%#v\nwant\n%#v", ours.Claims, theirs.Claims)
				}
				if err != nil && !held && !errors.Is(err, jwt.ErrTokenMalformed) && !reflect.DeepEqual(ours.Claims, fresh()) {
					t.Errorf("claims that nobody verified were decoded: %#v", ours.Claims)
				}
				if err != nil && reasonOf(err) == 0 {
					t.Errorf("%v is no *Error", err)
				}
				if e := b.memo.one(t); e.Reason != reasonOf(err) || e.Status != 0 {
					t.Errorf("the event has the reason %v and the status %d, want %v and none", e.Reason, e.Status, reasonOf(err))
				}
			})
		}
	}
}
