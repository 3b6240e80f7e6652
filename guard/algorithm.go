package guard

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"

	"github.com/golang-jwt/jwt/v5"
)

// A family of algorithms takes one type of key.
type family uint8

const (
	famHMAC family = iota + 1
	famRSA
	famECDSA
	famEd25519
)

// An algorithm is one value of alg (RFC 7518 section 3, RFC 8037) together with
// golang-jwt's code for it.
type algorithm struct {
	name   string
	family family
	method jwt.SigningMethod
	curve  int // bits; ECDSA only
}

// algorithms are all that golang-jwt can verify, except none.
var algorithms = func() map[string]*algorithm {
	m := make(map[string]*algorithm)
	for _, a := range []algorithm{
		{"HS256", famHMAC, jwt.SigningMethodHS256, 0},
		{"HS384", famHMAC, jwt.SigningMethodHS384, 0},
		{"HS512", famHMAC, jwt.SigningMethodHS512, 0},
		{"RS256", famRSA, jwt.SigningMethodRS256, 0},
		{"RS384", famRSA, jwt.SigningMethodRS384, 0},
		{"RS512", famRSA, jwt.SigningMethodRS512, 0},
		{"PS256", famRSA, jwt.SigningMethodPS256, 0},
		{"PS384", famRSA, jwt.SigningMethodPS384, 0},
		{"PS512", famRSA, jwt.SigningMethodPS512, 0},
		{"ES256", famECDSA, jwt.SigningMethodES256, 256},
		{"ES384", famECDSA, jwt.SigningMethodES384, 384},
		{"ES512", famECDSA, jwt.SigningMethodES512, 521},
		{"EdDSA", famEd25519, jwt.SigningMethodEdDSA, 0},
	} {
		m[a.name] = &a
	}
	return m
}()

// familyOf says which algorithms a verification key serves, zero for none. For
// ECDSA it adds the bits of the curve.
func familyOf(key any) (family, int) {
	switch k := key.(type) {
	case []byte:
		if len(k) == 0 {
			return 0, 0 // a variable that is not set: everybody could sign with it
		}
		return famHMAC, 0
	case *rsa.PublicKey:
		return famRSA, 0
	case *ecdsa.PublicKey:
		if k == nil || k.Curve == nil {
			return 0, 0
		}
		return famECDSA, k.Curve.Params().BitSize
	case ed25519.PublicKey:
		return famEd25519, 0
	}
	return 0, 0
}

// takes reports whether the algorithm goes with key.
func (a *algorithm) takes(key any) bool {
	f, curve := familyOf(key)
	return f == a.family && curve == a.curve
}

// public turns a private key into its public half and leaves others as they are.
func public(key any) any {
	switch k := key.(type) {
	case *rsa.PrivateKey, *ecdsa.PrivateKey, ed25519.PrivateKey:
		return k.(crypto.Signer).Public()
	case string:
		return []byte(k)
	}
	return key
}
