package forge

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"
)

// A Published is one key of a key set as a service shows it: a public one if all
// is well. What it holds was written by others; nothing of it is trusted.
type Published struct {
	KID     string
	Alg     string
	Public  crypto.PublicKey // *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey; nil: a shared secret
	Private Key              // what signs, if the set gives it away; nil: it does not, or not in a form that can be used
	Leaks   bool             // a private or shared part stands in it
	Text    []byte           // the PEM as served, or of the certificate of a JWK; nil: there is none
}

// Bits is the length of an RSA modulus, and 0 for every other key.
func (p Published) Bits() int {
	if k, ok := p.Public.(*rsa.PublicKey); ok {
		return k.N.BitLen()
	}
	return 0
}

// The bounds of what ReadKeys takes from a stranger.
const (
	maxKeys = 64
	maxBits = 16384
)

// ReadKeys reads a JWK Set (RFC 7517 section 5), one JWK, or PEM: public keys,
// certificates, and also private keys. It takes what it understands and skips
// the rest; an error means that there is no key at all.
func ReadKeys(text []byte) ([]Published, error) {
	var keys []Published
	trimmed := bytes.TrimSpace(text)
	if bytes.HasPrefix(trimmed, []byte("{")) || bytes.HasPrefix(trimmed, []byte("[")) {
		keys = readJWKs(trimmed)
	} else {
		keys = readPEM(text)
	}
	if len(keys) == 0 {
		return nil, errors.New("no key in it")
	}
	return keys, nil
}

func readJWKs(text []byte) (keys []Published) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	list := []json.RawMessage{text}
	if json.Unmarshal(text, &set) == nil && set.Keys != nil {
		list = set.Keys
	} else if text[0] == '[' && json.Unmarshal(text, &list) != nil {
		return nil
	}
	for _, one := range list[:min(len(list), maxKeys)] {
		if k, ok := readJWK(one); ok {
			keys = append(keys, k)
		}
	}
	return keys
}

// jwk is RFC 7517 section 4 with the parameters of RFC 7518 section 6 and RFC 8037.
type jwk struct {
	Kty, Kid, Alg, Crv, N, E, X, Y, D, P, Q, K string
	X5c                                        []string
}

func readJWK(text []byte) (Published, bool) {
	var j jwk
	if json.Unmarshal(text, &j) != nil {
		return Published{}, false
	}
	k := Published{KID: j.Kid, Alg: j.Alg}
	if certificates := ReadCertificates(j.X5c); len(certificates) > 0 {
		k.Text = certificates[0].Text // as which many a service keeps its key
	}
	switch j.Kty {
	case "oct":
		secret := octets(j.K)
		k.Leaks = len(secret) > 0
		k.Private = secret
		return k, k.Leaks
	case "RSA":
		n, e := number(j.N), number(j.E)
		if n.Sign() <= 0 || n.BitLen() > maxBits || !e.IsInt64() || e.Int64() < 2 || e.Int64() >= 1<<31 {
			return k, false
		}
		public := &rsa.PublicKey{N: n, E: int(e.Int64())}
		k.Public = public
		if k.Leaks = j.D != ""; k.Leaks && j.P != "" && j.Q != "" {
			private := &rsa.PrivateKey{PublicKey: *public, D: number(j.D), Primes: []*big.Int{number(j.P), number(j.Q)}}
			if private.Validate() == nil {
				private.Precompute()
				k.Private = private
			}
		}
	case "EC":
		curve := map[string]elliptic.Curve{"P-256": elliptic.P256(), "P-384": elliptic.P384(), "P-521": elliptic.P521()}[j.Crv]
		x, y := octets(j.X), octets(j.Y)
		if curve == nil {
			return k, false
		}
		size := (curve.Params().BitSize + 7) / 8
		if len(x) > size || len(y) > size {
			return k, false
		}
		point := make([]byte, 1+2*size)
		point[0] = 4 // uncompressed, SEC 1 section 2.3.3
		copy(point[1+size-len(x):], x)
		copy(point[1+2*size-len(y):], y)
		public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
		if err != nil {
			return k, false
		}
		k.Public = public
		if k.Leaks = j.D != ""; k.Leaks {
			if private, err := ecdsa.ParseRawPrivateKey(curve, octets(j.D)); err == nil {
				k.Private = private
			}
		}
	case "OKP":
		x := octets(j.X)
		if j.Crv != "Ed25519" || len(x) != ed25519.PublicKeySize {
			return k, false
		}
		k.Public = ed25519.PublicKey(x)
		if k.Leaks = j.D != ""; len(octets(j.D)) == ed25519.SeedSize {
			k.Private = ed25519.NewKeyFromSeed(octets(j.D))
		}
	default:
		return k, false
	}
	return k, true
}

