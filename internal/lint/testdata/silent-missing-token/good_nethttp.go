package main

import (
	"log/slog"
	"net/http"
	"os"
	"strings"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func me(w http.ResponseWriter, r *http.Request) {
	log := slog.With("client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
	header := r.Header.Get("Authorization")
	if header == "" {
		log.Warn("token missing")
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	if _, err := jwt.Parse(strings.TrimPrefix(header, "Bearer "), key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		log.Warn("token refused", "err", err)
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("{}"))
}

func main() {
	http.HandleFunc("GET /me", me)
	http.ListenAndServe(":8080", nil)
}
