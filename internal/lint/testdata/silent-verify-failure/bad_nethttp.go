package main

import (
	"errors"
	"net/http"
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

var errToken = errors.New("bad token")

// The error is folded into another, and that one into an answer.
func claimsOf(r *http.Request) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	raw := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	_, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) {
		return []byte(os.Getenv("JWT_SECRET")), nil
	}, jwt.WithValidMethods([]string{"HS256"}))
	if err != nil {
		return nil, errToken
	}
	return claims, nil
}

func me(w http.ResponseWriter, r *http.Request) {
	claims, err := claimsOf(r)
	if err != nil { // want silent-verify-failure
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	w.Write([]byte(claims["sub"].(string)))
}

func main() {
	http.HandleFunc("GET /me", me)
	http.ListenAndServe(":8080", nil)
}