func octets(s string) []byte {
	b, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "="))
	if err != nil {
		return nil
	}
	return b
}

func number(s string) *big.Int {
	b := octets(s)
	if len(b) > maxBits/8+1 {
		return new(big.Int)
	}
	return new(big.Int).SetBytes(b)
}

func readPEM(text []byte) (keys []Published) {
	for rest := text; len(keys) < maxKeys; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return keys
		}
		k := Published{Text: text}
		switch {
		case strings.Contains(block.Type, "PRIVATE KEY"):
			k.Leaks = true
			if private, err := ParsePrivateKey(pem.EncodeToMemory(block)); err == nil {
				k.Private = private
				k.Public = PublicOf(private)
			}
		case block.Type == "CERTIFICATE":
			if c, err := x509.ParseCertificate(block.Bytes); err == nil {
				k.Public = c.PublicKey
			}
		default:
			if p, err := x509.ParsePKIXPublicKey(block.Bytes); err == nil {
				k.Public = p
			} else if p, err := x509.ParsePKCS1PublicKey(block.Bytes); err == nil {
				k.Public = p
			}
		}
		switch p := k.Public.(type) {
		case *rsa.PublicKey:
			if p.N.BitLen() > maxBits {
				continue
			}
		case *ecdsa.PublicKey, ed25519.PublicKey:
		default:
			if !k.Leaks {
				continue
			}
		}
		keys = append(keys, k)
	}
	return keys
}

// ReadCertificates gives the keys of an x5c member: certificates in DER, in
// base64 with padding (RFC 7515 section 4.1.6), the token's own first.
func ReadCertificates(x5c []string) (keys []Published) {
	for _, text := range x5c[:min(len(x5c), 4)] {
		der, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			continue
		}
		keys = append(keys, readPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))...)
	}
	return keys
}

// PublicOf is the public half of a private key, nil if it has none.
func PublicOf(key Key) crypto.PublicKey {
	if s, ok := key.(crypto.Signer); ok {
		return s.Public()
	}
	return nil
}

// NewKey makes a fresh key that goes with an algorithm.
func NewKey(alg string) (Key, error) {
	switch {
	case strings.HasPrefix(alg, "HS"):
		k := make([]byte, 32)
		rand.Read(k)
		return k, nil
	case strings.HasPrefix(alg, "RS"), strings.HasPrefix(alg, "PS"):
		return rsa.GenerateKey(rand.Reader, 2048)
	case alg == "EdDSA", alg == "Ed25519":
		_, k, err := ed25519.GenerateKey(rand.Reader)
		return k, err
	}
	curve := map[string]elliptic.Curve{"ES256": elliptic.P256(), "ES384": elliptic.P384(), "ES512": elliptic.P521()}[alg]
	if curve == nil {
		return nil, fmt.Errorf("algorithm %q: unknown", alg)
	}
	return ecdsa.GenerateKey(curve, rand.Reader)
}

// JWK writes the public half of a key, or a shared secret whole, as a JWK.
func JWK(key Key, kid, alg string) Object {
	o := Object{}
	switch k := key.(type) {
	case []byte:
		o = o.Set("kty", "oct").Set("k", Encode(k))
	case *rsa.PrivateKey:
		o = o.Set("kty", "RSA").Set("n", Encode(k.N.Bytes())).Set("e", Encode(big.NewInt(int64(k.E)).Bytes()))
	case *ecdsa.PrivateKey:
		point, err := k.PublicKey.Bytes()
		if err != nil {
			panic("forge: " + err.Error()) // a key that NewKey made
		}
		half := (len(point) - 1) / 2
		o = o.Set("kty", "EC").Set("crv", k.Curve.Params().Name).Set("x", Encode(point[1:1+half])).Set("y", Encode(point[1+half:]))
	case ed25519.PrivateKey:
		o = o.Set("kty", "OKP").Set("crv", "Ed25519").Set("x", Encode(k.Public().(ed25519.PublicKey)))
	}
	if kid != "" {
		o = o.Set("kid", kid)
	}
	return o.Set("use", "sig").Set("alg", alg)
}

