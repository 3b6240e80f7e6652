package forge

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
)

var everyAlg = []string{"HS256", "HS384", "HS512", "RS256", "PS384", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"}

// TestKeysThereAndBack makes a key for every algorithm, signs with it, publishes
// it as a JWK, reads that and checks the token by it.
func TestKeysThereAndBack(t *testing.T) {
	for _, alg := range everyAlg {
		key, err := NewKey(alg)
		if err != nil {
			t.Fatal(err)
		}
		header := Object{}.Set("alg", alg)
		raw, err := Sign(alg, key, Unsigned(header, Object{}.Set("sub", "alice")))
		if err != nil {
			t.Fatal(err)
		}
		tok, err := Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		set := fmt.Sprintf(`{"keys":[{"kty":"odd"},7,%s]}`, JWK(key, "k1", alg).Bytes())
		keys, err := ReadKeys([]byte(set))
		if err != nil || len(keys) != 1 || keys[0].KID != "k1" || keys[0].Alg != alg {
			t.Fatalf("%s: %v, %v", alg, keys, err)
		}
		shared := strings.HasPrefix(alg, "HS")
		if keys[0].Leaks != shared || (keys[0].Public == nil) != shared {
			t.Errorf("%s: leaks %v", alg, keys[0].Leaks)
		}
		by := any(keys[0].Public)
		if shared {
			by = keys[0].Private
		}
		if !Verifies(tok, by) {
			t.Errorf("%s: the key does not verify its token", alg)
		}
		other, _ := NewKey(alg)
		if by = PublicOf(other); shared {
			by = other
		}
		if Verifies(tok, by) {
			t.Errorf("%s: another key verifies the token", alg)
		}
	}
}

// TestPrivatePartsAreSeen reads key sets that hold what they must not.
func TestPrivatePartsAreSeen(t *testing.T) {
	for _, tt := range []struct {
		name, text  string
		leaks, sign bool
	}{
		// RFC 7517 appendix A.2, the elliptic key; RFC 8037 appendix A.1.
		{"EC", `{"kty":"EC","crv":"P-256","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4","y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM","d":"870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE"}`, true, true},
		{"OKP", `{"kty":"OKP","crv":"Ed25519","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, true, true},
		{"RSA without primes", `{"kty":"RSA","n":"uQ","e":"AQAB","d":"uQ"}`, true, false},
		{"oct", `[{"kty":"oct","k":"c2VjcmV0"}]`, true, true},
		{"public", `{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`, false, false},
	} {
		keys, err := ReadKeys([]byte(tt.text))
		if err != nil || len(keys) != 1 || keys[0].Leaks != tt.leaks || (keys[0].Private != nil) != tt.sign {
			t.Errorf("%s: %d keys, %v, want leaks %v and signs %v", tt.name, len(keys), err, tt.leaks, tt.sign)
		}
	}
}

func TestReadKeysRefuses(t *testing.T) {
	for _, text := range []string{"", "{}", "[]", "null", "{\"keys\":[]}", "<html>", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
		`{"kty":"RSA","n":"uQ","e":"` + Encode(bytes.Repeat([]byte{0xff}, 9)) + `"}`, `{"kty":"RSA","n":"` + Encode(bytes.Repeat([]byte{0xff}, maxBits)) + `","e":"AQAB"}`,
		`{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}`, `{"kty":"OKP","crv":"Ed25519","x":"AA"}`, `{"kty":"oct","k":""}`} {
		if keys, err := ReadKeys([]byte(text)); err == nil {
			t.Errorf("%.40q: %d keys", text, len(keys))
		}
	}
}

// TestSpellings holds the bytes that stand for one RSA key: as served, with and
// without the last line end, in both forms of PEM, with CRLF, in DER.
func TestSpellings(t *testing.T) {
	key, err := NewKey("RS256")
	if err != nil {
		t.Fatal(err)
	}
	der, _ := x509.MarshalPKIXPublicKey(PublicOf(key))
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	served := append([]byte("# our key\n"), text...)
	keys, err := ReadKeys(served)
	if err != nil {
		t.Fatal(err)
	}
	all := keys[0].Spellings()
	has := func(want []byte) bool {
		for _, s := range all {
			if bytes.Equal(s.Bytes, want) {
				return true
			}
		}
		return false
	}
	pkcs1 := x509.MarshalPKCS1PublicKey(PublicOf(key).(*rsa.PublicKey))
	for i, want := range [][]byte{served, text, bytes.TrimSpace(text), bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")), der, pkcs1,
		pem.EncodeToMemory(&pem.Block{Type: "RSA PUBLIC KEY", Bytes: pkcs1})} {
		if !has(want) {
			t.Errorf("spelling %d is missing", i)
		}
	}
	if !bytes.Equal(all[0].Bytes, served) {
		t.Errorf("the first is %s, want the bytes as served", all[0].Name)
	}
	// A service that keeps its certificate may take that.
	cert, _ := SelfSigned(key, "issuer.test")
	keys, _ = ReadKeys(JWK(key, "", "RS256").Set("x5c", []string{base64.StdEncoding.EncodeToString(cert)}).Bytes())
	if first := keys[0].Spellings()[0]; !bytes.Equal(first.Bytes, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert})) {
		t.Errorf("the first of a JWK with a certificate is %s", first.Name)
	}
	// The form of most services, read from a JWK Set, needs no file of its own.
	keys, _ = ReadKeys(JWK(key, "", "RS256").Bytes())
	if first := keys[0].Spellings()[0]; !bytes.Equal(first.Bytes, text) {
		t.Errorf("the first of a JWK is %s", first.Name)
	}
}

// TestSelfSigned makes a certificate that says whose key it holds.
func TestSelfSigned(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		key, _ := NewKey(alg)
		der, err := SelfSigned(key, "issuer.test")
		if err != nil {
			t.Fatal(err)
		}
		keys := ReadCertificates([]string{"###", base64.StdEncoding.EncodeToString(der)})
		if len(keys) != 1 || fmt.Sprint(keys[0].Public) != fmt.Sprint(PublicOf(key)) {
			t.Errorf("%s: another key", alg)
		}
	}
	if _, err := SelfSigned([]byte("secret"), "issuer.test"); err == nil {
		t.Error("a secret has a certificate")
	}
}

// FuzzReadKeys holds that a hostile key set neither panics nor gives keys that
// cannot be used.
func FuzzReadKeys(f *testing.F) {
	for _, alg := range []string{"ES256", "EdDSA", "HS256"} {
		key, _ := NewKey(alg)
		f.Add(JWK(key, "a", alg).Bytes())
		if der, err := SelfSigned(key, "a"); err == nil {
			f.Add(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
		}
	}
	f.Add([]byte(`{"keys":[{"kty":"RSA","n":"uQ","e":"AQAB","d":"AQ","p":"AQ","q":"AQ"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := ReadKeys(text)
		if err == nil && (len(keys) == 0 || len(keys) > maxKeys) {
			t.Fatalf("%d keys", len(keys))
		}
		for _, k := range keys {
			if k.Public == nil && !k.Leaks {
				t.Fatal("a key that is nothing")
			}
			if k.Bits() > maxBits {
				t.Fatalf("%d bits", k.Bits())
			}
			k.Spellings()
		}
	})
}
