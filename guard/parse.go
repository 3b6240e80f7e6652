package guard

import (
	"context"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/guard/event"
)

// ParseWithClaims is ParseWithClaimsContext where no context is at hand: nothing
// is known of where the token came from, so nothing is limited.
func (g *Guard) ParseWithClaims(raw string, claims jwt.Claims) (*jwt.Token, error) {
	return g.ParseWithClaimsContext(context.Background(), raw, claims)
}

// ParseWithClaimsContext has the shape of golang-jwt's function, and takes the
// place of its key function and options. The claims are decoded into claims, and
// its Validate method is called if it has one (jwt.ClaimsValidator); errors.Is
// finds the sentinels that golang-jwt gives for the same fault. The error is an
// *Error. Events are written as by CheckContext, a refusal by Validate included.
//
// What differs: of a token whose signature does not hold, claims are not decoded;
// where guard is stricter, there is an error and no sentinel beyond the nearest;
// of several faults before the claims, the first is named.
//
// The *jwt.Token is never nil. It is Valid only when the error is nil.
func (g *Guard) ParseWithClaimsContext(ctx context.Context, raw string, claims jwt.Claims) (*jwt.Token, error) {
	if m, ok := claims.(jwt.MapClaims); ok && m == nil {
		claims = jwt.MapClaims{}
	}
	out := &jwt.Token{Raw: raw, Claims: claims}
	read := func() error {
		if err := decodeClaims(raw, out.Claims); err != nil {
			return fmt.Errorf("%w: %w", jwt.ErrTokenMalformed, err)
		}
		if err := g.second.Validate(out.Claims); err != nil {
			return invalidClaims(err)
		}
		return nil
	}
	asked := false
	t, e := g.check(ctx, raw, g.carried(ctx), func(*Token) error { asked = true; return read() })
	held := t != nil || e != nil && e.Reason == event.ReasonBadClaim
	header, signature := ends(raw)
	if len(raw) <= g.maxBytes {
		out.Header = readHeader(header)
		alg, _ := out.Header["alg"].(string)
		out.Method = jwt.GetSigningMethod(alg)
		out.Signature, _ = strict.DecodeString(signature)
	}
	switch {
	case e == nil:
		out.Valid = true
		return out, nil
	case asked: // its error is that of read
		return out, e
	}
	full := *e
	switch {
	case !held:
		full.Err = g.unsigned(e, out)
	case errors.Is(e.Err, jwt.ErrTokenInvalidClaims):
		if err := read(); errors.Is(err, jwt.ErrTokenMalformed) {
			full.Err = err // golang-jwt decodes before it validates
		} else if err != nil {
			full.Err = fmt.Errorf("%w: %w", e.Err, err)
		}
	default:
		_ = read() // revoked, for example: the claims may be looked at all the same
	}
	return out, &full
}

// secondOpinion judges claims as golang-jwt does, with what the guard was told. It
// says nothing about what the guard has already found good; it looks through the
// claims' own methods, and says which sentinels belong to a fault.
func (p *policy) secondOpinion(c Config) *jwt.Validator {
	options := []jwt.ParserOption{jwt.WithLeeway(p.leeway), jwt.WithTimeFunc(c.Now), jwt.WithIssuedAt()}
	if !p.noExpiry {
		options = append(options, jwt.WithExpirationRequired())
	}
	if len(p.issuers) == 1 {
		options = append(options, jwt.WithIssuer(p.issuers[0]))
	}
	if len(p.audience) > 0 {
		options = append(options, jwt.WithAudience(p.audience...))
	}
	return jwt.NewValidator(options...)
}

// decodeClaims decodes as golang-jwt does, which asks of a struct that it comes
// as a pointer. The signature held.
func decodeClaims(raw string, claims jwt.Claims) error {
	t := &Token{raw: raw}
	if m, ok := claims.(jwt.MapClaims); ok {
		return t.Decode(&m)
	}
	return t.Decode(&claims)
}

// ends cuts a token at its first and its last dot.
func ends(raw string) (header, signature string) {
	header, _, _ = strings.Cut(raw, ".")
	return header, raw[strings.LastIndexByte(raw, '.')+1:]
}

// readHeader decodes a header after the token was judged. What cannot be read is
// left out.
func readHeader(segment string) map[string]any {
	text, err := strict.DecodeString(segment)
	if err != nil {
		return nil
	}
	var h map[string]any
	if json.Unmarshal(text, &h) != nil {
		return nil
	}
	return h
}

// unsigned gives the sentinels of a token whose signature did not hold, which
// golang-jwt chooses by more than our reason.
func (g *Guard) unsigned(e *Error, out *jwt.Token) error {
	also := func(err error) error { return fmt.Errorf("%w: %w", e.Err, err) }
	switch e.Reason {
	case event.ReasonMissing:
		return jwt.ErrTokenMalformed
	case event.ReasonMalformed, event.ReasonAlgNone, event.ReasonAlgNotAllowed:
		if out.Header != nil && out.Method == nil && strings.Count(out.Raw, ".") == 2 {
			return jwt.ErrTokenUnverifiable // no alg, or one that golang-jwt does not know
		}
	case event.ReasonAlgKeyMismatch:
		if out.Method != nil && g.judge.allowed[out.Method.Alg()] != nil {
			return also(jwt.ErrInvalidKeyType)
		}
	case event.ReasonBadSignature, event.ReasonPsychicSignature:
		switch out.Method.(type) {
		case *jwt.SigningMethodHMAC:
			return also(jwt.ErrSignatureInvalid)
		case *jwt.SigningMethodRSA, *jwt.SigningMethodRSAPSS:
			return also(rsa.ErrVerification)
		case *jwt.SigningMethodECDSA:
			return also(jwt.ErrECDSAVerification)
		case *jwt.SigningMethodEd25519:
			return also(jwt.ErrEd25519Verification)
		}
	}
	return e.Err
}
