package main

import (
	"context"
	"log/slog"
	"net/http"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

// One line for all ends, to which the reason is added where there is one.
func done(r *http.Request, err error) {
	attrs := []slog.Attr{slog.String("client", r.RemoteAddr), slog.String("path", r.URL.Path), slog.String("agent", r.UserAgent())}
	if err != nil {
		attrs = append(attrs, slog.String("reason", err.Error()))
	}
	slog.LogAttrs(context.Background(), slog.LevelWarn, "token checked", attrs...)
}

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("ACCESS_SECRET")), nil }

func me(w http.ResponseWriter, r *http.Request) {
	_, err := jwt.Parse(r.Header.Get("Authorization"), key, jwt.WithValidMethods([]string{"HS256"}))
	done(r, err)
	if err != nil {
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("{}"))
}

func main() {
	http.HandleFunc("GET /me", me)
	http.ListenAndServe(":8080", nil)
}
