package jwtauthcompat_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
	"github.com/jotsight/jotsight/adapters/chiguard"
	"github.com/jotsight/jotsight/adapters/jwtauthcompat"
	"github.com/jotsight/jotsight/guard"
)

func Example() {
	tokenAuth := jwtauth.New("HS256", secret, nil) // still issues the tokens
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true, NoExpiry: true,
		Route: chiguard.Route, Events: guard.EventConfig{Sink: guard.JSONSink(os.Stderr), Service: "orders"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())

	r := chi.NewRouter()
	r.Group(func(r chi.Router) {
		r.Use(jwtauthcompat.Verifier(g))   // was jwtauth.Verifier(tokenAuth)
		r.Use(jwtauthcompat.Authenticator) // was jwtauth.Authenticator(tokenAuth)
		r.Get("/admin", func(w http.ResponseWriter, r *http.Request) {
			_, claims, _ := jwtauth.FromContext(r.Context())
			fmt.Println("hello", claims["user_id"])
		})
	})

	_, raw, _ := tokenAuth.Encode(map[string]any{"user_id": 123})
	for _, raw := range []string{raw, raw + "x"} {
		q := httptest.NewRequest("GET", "/admin", nil)
		q.Header.Set("Authorization", "Bearer "+raw)
		w := httptest.NewRecorder()
		r.ServeHTTP(w, q)
		fmt.Println(w.Code)
	}
	// Output:
	// hello 123
	// 200
	// 401
}

// A token in a place of one's own, as with jwtauth.Verify.
func ExampleVerify() {
	g, err := guard.New(guard.Config{
		Keys: guard.Static(secret), Algorithms: []string{"HS256"}, AnyIssuer: true, AnyAudience: true, NoExpiry: true,
		Events: guard.EventConfig{Sink: guard.JSONSink(os.Stderr), Service: "orders"},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer g.Close(context.Background())
	fromField := func(r *http.Request) string { return r.Header.Get("X-Token") }
	h := jwtauthcompat.Verify(g, fromField)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, claims, err := jwtauth.FromContext(r.Context())
		fmt.Println(claims["user_id"], err)
	}))
	_, raw, _ := jwtauth.New("HS256", secret, nil).Encode(map[string]any{"user_id": 123})
	for _, raw := range []string{raw, ""} {
		q := httptest.NewRequest("GET", "/", nil)
		q.Header.Set("X-Token", raw)
		h.ServeHTTP(httptest.NewRecorder(), q)
	}
	// Output:
	// 123 <nil>
	// <nil> no token found
}
