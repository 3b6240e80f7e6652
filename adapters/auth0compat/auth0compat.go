// Package auth0compat puts a guard under auth0/go-jwt-middleware v2, and leaves
// the handlers as they are:
//
//	validate := auth0compat.ValidateToken(g, customClaims) // was jwtValidator.ValidateToken
//	middleware := jwtmiddleware.New(validate, jwtmiddleware.WithErrorHandler(auth0compat.ErrorHandler))
//	handler := g.Carry(middleware.CheckJWT(mux))
//
// Carry lets the guard see the request, which the middleware keeps to itself:
// without it events have no address and nothing is limited. With ErrorHandler a
// missing token is answered 401, and so recorded by Carry; the middleware's own
// handler answers 400, which Carry cannot tell from any other fault of a request.
// New code asks guard.Guard.Verify instead, and needs none of the three.
package auth0compat

import (
	"context"
	"errors"
	"net/http"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
)

// ValidateToken gives the function for jwtmiddleware.New. Handlers find a
// *validator.ValidatedClaims under jwtmiddleware.ContextKey, as before. custom
// makes an empty value for the claims of their own, as validator.WithCustomClaims
// does; nil means none. Its Validate is called, and its refusal is recorded with
// the reason bad_claim.
//
// What was an error of go-jose's is an error of guard's: errors.As finds a
// *guard.Error, errors.Is the sentinels of golang-jwt.
func ValidateToken(g *guard.Guard, custom func() validator.CustomClaims) jwtmiddleware.ValidateToken {
	return func(ctx context.Context, raw string) (any, error) {
		claims := new(validator.ValidatedClaims)
		t, err := g.CheckContext(ctx, raw, func(t *guard.Token) error {
			if custom == nil {
				return nil
			}
			own := custom()
			if own == nil {
				return nil
			}
			if err := t.Decode(own); err != nil {
				return err
			}
			claims.CustomClaims = own
			return own.Validate(ctx)
		})
		if err != nil {
			return nil, err
		}
		claims.RegisteredClaims = validator.RegisteredClaims{
			Issuer: t.Issuer(), Subject: t.Subject(), Audience: t.Audience(), ID: t.ID(),
		}
		if at := t.Expires(); !at.IsZero() {
			claims.RegisteredClaims.Expiry = at.Unix()
		}
		if at := t.NotBefore(); !at.IsZero() {
			claims.RegisteredClaims.NotBefore = at.Unix()
		}
		if at := t.IssuedAt(); !at.IsZero() {
			claims.RegisteredClaims.IssuedAt = at.Unix()
		}
		return claims, nil
	}
}

// ErrorHandler answers as guard does: 401 with a challenge for a missing token,
// which the default answers 400, 429 for an address over its limit, 503 when keys
// or revocations cannot be known, and nothing about the reason.
func ErrorHandler(w http.ResponseWriter, r *http.Request, err error) {
	var e *guard.Error
	switch {
	case errors.As(err, &e):
	case errors.Is(err, jwtmiddleware.ErrJWTMissing):
		e = guard.Refuse(event.ReasonMissing)
	default: // of the extractor: another scheme than Bearer
		e = guard.Refuse(event.ReasonBadScheme)
	}
	guard.Deny(w, r, e)
}
