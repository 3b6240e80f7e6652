package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/go-chi/jwtauth/v5"
	"github.com/golang-jwt/jwt/v5"
	jwx "github.com/lestrrat-go/jwx/v2/jwt"
)

type middleware = func(http.Handler) http.Handler

// jwtAuth is go-chi/jwtauth as its documentation shows it, with issuer and
// audience checked as everybody else checks them here.
func jwtAuth(m *mint) []middleware {
	ja := jwtauth.New(m.alg, m.sign, m.verify, jwx.WithIssuer(issuer), jwx.WithAudience(audience))
	return []middleware{jwtauth.Verifier(ja), jwtauth.Authenticator(ja)}
}

type customClaims struct {
	Scope    string `json:"scope"`
	ClientID string `json:"client_id"`
}

func (*customClaims) Validate(context.Context) error { return nil }

// auth0 is auth0/go-jwt-middleware as its documentation shows it.
func auth0(m *mint) ([]middleware, error) {
	u, err := url.Parse(issuer)
	if err != nil {
		return nil, err
	}
	v, err := validator.New(
		func(context.Context) (any, error) { return m.verify, nil },
		validator.SignatureAlgorithm(m.alg), u.String(), []string{audience},
		validator.WithCustomClaims(func() validator.CustomClaims { return new(customClaims) }),
		validator.WithAllowedClockSkew(30*time.Second),
	)
	if err != nil {
		return nil, err
	}
	return []middleware{jwtmiddleware.New(v.ValidateToken).CheckJWT}, nil
}

type claimsKey struct{}

// handWritten is the middleware that one writes oneself with golang-jwt.
func handWritten(m *mint) []middleware {
	parser := jwt.NewParser(jwt.WithValidMethods([]string{m.alg}), jwt.WithIssuer(issuer), jwt.WithAudience(audience),
		jwt.WithExpirationRequired(), jwt.WithLeeway(30*time.Second))
	key := func(*jwt.Token) (any, error) { return m.verify, nil }
	return []middleware{func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			if !ok {
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
			c := new(claims)
			if _, err := parser.ParseWithClaims(raw, c, key); err != nil {
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), claimsKey{}, c)))
		})
	}}
}

// steady is a row whose handler and requests serve in every round.
func steady(alg, name string, want int, h http.Handler, requests []*request) *row {
	return &row{alg: alg, name: name, want: want, handler: h,
		prepare: func() ([]*request, error) { return requests, nil }}
}

// pool is how many tokens there are of each algorithm: as many as a slice can
// use up when none may come twice.
var pool = map[string]int{"HS256": 6000, "RS256": 1200, "ES256": 1200, "EdDSA": 1200}

// rowsFor builds all rows of one algorithm.
func rowsFor(alg string) ([]*row, error) {
	m, err := newMint(alg)
	if err != nil {
		return nil, err
	}
	tokens, err := m.tokens(pool[alg])
	if err != nil {
		return nil, err
	}
	var good, forged []*request
	for i, t := range tokens {
		good = append(good, ask(t, i))
	}
	for i, t := range forge(tokens) {
		forged = append(forged, ask(t, i))
	}
	third, err := auth0(m)
	if err != nil {
		return nil, fmt.Errorf("auth0: %w", err)
	}
	ours, err := guarded(m, good, forged)
	if err != nil {
		return nil, fmt.Errorf("guard: %w", err)
	}
	return append([]*row{
		steady(alg, "bare", 200, behind(), good),
		steady(alg, "jwtauth", 200, behind(jwtAuth(m)...), good),
		steady(alg, "jwtauth_forged", 401, behind(jwtAuth(m)...), forged),
		steady(alg, "auth0", 200, behind(third...), good),
		steady(alg, "auth0_forged", 401, behind(third...), forged),
		steady(alg, "handwritten", 200, behind(handWritten(m)...), good),
		steady(alg, "handwritten_forged", 401, behind(handWritten(m)...), forged),
	}, ours...), nil
}
