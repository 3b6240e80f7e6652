package main

import (
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
		log.Printf("token %s refused: %v", raw, err) // want token-in-log
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
