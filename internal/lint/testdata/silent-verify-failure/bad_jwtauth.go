package main

import (
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
)

var tokens = jwtauth.New("HS256", []byte(os.Getenv("JWT_SECRET")), nil)

func main() {
	r := chi.NewRouter()
	r.Use(jwtauth.Verifier(tokens))
	r.Use(jwtauth.Authenticator(tokens)) // want silent-verify-failure
	r.Get("/me", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })
	http.ListenAndServe(":8080", r)
}
