package main

import (
	"log/slog"
	"net/http"
	"os"
	"time"

	"github.com/didip/tollbooth/v7"
	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func verify(w http.ResponseWriter, r *http.Request) {
	if _, err := jwt.Parse(r.FormValue("token"), key, jwt.WithValidMethods([]string{"HS256"})); err != nil {
		slog.Warn("token refused", "err", err, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
		http.Error(w, "bad token", http.StatusUnauthorized)
		return
	}
	w.Write([]byte("ok"))
}

func main() {
	limiter := tollbooth.NewLimiter(10, nil).SetBurst(20)
	http.Handle("POST /verify", tollbooth.LimitFuncHandler(limiter, verify))
	server := &http.Server{Addr: ":8080", ReadTimeout: time.Second}
	server.ListenAndServe()
}
