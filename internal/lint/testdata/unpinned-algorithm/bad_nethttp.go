package auth

import (
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func key(*jwt.Token) (any, error) { return []byte(os.Getenv("JWT_SECRET")), nil }

func Claims(raw string) (*jwt.Token, error) {
	return jwt.Parse(raw, key) // want unpinned-algorithm
}
