package auth0compat_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	jwtmiddleware "github.com/auth0/go-jwt-middleware/v2"
	"github.com/auth0/go-jwt-middleware/v2/validator"
	"github.com/golang-jwt/jwt/v5"
	"github.com/jotsight/jotsight/adapters/auth0compat"
	"github.com/jotsight/jotsight/guard"
)

func Example() {
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, Issuers: []string{issuer}, Audience: []string{"orders"},
	})
	if err != nil {
		panic(err)
	}
	defer g.Close(context.Background())

	validate := auth0compat.ValidateToken(g, nil) // was jwtValidator.ValidateToken
	middleware := jwtmiddleware.New(validate, jwtmiddleware.WithErrorHandler(auth0compat.ErrorHandler))
	h := g.Carry(middleware.CheckJWT(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		claims := r.Context().Value(jwtmiddleware.ContextKey{}).(*validator.ValidatedClaims)
		fmt.Println("hello", claims.RegisteredClaims.Subject)
	})))

	good, _ := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"iss": issuer, "sub": "ada", "aud": "orders", "exp": time.Now().Add(time.Hour).Unix(),
	}).SignedString(secret)
	for _, raw := range []string{good, "garbage"} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Authorization", "Bearer "+raw)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		fmt.Println(w.Code)
	}
	// Output:
	// hello ada
	// 200
	// 401
}
