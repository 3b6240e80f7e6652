package guard

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/jotsight/jotsight/guard/event"
)

// maxProof bounds an encoded proof. One with an RSA key of 4096 bits has some
// 2,500 bytes.
const maxProof = 4 << 10

// The codes of RFC 9449 sections 5, 7.1, 8 and 9, and of RFC 6750.
const (
	invalidProof = "invalid_dpop_proof"
	invalidToken = "invalid_token"
	useNonce     = "use_dpop_nonce"
)

// A proof is a DPoP proof whose signature held (RFC 9449 section 4.2): somebody
// holds the key, and said this. Whether he said it for the request at hand is
// for the caller to find out.
type proof struct {
	key                        proofKey
	jti, htm, htu, ath, nonce  string
	issued, expires, notBefore int64
}

// badProof refuses a proof. detail is a constant: it goes to the event.
func badProof(why event.Reason, detail string) *Error {
	return &Error{Reason: why, Status: 401, Err: sentinelOf(why), code: invalidProof, detail: detail}
}

// proofAlgorithms are all that a proof may be signed with: any of the guard's but
// HMAC, and Ed25519, which is the new name of EdDSA with that curve (RFC 9864).
var proofAlgorithms = func() map[string]*algorithm {
	m := make(map[string]*algorithm)
	for name, a := range algorithms {
		if a.family != famHMAC {
			m[name] = a
		}
	}
	m["Ed25519"] = algorithms["EdDSA"]
	return m
}()

// readProof reads a proof and checks its signature with the key that it brings
// along (RFC 9449 section 4.3, checks 2 to 7). It needs no state and no clock.
func readProof(raw string, allowed map[string]*algorithm) (*proof, *Error) {
	if strings.IndexByte(raw, ',') >= 0 {
		return nil, badProof(event.ReasonMultipleTokens, "the request brings several proofs")
	}
	header, payload, signature, why := split(raw, maxProof)
	if why != 0 {
		return nil, badProof(why, "the proof is no compact JWS")
	}
	var p proof
	alg, e := p.readHeader(header, allowed)
	if e != nil {
		return nil, e
	}
	sig, err := strict.DecodeString(signature)
	if err != nil {
		return nil, badProof(event.ReasonBadEncoding, "the proof's signature is no base64url")
	}
	if alg.family == famECDSA && psychic(sig) {
		return nil, badProof(event.ReasonPsychicSignature, "the proof's signature is zero")
	}
	if alg.method.Verify(raw[:len(header)+1+len(payload)], sig, p.key.material) != nil {
		return nil, badProof(event.ReasonBadSignature, "the proof's signature does not hold")
	}
	text, err := strict.DecodeString(payload)
	if err != nil {
		return nil, badProof(event.ReasonBadEncoding, "the proof's claims are no base64url")
	}
	return &p, p.readClaims(string(text))
}

// isProof reports whether typ is that of a DPoP proof.
func isProof(typ string) bool { return plainType(typ) == "dpop+jwt" }

// plainType is typ in lower case, without a leading "application/" (RFC 7515
// section 4.1.9).
func plainType(typ string) string { return strings.TrimPrefix(strings.ToLower(typ), "application/") }

func (p *proof) readHeader(segment string, allowed map[string]*algorithm) (*algorithm, *Error) {
	text, err := strict.DecodeString(segment)
	if err != nil {
		return nil, badProof(event.ReasonBadEncoding, "the proof's header is no base64url")
	}
	var name, typ, jwk string
	wrong, critical := false, false
	str := func(to *string, value string) {
		s, ok := stringOf(value)
		*to, wrong = s, wrong || !ok
	}
	switch eachMember(string(text), func(name_, value string) {
		switch name_ {
		case "alg":
			str(&name, value)
		case "typ":
			str(&typ, value)
		case "jwk":
			jwk = value
		case "crit", "b64":
			critical = true
		}
	}) {
	case sound:
	case stated2:
		return nil, badProof(event.ReasonDuplicateMember, "the proof's header states a member twice")
	default:
		return nil, badProof(event.ReasonMalformed, "the proof's header is no JSON object")
	}
	alg := allowed[name]
	switch {
	case wrong:
		return nil, badProof(event.ReasonMalformed, "the proof's alg or typ is no text")
	case strings.EqualFold(strings.TrimSpace(name), "none"):
		return nil, badProof(event.ReasonAlgNone, "the proof is not signed")
	case !isProof(typ):
		return nil, badProof(otherType(plainType(typ)), "the proof's typ is not dpop+jwt")
	case alg == nil:
		return nil, badProof(event.ReasonAlgNotAllowed, "the proof's alg is not one that proofs may have")
	case critical:
		return nil, badProof(event.ReasonBadCrit, "the proof has critical headers")
	case jwk == "":
		return nil, badProof(event.ReasonMissingClaim, "the proof brings no jwk")
	}
	key, why, detail := readProofKey(jwk)
	if why != 0 {
		return nil, badProof(why, detail)
	}
	if !alg.takes(key.material) {
		return nil, badProof(event.ReasonAlgKeyMismatch, "the proof's alg does not go with its jwk")
	}
	p.key = key
	return alg, nil
}

