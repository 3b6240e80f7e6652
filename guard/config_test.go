package guard_test

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard"
)

// New names every field that cannot be right, all at once.
func TestConfigWrong(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	edKey := make(ed25519.PublicKey, ed25519.PublicKeySize)
	tests := []struct {
		name   string
		config guard.Config
		want   []string // one line each
	}{
		{"nothing", guard.Config{}, []string{"Algorithms: empty", "Audience: empty", "Issuers: empty", "Keys: missing"}},
		{"all at once", guard.Config{
			Keys: guard.Static([]byte("short"), small, 7), Algorithms: []string{"HS256", "RS256", "none"},
			AnyIssuer: true, Issuers: []string{"x"}, AnyAudience: true, MaxLifetime: -1, FingerprintKey: []byte("k"),
			Events: guard.EventConfig{Sink: guard.MonitorSink(guard.MonitorConfig{URL: "monitor:7460", Key: "k"})},
		}, []string{
			`Algorithms: "none" is not one`, "Algorithms: HMAC beside public-key", "AnyIssuer: contradicts", "Events.Sink: monitor: URL",
			"FingerprintKey: 1 bytes", "Keys: a key: a int is not a key", "Keys: a key: an HMAC secret of 5 bytes",
			"Keys: a key: an RSA key under 2048 bits", "MaxLifetime: negative",
		}},
		{"a key that nothing uses", guard.Config{
			Keys: guard.Static(guard.Key{ID: "ed", Material: edKey}), Algorithms: []string{"ES256"}, AnyIssuer: true, AnyAudience: true,
		}, []string{`Keys: key "ed" (Ed25519) serves none of the Algorithms`}},
		{"empty names", guard.Config{
			Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{""}, Audience: []string{""}, Require: []string{""},
		}, []string{"Audience: holds an empty", "Issuers: holds an empty", "Require: holds an empty"}},
		{"observer with keys", guard.Config{ObserveOnly: true, Keys: guard.Static(secret)}, []string{"ObserveOnly: contradicts Keys"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g, err := guard.New(test.config)
			if err == nil {
				g.Close(t.Context())
				t.Fatal("no error")
			}
			if strings.Contains(err.Error(), "short") {
				t.Error("the error holds the secret")
			}
			lines := strings.Split(strings.TrimPrefix(err.Error(), "guard: configuration: "), "\n")
			if len(lines) != len(test.want) {
				t.Fatalf("%d lines, want %d:\n%v", len(lines), len(test.want), err)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d: %q, want %q…", i+1, lines[i], want)
				}
			}
		})
	}
}

// Every algorithm, with every way of giving its key.
func TestAlgorithms(t *testing.T) {
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	ec := func(c elliptic.Curve) *ecdsa.PrivateKey { k, _ := ecdsa.GenerateKey(c, rand.Reader); return k }
	p256, p384, p521 := ec(elliptic.P256()), ec(elliptic.P384()), ec(elliptic.P521())
	tests := []struct {
		method       jwt.SigningMethod
		sign, verify any
	}{
		{jwt.SigningMethodHS256, secret, secret}, {jwt.SigningMethodHS384, secret, secret}, {jwt.SigningMethodHS512, secret, secret},
		{jwt.SigningMethodRS256, rsaKey, &rsaKey.PublicKey}, {jwt.SigningMethodRS384, rsaKey, &rsaKey.PublicKey},
		{jwt.SigningMethodRS512, rsaKey, &rsaKey.PublicKey}, {jwt.SigningMethodPS256, rsaKey, &rsaKey.PublicKey},
		{jwt.SigningMethodES256, p256, &p256.PublicKey}, {jwt.SigningMethodES384, p384, &p384.PublicKey},
		{jwt.SigningMethodES512, p521, &p521.PublicKey}, {jwt.SigningMethodEdDSA, edKey, edKey.Public()},
	}
	for _, test := range tests {
		alg := test.method.Alg()
		sources := map[string]guard.KeySource{
			"public": guard.Static(guard.Key{ID: "k1", Material: test.verify}), "private": guard.Static(guard.Key{ID: "k1", Material: test.sign}),
			"bare":    guard.Static(test.verify),
			"keyfunc": guard.Keyfunc(func(*jwt.Token) (any, error) { return test.verify, nil }),
			"set": guard.Keyfunc(func(*jwt.Token) (any, error) {
				return jwt.VerificationKeySet{Keys: []jwt.VerificationKey{test.verify, test.verify}}, nil
			}),
		}
		for name, keys := range sources {
			b := newBench(t, func(c *guard.Config) { c.Keys, c.Algorithms = keys, []string{alg} })
			raw := signed(t, test.method, test.sign, usual(b.clock.Now()))
			for range 2 { // unseen, seen
				tok, err := b.Check(t.Context(), raw, guard.Meta{})
				if err != nil {
					t.Fatalf("%s by %s: %v", alg, name, err)
				}
				if tok.Subject() != "user-4711" || tok.Algorithm() != alg || tok.KeyID() != "k1" || !tok.HasScope("orders:read") || tok.HasScope("orders") {
					t.Errorf("%s by %s: read as %q %q %q", alg, name, tok.Subject(), tok.Algorithm(), tok.KeyID())
				}
			}
		}
	}
}

