// Package jwtauthcompat puts a guard where go-chi/jwtauth v5 stood, and leaves the
// handlers as they are:
//
//	r.Use(jwtauthcompat.Verifier(g))   // was jwtauth.Verifier(tokenAuth)
//	r.Use(jwtauthcompat.Authenticator) // was jwtauth.Authenticator(tokenAuth)
//
// jwtauth.FromContext gives the token, the claims and the error that it gave
// before, so an authenticator of your own goes on working too. What changes: the
// guard limits, records, looks for revocations and is stricter; see Verify.
package jwtauthcompat

import (
	"context"
	"net/http"
	"sync"

	"github.com/go-chi/jwtauth/v5"
	"github.com/jotsight/jotsight/guard"
	"github.com/jotsight/jotsight/guard/event"
	"github.com/lestrrat-go/jwx/v2/jwt"
)

// Verifier looks for a token where jwtauth.Verifier does: in the Authorization
// header, then in the cookie named jwt.
func Verifier(g *guard.Guard) func(http.Handler) http.Handler {
	return Verify(g, jwtauth.TokenFromHeader, jwtauth.TokenFromCookie)
}

// Verify takes the first token that the functions find, lets g judge it, and
// calls the next handler whatever came of it, as jwtauth.Verify does. The error in
// the context is one of jwtauth's and never more: guard.Verdict tells the reason.
//
// What it does that jwtauth did not:
//   - A token without exp, of another type (an id or refresh token), with two
//     members of one name, or with claims of the wrong type is ErrUnauthorized.
//     So is one that brings its own key, has a critical header, or is over 8 KiB,
//     and a revoked one.
//   - Two Authorization headers are ErrUnauthorized instead of the first of them,
//     and so is a URL that carries access_token.
//   - An address with too many failures is ErrUnauthorized whatever it sends.
//   - Beside ErrUnauthorized there is no token, except where iss or aud is wrong.
//   - Config.Leeway forgives 30 s. jwtauth forgave none; a negative Leeway does so.
//
// A handler gets a jwx token of its own, made when it first asks.
func Verify(g *guard.Guard, find ...func(*http.Request) string) func(http.Handler) http.Handler {
	attempt := g.Attempt(extractor(find))
	return func(next http.Handler) http.Handler {
		return attempt(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			next.ServeHTTP(w, r.WithContext(&found{Context: r.Context()}))
		}))
	}
}

// Authenticator refuses what Verify found no good token for. jwtauth.Authenticator
// answered 401 with the text of the error; this is guard's answer, which says
// nothing about the reason: 401, 429 with Retry-After for an address over its
// limit, 400 for two tokens, 503 when keys or revocations cannot be known.
func Authenticator(next http.Handler) http.Handler { return guard.Enforce(next) }

// extractor asks the functions in turn.
func extractor(find []func(*http.Request) string) guard.Extractor {
	return func(r *http.Request) (string, event.Source, error) {
		for _, f := range find {
			token := f(r)
			if token == "" {
				continue
			}
			from := source(r, token)
			if from == event.Header && len(r.Header["Authorization"]) > 1 {
				return "", from, guard.Refuse(event.ReasonMultipleTokens)
			}
			return token, from, nil
		}
		return "", 0, guard.Refuse(event.ReasonMissing)
	}
}

// source finds out where a function found the token.
func source(r *http.Request, token string) event.Source {
	if jwtauth.TokenFromHeader(r) == token {
		return event.Header
	}
	for _, c := range r.Cookies() {
		if c.Value == token {
			return event.Cookie
		}
	}
	for _, values := range r.URL.Query() {
		for _, v := range values {
			if v == token {
				return event.Query
			}
		}
	}
	return 0
}

// A found is the context in which jwtauth.FromContext finds what Verify did.
type found struct {
	context.Context
	once  sync.Once
	token jwt.Token
	err   error
}

// Value gives jwtauth's two values.
func (f *found) Value(key any) any {
	switch key {
	case jwtauth.TokenCtxKey:
		if f.once.Do(f.read); f.token != nil {
			return f.token
		}
		return nil
	case jwtauth.ErrorCtxKey:
		if f.once.Do(f.read); f.err != nil {
			return f.err
		}
		return nil
	}
	return f.Context.Value(key)
}

func (f *found) read() {
	t, refused := guard.Verdict(f.Context)
	if t != nil && (refused == nil || shown(refused.Reason)) {
		token := jwt.New()
		if t.Decode(token) != nil { // nothing that an issuer signs, in practice: {"iat":-0}
			f.err = jwtauth.ErrUnauthorized
			return
		}
		f.token = token
	}
	if refused != nil {
		f.err = reason(refused.Reason, f.token)
	}
}

// shown reports whether jwtauth gave the token beside the error: it validates
// these after it has decoded.
func shown(why event.Reason) bool {
	switch why {
	case event.ReasonExpired, event.ReasonNotYetValid, event.ReasonIssuedInFuture, event.ReasonClockSkew,
		event.ReasonBadIssuer, event.ReasonBadAudience:
		return true
	}
	return false
}

// reason folds guard's reasons into jwtauth's errors, which handlers compare
// with ==.
func reason(why event.Reason, t jwt.Token) error {
	switch why {
	case event.ReasonMissing:
		return jwtauth.ErrNoTokenFound
	case event.ReasonExpired:
		return jwtauth.ErrExpired
	case event.ReasonNotYetValid:
		return jwtauth.ErrNBFInvalid
	case event.ReasonIssuedInFuture:
		return jwtauth.ErrIATInvalid
	case event.ReasonClockSkew: // of one of the two, and jwx looks at iat first
		if t != nil && t.NotBefore().After(t.IssuedAt()) {
			return jwtauth.ErrNBFInvalid
		}
		return jwtauth.ErrIATInvalid
	}
	return jwtauth.ErrUnauthorized
}
