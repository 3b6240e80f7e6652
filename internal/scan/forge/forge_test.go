package forge

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
)

// rfc7515 is the example of RFC 7515 appendix A.1, with line ends in its JSON.
const (
	rfc7515 = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	rfcKey  = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
)

// TestExampleOfTheRFC signs and cracks what others have signed.
func TestExampleOfTheRFC(t *testing.T) {
	tok, err := Parse(rfc7515)
	if err != nil {
		t.Fatal(err)
	}
	key, err := base64.RawURLEncoding.DecodeString(rfcKey)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Sign("HS256", key, tok.Signing); err != nil || got != rfc7515 {
		t.Errorf("Sign: %v, another token", err)
	}
	if got := tok.Payload.Text("iss"); got != "joe" {
		t.Errorf("iss %q, want joe", got)
	}
	if got, ok := Crack(tok, slices.Values([]string{"", "secret", string(key)})); !ok || got != string(key) {
		t.Error("Crack does not find the key")
	}
	if _, ok := Crack(tok, slices.Values([]string{"", "secret"})); ok {
		t.Error("Crack finds what is not there")
	}
}

// TestChangeKeepsTheRest holds that a change touches one member and no other byte.
func TestChangeKeepsTheRest(t *testing.T) {
	o, err := ParseObject([]byte(` {"b":1.0,"a":{"x" : [1, 2]},"c":"<&>"} `))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		got  Object
		want string
	}{
		{o, `{"b":1.0,"a":{"x" : [1, 2]},"c":"<&>"}`},
		{o.Set("c", "<>"), `{"b":1.0,"a":{"x" : [1, 2]},"c":"<>"}`},
		{o.Set("d", nil), `{"b":1.0,"a":{"x" : [1, 2]},"c":"<&>","d":null}`},
		{o.Set("kid", "a\n\u2028\x1b"), `{"b":1.0,"a":{"x" : [1, 2]},"c":"<&>","kid":"a\n\u2028\u001b"}`},
		{o.Delete("a"), `{"b":1.0,"c":"<&>"}`},
		{Object{}, `{}`},
	} {
		if got := string(tt.got.Bytes()); got != tt.want {
			t.Errorf("%s, want %s", got, tt.want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, raw := range []string{"", "a", "a.b", "a.b.c", "a.b.c.d", "e30.e30", "W10.e30.x", "e30.bnVsbA.x", "e30.e30e30.x", "e30.eyJhIjp9.x"} {
		if _, err := Parse(raw); !errors.Is(err, ErrNotJWT) {
			t.Errorf("%q: %v, want ErrNotJWT", raw, err)
		}
	}
}

// TestSignatures verifies every algorithm with the standard library, and every
// form in which a private key is kept.
func TestSignatures(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("a.b"))
	for _, tt := range []struct {
		alg string
		key any
		ok  func(sig []byte) bool
	}{
		{"RS256", rsaKey, func(sig []byte) bool {
			return rsa.VerifyPKCS1v15(&rsaKey.PublicKey, crypto.SHA256, digest[:], sig) == nil
		}},
		{"PS256", rsaKey, func(sig []byte) bool {
			return rsa.VerifyPSS(&rsaKey.PublicKey, crypto.SHA256, digest[:], sig, nil) == nil
		}},
		{"ES256", ecKey, func(sig []byte) bool {
			return len(sig) == 64 && ecdsa.Verify(&ecKey.PublicKey, digest[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
		}},
		{"EdDSA", edKey, func(sig []byte) bool {
			return ed25519.Verify(edKey.Public().(ed25519.PublicKey), []byte("a.b"), sig)
		}},
	} {
		pkcs8, err := x509.MarshalPKCS8PrivateKey(tt.key)
		if err != nil {
			t.Fatal(err)
		}
		forms := map[string][]byte{"PRIVATE KEY": pkcs8}
		switch k := tt.key.(type) {
		case *rsa.PrivateKey:
			forms["RSA PRIVATE KEY"] = x509.MarshalPKCS1PrivateKey(k)
		case *ecdsa.PrivateKey:
			if forms["EC PRIVATE KEY"], err = x509.MarshalECPrivateKey(k); err != nil {
				t.Fatal(err)
			}
		}
		for kind, der := range forms {
			key, err := ParsePrivateKey(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
			if err != nil {
				t.Fatalf("%s: %v", kind, err)
			}
			token, err := Sign(tt.alg, key, "a.b")
			if err != nil {
				t.Fatalf("%s: %v", tt.alg, err)
			}
			sig, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
			if err != nil || !tt.ok(sig) {
				t.Errorf("%s with %s: the signature does not hold", tt.alg, kind)
			}
		}
	}
	for _, bad := range []struct {
		alg string
		key any
	}{{"HS256", rsaKey}, {"RS256", []byte("x")}, {"ES256", rsaKey}, {"none", []byte("x")}, {"HS999", []byte("x")}, {"", nil}, {"EdDSA", ecKey}} {
		if _, err := Sign(bad.alg, bad.key, "a.b"); err == nil {
			t.Errorf("%s signs with a %T", bad.alg, bad.key)
		}
	}
	if _, err := ParsePrivateKey([]byte("no key")); err == nil {
		t.Error("a text passes for a key")
	}
}

func FuzzParse(f *testing.F) {
	f.Add(rfc7515)
	f.Add("e30.eyJhIjoxLCJhIjoyfQ.")
	f.Fuzz(func(t *testing.T, raw string) {
		tok, err := Parse(raw)
		if err != nil {
			return
		}
		again, err := Parse(Unsigned(tok.Header, tok.Payload) + "." + tok.Signature)
		if err != nil {
			t.Fatalf("what was parsed cannot be parsed again: %v", err)
		}
		if string(again.Payload.Bytes()) != string(tok.Payload.Bytes()) {
			t.Error("a round trip changes the payload")
		}
	})
}
