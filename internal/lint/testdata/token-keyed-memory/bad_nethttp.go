package main

import (
	"log/slog"
	"net/http"
	"os"
	"sync"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

var (
	mu       sync.Mutex
	failures = map[string]int{}
)

func me(w http.ResponseWriter, r *http.Request) {
	if _, err := jwt.Parse(r.Header.Get("Authorization"), key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		mu.Lock()
		failures[r.RemoteAddr]++ // want token-keyed-memory
		mu.Unlock()
		slog.Warn("token refused", "err", err, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("{}"))
}

func main() {
	http.HandleFunc("GET /me", me)
	http.ListenAndServe(":8080", nil)
}
