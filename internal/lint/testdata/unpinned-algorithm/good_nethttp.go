package auth

import (
	"fmt"
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func key(t *jwt.Token) (any, error) {
	if _, ok := t.Method.(*jwt.SigningMethodHMAC); !ok {
		return nil, fmt.Errorf("algorithm %v: not HMAC", t.Header["alg"])
	}
	return []byte(os.Getenv("JWT_SECRET")), nil
}

func Claims(raw string) (*jwt.Token, error) {
	return jwt.Parse(raw, key)
}

var parser = jwt.NewParser(jwt.WithValidMethods([]string{"HS256"}))

func Pinned(raw string) (*jwt.Token, error) {
	return parser.Parse(raw, func(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil })
}
