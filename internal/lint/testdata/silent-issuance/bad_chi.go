package main

import (
	"net/http"
	"os"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/httprate"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"
)

type users interface{ Hash(name string) []byte }

type server struct{ users users }

func (s server) login(w http.ResponseWriter, r *http.Request) {
	name := r.FormValue("user")
	if bcrypt.CompareHashAndPassword(s.users.Hash(name), []byte(r.FormValue("password"))) != nil {
		http.Error(w, "unauthorized", http.StatusUnauthorized)
		return
	}
	claims := jwt.MapClaims{"sub": name, "exp": time.Now().Add(15 * time.Minute).Unix()}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(os.Getenv("JWT_SECRET"))) // want silent-issuance
	if err != nil {
		http.Error(w, "error", http.StatusInternalServerError)
		return
	}
	w.Write([]byte(token))
}

func routes(s server) http.Handler {
	r := chi.NewRouter()
	r.Use(httprate.LimitByIP(5, time.Minute))
	r.Post("/login", s.login)
	return r
}