// A key function that does not know the key is not an outage.
func TestKeyfuncErrors(t *testing.T) {
	b := newBench(t, func(c *guard.Config) {
		c.Keys = guard.Keyfunc(func(tok *jwt.Token) (any, error) {
			if claims, _ := tok.Claims.(jwt.MapClaims); len(claims) != 0 {
				t.Error("the key function saw claims that nobody verified")
			}
			return nil, errors.New("no such key")
		})
	})
	_, err := b.Check(t.Context(), b.token(t, nil), guard.Meta{})
	var e *guard.Error
	if !errors.As(err, &e) || e.Reason.String() != "unknown_kid" {
		t.Errorf("got %v, want unknown_kid", err)
	}
}

// A key function that gives an empty secret, because a variable is not set,
// gives none: everybody could sign with it.
func TestEmptySecret(t *testing.T) {
	for _, key := range []any{[]byte{}, []byte(nil), "", nil} {
		b := newBench(t, func(c *guard.Config) { c.Keys = guard.Keyfunc(func(*jwt.Token) (any, error) { return key, nil }) })
		raw := signed(t, jwt.SigningMethodHS256, []byte{}, usual(b.clock.Now()))
		if _, err := b.Check(t.Context(), raw, guard.Meta{}); reasonOf(err).String() != "alg_key_mismatch" {
			t.Errorf("%T of length 0: %v, want alg_key_mismatch", key, err)
		}
	}
}

// Without kid, each of a few keys is tried; a key of another name never is.
func TestSeveralKeys(t *testing.T) {
	other := []byte(strings.Repeat("o", 32))
	b := newBench(t, func(c *guard.Config) {
		c.Keys = guard.Static(guard.Key{ID: "old", Material: other}, guard.Key{ID: "k1", Material: secret})
	})
	without := hmacSigned(t, `{"alg":"HS256"}`, jsonOf(usual(b.clock.Now())))
	if _, err := b.Check(t.Context(), without, guard.Meta{}); err != nil {
		t.Errorf("without kid: %v", err)
	}
	swapped := hmacSigned(t, `{"alg":"HS256","kid":"old"}`, jsonOf(usual(b.clock.Now())))
	if _, err := b.Check(t.Context(), swapped, guard.Meta{}); err == nil {
		t.Error("a token that names one key was verified by another")
	}
}

// The fingerprint key follows from a shared secret, and its name from the key.
func TestFingerprintKey(t *testing.T) {
	prefix := func(edit func(*guard.Config)) (name, fp string) {
		b := newBench(t, edit)
		b.Check(t.Context(), b.token(t, nil), guard.Meta{})
		fp = b.memo.one(t).Fingerprint
		name, _, _ = strings.Cut(fp, ":")
		return name, fp
	}
	_, one := prefix(nil)
	_, two := prefix(nil)
	if one != two {
		t.Errorf("two guards with one secret: %s and %s", one, two)
	}
	a, x := prefix(func(c *guard.Config) { c.FingerprintKey = []byte(strings.Repeat("a", 16)) })
	b, y := prefix(func(c *guard.Config) { c.FingerprintKey = []byte(strings.Repeat("b", 16)) })
	if a == b || x == y {
		t.Errorf("two keys, one name or fingerprint: %s, %s", x, y)
	}
}

func TestIssuerConfigWrong(t *testing.T) {
	g := open(t, guard.Config{Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{"i"}, Audience: []string{"a"}})
	_, err := guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: "short"}, AccessLifetime: -time.Second})
	for _, want := range []string{"AccessLifetime: negative", "Key: a key: an HMAC secret of 5 bytes", "Store: missing"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not hold %q", err, want)
		}
	}
	store := guard.NewMemoryStore()
	_, err = guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: strings.Repeat("x", 32)}, Store: store})
	if err == nil || !strings.Contains(err.Error(), "the guard refuses what the issuer signs: bad_signature") {
		t.Errorf("another key: %v", err)
	}
	_, err = guard.NewIssuer(guard.IssuerConfig{Guard: g, Key: guard.Key{Material: secret}, Store: store, Issuer: "other"})
	if err == nil || !strings.Contains(err.Error(), "bad_issuer") {
		t.Errorf("another issuer: %v", err)
	}
	if _, err := guard.NewIssuer(guard.IssuerConfig{}); err == nil || !strings.Contains(err.Error(), "Guard: missing") {
		t.Errorf("no guard: %v", err)
	}
}
