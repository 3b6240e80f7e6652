package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

// A policy says which paths need no token: letting those go on is meant.
func isPublic(path string) bool { return path == "/health" }

func auth(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := jwt.Parse(r.Header.Get("Authorization"), key, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			slog.Warn("token refused", "err", err, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
			if !isPublic(r.URL.Path) {
				http.Error(w, "unauthorized", http.StatusUnauthorized)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

func main() {
	http.Handle("GET /me", auth(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })))
	http.ListenAndServe(":8080", nil)
}
