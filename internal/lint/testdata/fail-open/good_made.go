package main

import (
	"errors"
	"log/slog"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

type refusal struct {
	code   int
	detail string
}

func (r *refusal) Error() string { return r.detail }

// An error that is made before anything failed is one all the same.
func unauthorized(detail string) error {
	if detail == "" {
		detail = "unauthorized"
	}
	return &refusal{401, detail}
}

var errInvalid = errors.New("invalid token")

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func parse(raw string) error {
	if _, err := jwt.Parse(raw, key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		slog.Warn("token refused", "err", err)
		return errInvalid
	}
	return nil
}

func known(raw string) error {
	invalid := unauthorized("invalid token")
	if err := parse(raw); err != nil {
		if err == errInvalid {
			return invalid
		}
		return err
	}
	return nil
}

func auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := known(r.Header.Get("Authorization")); err != nil {
			http.Error(w, "unauthorized", http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func main() {
	http.Handle("/", auth(http.NotFoundHandler()))
	http.ListenAndServe(":8080", nil)
}
