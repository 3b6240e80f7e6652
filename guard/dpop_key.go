package guard

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"math/big"

	"github.com/jotsight/jotsight/guard/event"
)

// maxProofRSABits bounds the RSA key of a proof. Anybody may bring one, and what
// it costs to check grows with its size.
const maxProofRSABits = 4096

// A proofKey is the public key that a proof brings along, with its thumbprint.
type proofKey struct {
	material   any
	thumbprint string // RFC 7638, SHA-256, base64url
}

// readProofKey reads the JWK of a proof (RFC 7517, RFC 7518 section 6, RFC 8037
// section 2). Of each key there is exactly one text that it takes, member by
// member, so that two keys are the same when their thumbprints are. What else
// the JWK holds is passed over, except a private half.
func readProofKey(value string) (k proofKey, why event.Reason, detail string) {
	const unusable = "the proof's jwk is not a public key that can be used"
	m := make(map[string]string, 4)
	private, foreign := false, false
	switch eachMember(value, func(name, value string) {
		switch name {
		case "kty", "crv", "x", "y", "n", "e":
			s, ok := stringOf(value)
			m[name], foreign = s, foreign || !ok
		case "d", "p", "q", "dp", "dq", "qi", "oth", "k":
			private = true
		}
	}) {
	case sound:
	case stated2:
		return k, event.ReasonDuplicateMember, "the proof's jwk states a member twice"
	default:
		return k, event.ReasonBadClaim, unusable
	}
	switch {
	case private:
		return k, event.ReasonBadClaim, "the proof's jwk holds a private key"
	case foreign:
		return k, event.ReasonBadClaim, unusable
	}
	switch m["kty"] {
	case "EC":
		k.material = ecKey(m["crv"], m["x"], m["y"])
		k.thumbprint = thumbprint(`{"crv":"` + m["crv"] + `","kty":"EC","x":"` + m["x"] + `","y":"` + m["y"] + `"}`)
	case "RSA":
		k.material = rsaKey(m["n"], m["e"])
		k.thumbprint = thumbprint(`{"e":"` + m["e"] + `","kty":"RSA","n":"` + m["n"] + `"}`)
	case "OKP":
		if x, err := strict.DecodeString(m["x"]); err == nil && m["crv"] == "Ed25519" && len(x) == ed25519.PublicKeySize {
			k.material = ed25519.PublicKey(x)
		}
		k.thumbprint = thumbprint(`{"crv":"Ed25519","kty":"OKP","x":"` + m["x"] + `"}`)
	}
	if k.material == nil {
		return proofKey{}, event.ReasonBadClaim, unusable
	}
	return k, 0, ""
}

// thumbprint is that of a key in the form of RFC 7638 section 3.
func thumbprint(canonical string) string {
	sum := sha256.Sum256([]byte(canonical))
	return strict.EncodeToString(sum[:])
}

// ecKey gives nil for what is not a point on its curve. Coordinates have their
// full length (RFC 7518 section 6.2.1.2).
func ecKey(crv, x, y string) any {
	var curve elliptic.Curve
	switch crv {
	case "P-256":
		curve = elliptic.P256()
	case "P-384":
		curve = elliptic.P384()
	case "P-521":
		curve = elliptic.P521()
	default:
		return nil
	}
	point := []byte{4} // uncompressed (SEC 1 section 2.3.3)
	for _, c := range []string{x, y} {
		b, err := strict.DecodeString(c)
		if err != nil || len(b) != (curve.Params().BitSize+7)/8 {
			return nil
		}
		point = append(point, b...)
	}
	key, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil
	}
	return key
}

// rsaKey gives nil for a modulus or an exponent out of bounds. Neither has
// leading zeros (RFC 7518 section 2, Base64urlUInt).
func rsaKey(n, e string) any {
	modulus, err := strict.DecodeString(n)
	if err != nil || len(modulus) == 0 || modulus[0] == 0 {
		return nil
	}
	exponent, err := strict.DecodeString(e)
	if err != nil || len(exponent) == 0 || len(exponent) > 4 || exponent[0] == 0 {
		return nil
	}
	key := &rsa.PublicKey{N: new(big.Int).SetBytes(modulus)}
	for _, b := range exponent {
		key.E = key.E<<8 | int(b)
	}
	bits := key.N.BitLen()
	if bits < minRSABits || bits > maxProofRSABits || key.N.Bit(0) == 0 || key.E < 3 || key.E > 1<<31-1 || key.E&1 == 0 {
		return nil
	}
	return key
}
