package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"hash"
	"math/big"
	"strings"
)

const keyID = "k1"

// keys are what the lab signs with. Everything is made anew at each start.
type keys struct {
	alg    string
	secret []byte // of HS256 and HS512
	rsa    *rsa.PrivateKey
	ec     *ecdsa.PrivateKey
	ed     ed25519.PrivateKey
}

func newKeys(c choice, alg string) (*keys, error) {
	k := &keys{alg: alg}
	var err error
	switch alg {
	case "RS256":
		k.rsa, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		k.ec, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, k.ed, err = ed25519.GenerateKey(rand.Reader)
	default:
		k.secret = []byte(random(48))
	}
	for name, secret := range map[string]string{
		"blank-secret": "", "secret-common": "secret", "secret-tutorial": "json-server-auth-123456",
		"secret-long": "a-string-secret-at-least-256-bits-long", "secret-hs512": "changeme",
	} {
		if c.on(name) {
			k.secret = []byte(secret)
		}
	}
	return k, err
}

// random gives n random bytes as text.
func random(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

func (k *keys) private() crypto.Signer {
	switch {
	case k.rsa != nil:
		return k.rsa
	case k.ec != nil:
		return k.ec
	case k.ed != nil:
		return k.ed
	}
	return nil
}

// privatePEM is the key for the tester; empty: the service has a secret instead.
func (k *keys) privatePEM() string {
	if k.private() == nil {
		return ""
	}
	der, _ := x509.MarshalPKCS8PrivateKey(k.private())
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

func (k *keys) publicDER() []byte {
	der, _ := x509.MarshalPKIXPublicKey(k.private().Public())
	return der
}

func (k *keys) publicPEM() string {
	if k.private() == nil {
		return ""
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: k.publicDER()}))
}

// jwks is the published key set; a secret is not in it.
func (k *keys) jwks() map[string]any {
	list := []any{}
	key := map[string]any{"kid": keyID, "use": "sig", "alg": k.alg}
	switch {
	case k.rsa != nil:
		key["kty"], key["n"], key["e"] = "RSA", segment(k.rsa.N.Bytes()), segment(big.NewInt(int64(k.rsa.E)).Bytes())
	case k.ec != nil:
		b, _ := k.ec.PublicKey.Bytes()
		key["kty"], key["crv"], key["x"], key["y"] = "EC", "P-256", segment(b[1:33]), segment(b[33:])
	case k.ed != nil:
		key["kty"], key["crv"], key["x"] = "OKP", "Ed25519", segment(k.ed.Public().(ed25519.PublicKey))
	}
	if k.private() != nil {
		list = append(list, key)
	}
	return map[string]any{"keys": list}
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// token signs claims.
func (k *keys) token(typ string, claims map[string]any) string {
	header := map[string]any{"alg": k.alg, "kid": keyID}
	if typ != "" {
		header["typ"] = typ
	}
	h, _ := json.Marshal(header)
	c, _ := json.Marshal(claims)
	signing := segment(h) + "." + segment(c)
	return signing + "." + segment(k.sign(signing))
}

func (k *keys) sign(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	switch {
	case k.rsa != nil:
		sig, _ := rsa.SignPKCS1v15(rand.Reader, k.rsa, crypto.SHA256, sum[:])
		return sig
	case k.ec != nil:
		r, s, err := ecdsa.Sign(rand.Reader, k.ec, sum[:])
		if err != nil {
			return nil
		}
		return append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	case k.ed != nil:
		return ed25519.Sign(k.ed, []byte(text))
	}
	return mac(k.alg, k.secret, text)
}

// mac computes an HMAC; nil for an algorithm that is none.
func mac(alg string, secret []byte, text string) []byte {
	var h func() hash.Hash
	switch alg {
	case "HS256":
		h = sha256.New
	case "HS384":
		h = sha512.New384
	case "HS512":
		h = sha512.New
	default:
		return nil
	}
	m := hmac.New(h, secret)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// verifyWith checks a signature with a public key, which may be anybody's.
func verifyWith(pub crypto.PublicKey, alg, text string, sig []byte) bool {
	sum := sha256.Sum256([]byte(text))
	switch pub := pub.(type) {
	case *rsa.PublicKey:
		return alg == "RS256" && rsa.VerifyPKCS1v15(pub, crypto.SHA256, sum[:], sig) == nil ||
			alg == "PS256" && rsa.VerifyPSS(pub, crypto.SHA256, sum[:], sig, nil) == nil
	case *ecdsa.PublicKey:
		if alg != "ES256" || len(sig) != 64 {
			return false
		}
		return ecdsa.Verify(pub, sum[:], new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:]))
	case ed25519.PublicKey:
		return alg == "EdDSA" && ed25519.Verify(pub, []byte(text), sig)
	}
	return false
}

// rangeless is ECDSA as Java 15 to 18 had it (CVE-2022-21449): r and s are not
// held to lie between 1 and n-1. With s = 0 both multipliers are 0, the sum is
// the point at infinity, and its x counts as 0.
func rangeless(pub *ecdsa.PublicKey, text string, sig []byte) bool {
	if len(sig) != 64 {
		return false
	}
	n := pub.Params().N
	r := new(big.Int).Mod(new(big.Int).SetBytes(sig[:32]), n)
	s := new(big.Int).Mod(new(big.Int).SetBytes(sig[32:]), n)
	inverse := new(big.Int).Exp(s, new(big.Int).Sub(n, big.NewInt(2)), n)
	if inverse.Sign() == 0 {
		return r.Sign() == 0
	}
	return verifyWith(pub, "ES256", text, sig)
}

// A jwk is a key of somebody's key set.
type jwk struct {
	Kty, Kid, Crv, N, E, X, Y string
	X5c                       []string
}

// public gives the key; nil if it is none.
func (j jwk) public() crypto.PublicKey {
	n, x, y := unsegment(j.N), unsegment(j.X), unsegment(j.Y)
	switch {
	case j.Kty == "RSA" && len(n) > 0:
		return &rsa.PublicKey{N: new(big.Int).SetBytes(n), E: int(new(big.Int).SetBytes(unsegment(j.E)).Int64())}
	case j.Kty == "EC" && j.Crv == "P-256" && len(x) == 32 && len(y) == 32:
		pub, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err == nil {
			return pub
		}
	case j.Kty == "OKP" && len(x) == ed25519.PublicKeySize:
		return ed25519.PublicKey(x)
	}
	return nil
}

func unsegment(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return b
}
