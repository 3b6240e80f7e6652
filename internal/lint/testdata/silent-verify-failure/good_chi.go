package main

import (
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"
	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func refuse(w http.ResponseWriter, r *http.Request, reason string) {
	slog.WarnContext(r.Context(), "token refused", "reason", reason, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
	http.Error(w, "unauthorized", http.StatusUnauthorized)
}

func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := r.Header.Get("Authorization")
		if header == "" {
			refuse(w, r, "missing")
			return
		}
		_, err := jwt.Parse(strings.TrimPrefix(header, "Bearer "), key, jwt.WithValidMethods([]string{"HS256"}))
		if err != nil {
			refuse(w, r, err.Error())
			return
		}
		next.ServeHTTP(w, r)
	})
}

func me(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) }

func main() {
	r := chi.NewRouter()
	r.Use(httprate.LimitByIP(60, time.Minute))
	r.Use(authenticate)
	r.Get("/me", me)
	http.ListenAndServe(":8080", r)
}
