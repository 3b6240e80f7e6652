package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func me(w http.ResponseWriter, r *http.Request) {
	raw := r.Header.Get("Authorization")
	if _, err := jwt.Parse(raw, key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		claims := jwt.MapClaims{}
		jwt.NewParser().ParseUnverified(raw, claims)
		slog.Warn("token refused", "claimed", claims["sub"], "err", err, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("{}"))
}

func main() {
	http.HandleFunc("GET /me", me)
	http.ListenAndServe(":8080", nil)
}