func (p *proof) readClaims(text string) *Error {
	wrong, dated := false, false
	str := func(to *string, value string) {
		s, ok := stringOf(value)
		*to, wrong = s, wrong || !ok
	}
	sec := func(to *int64, value string) {
		n, ok := numericDate(value)
		*to, wrong = n, wrong || !ok
	}
	switch eachMember(text, func(name, value string) {
		switch name {
		case "jti":
			str(&p.jti, value)
		case "htm":
			str(&p.htm, value)
		case "htu":
			str(&p.htu, value)
		case "ath":
			str(&p.ath, value)
		case "nonce":
			str(&p.nonce, value)
		case "iat":
			sec(&p.issued, value)
			dated = true
		case "exp":
			sec(&p.expires, value)
		case "nbf":
			sec(&p.notBefore, value)
		}
	}) {
	case sound:
	case stated2:
		return badProof(event.ReasonDuplicateMember, "the proof states a claim twice")
	default:
		return badProof(event.ReasonMalformed, "the proof's claims are no JSON object")
	}
	switch {
	case wrong:
		return badProof(event.ReasonBadClaim, "a claim of the proof has the wrong type")
	case p.jti == "" || p.htm == "" || p.htu == "" || !dated:
		return badProof(event.ReasonMissingClaim, "the proof lacks jti, htm, htu or iat")
	}
	return nil
}

// fits says whether the proof was made for a request (RFC 9449 section 4.3,
// checks 8, 9 and 11): its method, its URL, and the time. It is not older than
// age, with leeway for clocks that differ.
func (p *proof) fits(method, url string, now time.Time, age, leeway time.Duration) *Error {
	switch want := canonicalURL(url); {
	case p.htm != method:
		return badProof(event.ReasonBindingMismatch, "the proof is for another method")
	case want == "" || canonicalURL(p.htu) != want:
		return badProof(event.ReasonBindingMismatch, "the proof is for another URL")
	case now.Sub(time.Unix(p.issued, 0)) > age+leeway:
		return badProof(event.ReasonTooOld, "the proof is too old")
	case ahead(now, p.issued, leeway+skew):
		return badProof(event.ReasonIssuedInFuture, "the proof's iat is ahead")
	case ahead(now, p.issued, leeway), ahead(now, p.notBefore, leeway):
		return badProof(event.ReasonClockSkew, "the proof's time is ahead by a little")
	case p.expires != 0 && !now.Before(time.Unix(p.expires, 0).Add(leeway)):
		return badProof(event.ReasonExpired, "the proof has expired")
	}
	return nil
}

// goesWith says whether the proof was made for a token (checks 12a and 12b): the
// hash of its text is in it, and the token is bound to its key.
func (p *proof) goesWith(raw, jkt string) *Error {
	sum := sha256.Sum256([]byte(raw))
	switch {
	case p.ath == "":
		return badProof(event.ReasonMissingClaim, "the proof has no ath")
	case p.ath != strict.EncodeToString(sum[:]):
		return badProof(event.ReasonBindingMismatch, "the proof is for another token")
	case p.key.thumbprint != jkt:
		e := badProof(event.ReasonBindingMismatch, "the token is bound to another key")
		e.code = invalidToken // RFC 9449 section 7.1, figure 17
		return e
	}
	return nil
}
