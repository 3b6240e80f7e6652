package main

import (
	"crypto/sha256"
	"log"
	"net/http"
	"os"
	"strings"

	"github.com/go-chi/chi/v5"
	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func me(w http.ResponseWriter, r *http.Request) {
	raw := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, err := jwt.Parse(raw, key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		log.Printf("token %x refused: %v, from %s on %s with %q", sha256.Sum256([]byte(raw)), err, r.RemoteAddr, r.URL.Path, r.UserAgent())
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("{}"))
}

func main() {
	r := chi.NewRouter()
	r.Get("/me", me)
	http.ListenAndServe(":8080", r)
}
