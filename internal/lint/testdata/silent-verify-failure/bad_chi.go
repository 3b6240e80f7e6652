package main

import (
	"net/http"
	"os"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		_, err := jwt.Parse(raw, key, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil { // want silent-verify-failure
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func me(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) }

func main() {
	r := chi.NewRouter()
	r.Use(authenticate)
	r.Get("/me", me)
	http.ListenAndServe(":8080", r)
}
