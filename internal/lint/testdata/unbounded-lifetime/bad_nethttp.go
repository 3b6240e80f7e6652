package auth

import (
	"os"

	"github.com/golang-jwt/jwt/v5"
)

func TokenFor(user string) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"sub": user}).SignedString([]byte(os.Getenv("JWT_SECRET"))) // want unbounded-lifetime
}
