package guard

import "time"

// CanonicalURL is canonicalURL for tests.
func CanonicalURL(raw string) string { return canonicalURL(raw) }

// Thumbprint is that of a JWK.
func Thumbprint(jwk string) string {
	k, _, _ := readProofKey(jwk)
	return k.thumbprint
}

// JudgeProof says what is wrong with a proof, without a guard.
func JudgeProof(raw, method, url, token, jkt string, now time.Time) string {
	b := &binding{allowed: proofAlgorithms, age: time.Minute}
	if _, e := b.judge(&presented{raw, method, url, token, jkt}, now); e != nil {
		return e.detail
	}
	return ""
}
