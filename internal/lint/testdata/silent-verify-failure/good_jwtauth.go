package main

import (
	"log/slog"
	"net/http"
	"os"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/jwtauth/v5"
)

var tokens = jwtauth.New("HS256", []byte(os.Getenv("JWT_SECRET")), nil)

// In place of the library's Authenticator, which answers and is silent.
func authenticate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, _, err := jwtauth.FromContext(r.Context())
		if err != nil || token == nil {
			slog.Warn("token refused", "err", err, "client", r.RemoteAddr, "path", r.URL.Path, "agent", r.UserAgent())
			http.Error(w, http.StatusText(http.StatusUnauthorized), http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func main() {
	r := chi.NewRouter()
	r.Use(jwtauth.Verifier(tokens))
	r.Use(authenticate)
	r.Get("/me", func(w http.ResponseWriter, r *http.Request) { w.Write([]byte("{}")) })
	http.ListenAndServe(":8080", r)
}
