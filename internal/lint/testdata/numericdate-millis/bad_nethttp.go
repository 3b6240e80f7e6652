package auth

import (
	"os"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

func TokenFor(user string) (string, error) {
	claims := jwt.MapClaims{"sub": user}
	claims["exp"] = time.Now().Add(time.Hour).UnixMilli() // want numericdate-millis
	return jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString([]byte(os.Getenv("JWT_SECRET")))
}