// SelfSigned makes a certificate, in DER, in which a key vouches for itself
// under a name.
func SelfSigned(key Key, name string) ([]byte, error) {
	s, ok := key.(crypto.Signer)
	if !ok {
		return nil, fmt.Errorf("a certificate does not go with a key of type %T", key)
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	c := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, BasicConstraintsValid: true, IsCA: true,
	}
	return x509.CreateCertificate(rand.Reader, c, c, s.Public(), s)
}

// Verifies reports whether the token is signed by the key: a []byte or a public
// key. An RSA key below 1024 bits is refused by the standard library, and gives
// false.
func Verifies(t *Token, key any) bool {
	sig, err := base64.RawURLEncoding.DecodeString(t.Signature)
	alg := t.Header.Text("alg")
	if err != nil {
		return false
	}
	if k, ok := key.(ed25519.PublicKey); ok {
		return (alg == "EdDSA" || alg == "Ed25519") && ed25519.Verify(k, []byte(t.Signing), sig)
	}
	if len(alg) != 5 {
		return false
	}
	h, ok := hashes[alg[2:]]
	if !ok {
		return false
	}
	d := h.New()
	d.Write([]byte(t.Signing))
	digest := d.Sum(nil)
	switch k := key.(type) {
	case []byte:
		m := hmac.New(h.New, k)
		m.Write([]byte(t.Signing))
		return alg[:2] == "HS" && hmac.Equal(m.Sum(nil), sig)
	case *rsa.PublicKey:
		return alg[:2] == "RS" && rsa.VerifyPKCS1v15(k, h, digest, sig) == nil ||
			alg[:2] == "PS" && rsa.VerifyPSS(k, h, digest, sig, nil) == nil
	case *ecdsa.PublicKey:
		half := len(sig) / 2
		return alg[:2] == "ES" && len(sig) == 2*((k.Params().BitSize+7)/8) &&
			ecdsa.Verify(k, digest, new(big.Int).SetBytes(sig[:half]), new(big.Int).SetBytes(sig[half:]))
	}
	return false
}

// A Spelling is one way in which a public key becomes the bytes of a secret.
type Spelling struct {
	Name  string
	Bytes []byte
}

// Spellings are the bytes that a service may hold of its own public key, the
// likely ones first: a verifier that takes them for an HMAC secret takes these
// exact bytes, to the last line end.
func (p Published) Spellings() []Spelling {
	var list []Spelling
	add := func(name string, b []byte) {
		for _, have := range list {
			if bytes.Equal(have.Bytes, b) {
				return
			}
		}
		if len(b) > 0 {
			list = append(list, Spelling{name, b})
		}
	}
	block := func(kind string, der []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}) }
	bare := func(text []byte) []byte { return bytes.TrimRight(text, "\r\n") }
	if !p.Leaks {
		add("the PEM as published", p.Text)
		add("the PEM as published, without the final line end", bare(p.Text))
	}
	pkix, err := x509.MarshalPKIXPublicKey(p.Public)
	if err != nil {
		return list
	}
	text := block("PUBLIC KEY", pkix)
	add("PEM", text)
	add("PEM without the final line end", bare(text))
	var pkcs1 []byte
	if k, ok := p.Public.(*rsa.PublicKey); ok {
		pkcs1 = x509.MarshalPKCS1PublicKey(k)
		add("PKCS #1 PEM", block("RSA PUBLIC KEY", pkcs1))
		add("PKCS #1 PEM without the final line end", bare(block("RSA PUBLIC KEY", pkcs1)))
	}
	if k, ok := p.Public.(ed25519.PublicKey); ok {
		add("the 32 bytes of the key", k)
		add("x of the JWK", []byte(Encode(k)))
	}
	add("PEM with CRLF", bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n")))
	add("DER", pkix)
	add("PKCS #1 DER", pkcs1)
	if k, ok := p.Public.(*rsa.PublicKey); ok {
		add("n of the JWK", []byte(Encode(k.N.Bytes())))
	}
	return list
}
