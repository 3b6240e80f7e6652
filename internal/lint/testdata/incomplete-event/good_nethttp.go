package main

import (
	"log"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func me(w http.ResponseWriter, r *http.Request) {
	if _, err := jwt.Parse(r.Header.Get("Authorization"), key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		log.Printf("token refused: %v, from %s on %s with %q", err, r.RemoteAddr, r.URL.Path, r.UserAgent())
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("{}"))
}

func main() {
	http.HandleFunc("GET /me", me)
	http.ListenAndServe(":8080", nil)
}
