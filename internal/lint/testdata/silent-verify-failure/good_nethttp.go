package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

var errMissing = errors.New("no token")

func claimsOf(r *http.Request) (jwt.MapClaims, error) {
	header := r.Header.Get("Authorization")
	if header == "" {
		return nil, errMissing
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(strings.TrimPrefix(header, "Bearer "), claims, func(*jwt.Token) (any, error) {
		return []byte(os.Getenv("JWT_SECRET")), nil
	}, jwt.WithValidMethods([]string{"HS256"}))
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	return claims, nil
}

// A handler that can fail. One place answers for all of them, and records.
type handler func(http.ResponseWriter, *http.Request) error

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if err := h(w, r); err != nil {
		slog.Warn("request refused", "err", err, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
		w.WriteHeader(http.StatusUnauthorized)
	}
}

func me(w http.ResponseWriter, r *http.Request) error {
	claims, err := claimsOf(r)
	if err != nil {
		return err
	}
	_, err = w.Write([]byte(claims["sub"].(string)))
	return err
}

func main() {
	http.Handle("GET /me", handler(me))
	http.ListenAndServe(":8080", nil)
}
